"""Owen values against their definition, on given trees and on the trees that rows give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from audit.attribution import explain as room
from audit.attribution.coalitions import coalition_values
from audit.attribution.tabular import partition_shap as method

Nested = int | tuple["Nested", "Nested"]
BALANCED: Nested = (((0, 3), 1), (2, 4))
CHAIN: Nested = ((((0, 1), 2), 3), 4)


def linkage(nested: Nested, columns: int) -> np.ndarray:
    merges: list[list[float]] = []

    def visit(part: Nested) -> tuple[int, int]:
        if isinstance(part, int):
            return part, 1
        (a, size_a), (b, size_b) = visit(part[0]), visit(part[1])
        merges.append([a, b, len(merges) / 10, size_a + size_b])
        return columns + len(merges) - 1, size_a + size_b

    visit(nested)
    return np.array(merges)


def orders(part: Nested) -> Iterator[tuple[int, ...]]:
    """Every order of the columns in which each group of the tree enters in one go."""
    if isinstance(part, int):
        yield (part,)
        return
    for first, second in permutations(part):
        yield from (a + b for a in orders(first) for b in orders(second))


def by_definition(
    model: Callable[[np.ndarray], np.ndarray], row: np.ndarray, background: np.ndarray, allowed: list[tuple[int, ...]]
) -> np.ndarray:
    """(d, K): the mean over the allowed orders of what each column adds when it enters."""

    def worth(inside: tuple[int, ...]) -> np.ndarray:
        mixed = background.copy()
        mixed[:, list(inside)] = row[list(inside)]
        return model(mixed).mean(axis=0)

    gains = np.zeros((len(row), len(worth(()))))
    for order in allowed:
        for place, column in enumerate(order):
            gains[column] += worth(order[: place + 1]) - worth(order[:place])
    return gains / len(allowed)


def numbers(columns: int = 5, rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    found = pd.DataFrame(rng.normal(size=(rows, columns)).round(1), columns=[f"c{j}" for j in range(columns)])
    found["c1"] = found.c0 + rng.normal(size=rows) * 0.1
    return found


def fitted(frame: pd.DataFrame) -> Any:
    target = np.digitize(frame.c0 * frame.iloc[:, -1] + frame.c1.clip(0), [-0.2, 0.5])
    return RandomForestClassifier(10, max_depth=4, random_state=0).fit(frame, target)


@pytest.fixture
def grounded(evidence: Callable[..., Any], ground: Callable[..., Any]) -> Callable[..., Any]:
    def made(frame: pd.DataFrame, rows: int = 6) -> Any:
        model = fitted(frame)
        return ground(evidence(model, frame, model.predict(frame), train=frame), rows=rows, local=False, background=12)

    return made


@pytest.mark.parametrize("nested", [BALANCED, CHAIN])
def test_values_are_those_of_the_definition(nested: Nested, grounded: Callable[..., Any]) -> None:
    made = grounded(numbers())
    tree = linkage(nested, 5)
    values, base = method.owen_values(made, tree, method.evaluations(tree))
    model = fitted(numbers())

    def scores(rows: np.ndarray) -> np.ndarray:
        return model.predict_proba(pd.DataFrame(rows, columns=made.rows.columns))

    background = made.background.to_numpy()
    expected = [by_definition(scores, row, background, list(orders(nested))) for row in made.rows.to_numpy()]
    np.testing.assert_allclose(values, expected, atol=1e-12)
    np.testing.assert_allclose(base, scores(background).mean(axis=0), atol=1e-12)
    # Doubles that leave the groups out, or that know another tree, are told apart.
    shapley = coalition_values(
        lambda rows: model.predict_proba(rows), made.rows, made.background, np.random.default_rng(0)
    )
    assert np.abs(values - shapley.values).max() > 1e-3
    other = linkage(CHAIN if nested == BALANCED else BALANCED, 5)
    assert np.abs(values - method.owen_values(made, other, 500)[0]).max() > 1e-3


def test_two_columns_have_one_tree_and_shapley_values(grounded: Callable[..., Any]) -> None:
    made = grounded(numbers(2))
    values, base = method.owen_values(made, linkage((0, 1), 2), 4)
    shapley = coalition_values(
        lambda rows: room.output_of(made, rows), made.rows, made.background, np.random.default_rng(0)
    )
    np.testing.assert_allclose(values, shapley.values, atol=1e-12)
    np.testing.assert_allclose(base, shapley.base, atol=1e-12)


def test_the_cost_is_counted_as_the_method_asks(grounded: Callable[..., Any]) -> None:
    made = grounded(numbers(), rows=1)
    for nested, expected in ((BALANCED, 2 + 2 * (1 + 2 + 2 + 4)), (CHAIN, 2 + 2 * (1 + 2 + 4 + 8))):
        tree = linkage(nested, 5)
        assert method.evaluations(tree) == expected
        whole, _ = method.owen_values(made, tree, expected)
        np.testing.assert_allclose(whole, method.owen_values(made, tree, 10 * expected)[0], atol=1e-14)
        cut, base = method.owen_values(made, tree, expected - 6)
        assert np.abs(whole - cut).max() > 1e-6
        np.testing.assert_allclose(base + cut.sum(axis=1), room.output_of(made, made.rows), atol=1e-12)


def test_the_background_is_never_cut_to_a_hundred_rows(grounded: Callable[..., Any]) -> None:
    frame = numbers(2, rows=180)
    made = replace(grounded(frame), background=frame)
    values, base = method.owen_values(made, linkage((0, 1), 2), 4)
    np.testing.assert_allclose(base, room.output_of(made, frame).mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(base + values.sum(axis=1), room.output_of(made, made.rows), atol=1e-12)


def test_columns_that_say_the_same_are_clustered_first() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    frame = pd.DataFrame({
        "x": x,
        "alone": rng.normal(size=300),
        "letter": np.array(list("abcde"))[np.digitize(-x, [-1, -0.3, 0.3, 1])],
        "constant": 1,
        "whole": pd.array(np.where(x > 2, None, (10 * x).round()), dtype="Int64"),
    })  # fmt: skip
    tree = method.clustering(frame)
    assert sorted(tree[0, :2]) == [0, 4]
    assert 2 in tree[1, :2] and tree[1, 3] == 3
    assert (tree[:, 2] >= 0).all() and tree[-1, 2] == pytest.approx(1)


def mixed(rows: int = 80) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(0)
    city = rng.choice(["a", "b", None], rows)
    frame = pd.DataFrame({
        "city": pd.array(city, dtype=object),
        "kind": pd.Categorical(np.where(city == "a", "p", rng.choice(["q", "r"], rows))),
        "age": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(40, 9, rows).round()),
        "flag": rng.random(rows) < 0.5,
    })  # fmt: skip
    target = (city == "a") * 10 + frame.age.fillna(0) * frame.flag
    encoder = OrdinalEncoder().set_output(transform="pandas")
    return frame, make_pipeline(encoder, RandomForestRegressor(10, random_state=0)).fit(frame, target)


def test_a_spec_that_names_it_gets_it_on_original_columns(run: Callable[..., Any]) -> None:
    frame, model = mixed()
    target = model.predict(frame)
    state = np.random.get_state()[1].copy()
    runs = [
        run(model, frame, target, spec={"methods": ["partition_shap"], "rows": 20, "background": 10}, train=frame)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert runs[0][0].model_dump_json() == runs[1][0].model_dump_json()
    section, observations = runs[0]
    (facts,) = section.methods
    assert (facts.status, facts.rows, facts.background_rows) == ("done", 20, 10), facts.reason
    assert facts.game.endswith("exact") and facts.additivity_error < 1e-9
    assert any(note.startswith("Most alike: ") and "city and kind" in note for note in facts.notes)
    assert {o.id for o in observations} == {
        "attribution/partition_shap/additivity_error",
        *(f"attribution/partition_shap/global/{name}" for name in frame.columns),
    }
    assert set(facts.beeswarm[""][0].model_dump()) and len(facts.cases) == 10
    for case in facts.cases:
        assert case.prediction == pytest.approx(case.base + sum(c.attribution for c in case.contributions))
        assert case.prediction == pytest.approx(case.score)


def test_it_runs_only_where_the_spec_names_it(run: Callable[..., Any]) -> None:
    frame = numbers(2)
    model = fitted(frame)
    names = [facts.name for facts in run(model, frame, model.predict(frame))[0].methods]
    assert "partition_shap" not in names and "shap" in names


def test_rows_shrink_with_the_budget_and_one_column_has_no_groups(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = numbers()
    model = fitted(frame)
    asked = {"methods": ["partition_shap"], "local": False, "budget": 2_000}
    (facts,) = run(model, frame, model.predict(frame), spec=asked, train=frame)[0].methods
    assert 1 <= facts.rows < 20 and facts.rows_available == 60
    assert f"{facts.rows} of the 60 sampled rows" in " ".join(facts.notes)
    monkeypatch.setattr(method, "_EVALUATIONS", 8)
    (facts,) = run(model, frame, model.predict(frame), spec=asked, train=frame)[0].methods
    assert facts.game.endswith("cut off after 8 coalitions a row") and facts.additivity_error < 1e-9
    single = frame[["c0"]]
    forest = RandomForestClassifier(3, random_state=0).fit(single, frame.c0 > 0)
    (facts,) = run(forest, single, forest.predict(single), spec=asked)[0].methods
    assert (facts.status, facts.reason) == ("not_run", "It needs at least two columns to group.")
