"""Owen values over declared and found groups, against their definition, and the totals of groups in the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from audit.attribution.clusters import groups_of
from audit.attribution.owen import grouped_values


def orders(groups: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Every order in which each group enters in one go."""
    for outer in permutations(groups):
        yield from joined(outer)


def joined(outer: tuple[tuple[int, ...], ...]) -> Iterator[tuple[int, ...]]:
    if not outer:
        yield ()
        return
    for first in permutations(outer[0]):
        yield from (first + rest for rest in joined(outer[1:]))


def by_definition(function: Any, row: np.ndarray, background: np.ndarray, groups: list[tuple[int, ...]]) -> np.ndarray:
    def worth(inside: tuple[int, ...]) -> float:
        z = background.copy()
        z[:, list(inside)] = row[list(inside)]
        return float(function(z).mean())

    gains, allowed = np.zeros(len(row)), list(orders(groups))
    for order in allowed:
        for place, column in enumerate(order):
            gains[column] += worth(order[: place + 1]) - worth(order[:place])
    return gains / len(allowed)


def curved(z: np.ndarray) -> np.ndarray:
    return np.tanh(z[:, 0] * z[:, 1] + z[:, 2] - z[:, 3] * z[:, 4]) + z[:, -1] * z[:, 0]


@pytest.mark.parametrize(
    "groups", [[(0, 1), (2, 3, 4)], [(0,), (1, 2), (3,), (4,)], [(0, 1, 2, 3, 4)], [(0, 3), (1, 4), (2, 5)]]
)
def test_values_are_those_of_the_definition(groups: list[tuple[int, ...]]) -> None:
    d = sum(map(len, groups))
    rng = np.random.default_rng(0)
    rows, background = rng.normal(size=(3, d)), rng.normal(size=(30, d))
    place = np.array([next(k for k, columns in enumerate(groups) if j in columns) for j in range(d)])
    found = grouped_values(
        lambda frame: curved(frame.to_numpy())[:, None], pd.DataFrame(rows), pd.DataFrame(background), rng, place
    )
    truth = np.stack([by_definition(curved, row, background, groups) for row in rows])
    np.testing.assert_allclose(found.base[0] + found.values[:, :, 0].sum(axis=1), curved(rows), atol=1e-12)
    if found.error is None:
        np.testing.assert_allclose(found.values[:, :, 0], truth, atol=1e-12)
    else:
        assert d == 6 and (np.abs(found.values - truth[..., None]) <= 5 * found.error).all()
    # A double that knows no groups is told apart.
    alone = np.stack([by_definition(curved, row, background, [(j,) for j in range(d)]) for row in rows])
    assert np.abs(truth - alone).max() > (1e-3 if len(groups) > 1 else -1)


def data(n: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 5)), columns=["income", "rent", "age", "x/y", "noise"])
    frame["rent"] = frame.income + 0.3 * rng.normal(size=n)
    return frame, (frame.income + frame.age + 0.5 * rng.normal(size=n) > 0).astype(int).to_numpy()


def test_a_linear_model_gives_each_group_the_sum_of_its_columns(run: Callable[..., Any]) -> None:
    frame, _ = data()
    model = LinearRegression().fit(frame, 3 * frame.income - 2 * frame.rent + frame.age)
    asked = {
        "methods": ["grouped_shap"], "groups": {"money": ["income", "rent"], "a/b": ["age", "x/y"]}, "background": 200,
        "rows": 200, "budget": 10_000_000,
    }  # fmt: skip
    section, observations = run(model, frame, model.predict(frame), spec=asked, train=frame)
    (facts,) = section.methods
    assert facts.status == "done" and facts.groups == {
        "money": ("income", "rent"), "a/b": ("age", "x/y"), "noise": ("noise",)
    }  # fmt: skip
    centred = frame - frame.mean()
    expected = {
        "money": np.abs(3 * centred.income - 2 * centred.rent).mean(), "a%2Fb": np.abs(centred.age).mean(), "noise": 0.0
    }  # fmt: skip
    found = {o.id: o.measured for o in observations}
    for name, value in expected.items():
        measured = found[f"attribution/grouped_shap/group={name}"]
        assert measured.value == pytest.approx(value, abs=1e-9)
        assert measured.n == 200 and measured.low <= measured.value <= measured.high
    # The columns of the group pull against each other: their sizes alone say more.
    parts = sum(found[f"attribution/grouped_shap/global/{name}"].value for name in ("income", "rent"))
    assert parts > 2 * expected["money"]


def test_groups_are_found_by_rank_correlation_and_have_a_total_for_each_class(run: Callable[..., Any]) -> None:
    frame, y = data()
    frame["rent"] = np.exp(-3 * frame.rent)  # a rank correlation is blind to it
    y = np.array(["low", "a=b", "top"])[y + (frame.noise > 0.5)]
    model = LogisticRegression(max_iter=1000).fit(frame, y)
    section, observations = run(model, frame, y, spec={"methods": ["grouped_shap"], "rows": 20, "background": 10})
    (facts,) = section.methods
    assert facts.groups["income + rent"] == ("income", "rent") and len(facts.groups) == 4
    assert any("correlate by rank" in note for note in facts.notes)
    ids = {o.id: o.measured.value for o in observations}
    classes = [ids[f"attribution/grouped_shap/group=income + rent/class={c}"] for c in ("low", "a%3Db", "top")]
    assert ids["attribution/grouped_shap/group=income + rent"] == pytest.approx(np.mean(classes))


def test_one_column_has_no_groups_and_columns_that_differ_stand_alone(
    run: Callable[..., Any], evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    frame, y = data()
    single = frame[["age"]]
    (facts,) = run(LogisticRegression().fit(single, y), single, y, spec={"methods": ["grouped_shap"]})[0].methods
    assert (facts.status, facts.reason) == ("not_run", "It needs at least two columns to group.")
    others = frame[["age", "x/y", "noise"]]
    made = ground(evidence(LogisticRegression().fit(others, y), others, y), rows=150)
    assert groups_of(made) == {"age": (0,), "x/y": (1,), "noise": (2,)}
