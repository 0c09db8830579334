"""Interactions, against closed forms and against the published algorithm of second-order effects."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from audit.attribution.levels import levels_of
from audit.attribution.second_order import second_order

NAME = "interactions"


class Formula(RegressorMixin, BaseEstimator):
    def __init__(self, formula: Callable[[pd.DataFrame], Any]) -> None:
        self.formula = formula

    def fit(self, X: pd.DataFrame, y: Any = None) -> Formula:
        self.feature_names_in_, self.n_features_in_ = np.array(X.columns, dtype=object), X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        return np.asarray(self.formula(X), dtype=float)


def found(run: Callable[..., Any], formula: Any, frame: pd.DataFrame, **more: Any) -> tuple[Any, dict[str, Any]]:
    section, observations = run(Formula(formula).fit(frame), frame, None, spec={"methods": [NAME]}, **more)
    return section.methods[0], {o.id.removeprefix(f"attribution/{NAME}/"): o.measured for o in observations}


def factorial() -> pd.DataFrame:
    """Every combination of three columns of -1 and 1, six times: independent, each of mean 0 and variance 1."""
    return pd.DataFrame(list(product([-1.0, 1.0], repeat=3)) * 6, columns=["a", "b", "c"])


@pytest.mark.parametrize("t", [0.5, 1.0, 3.0])
def test_friedmans_h_of_a_sum_with_a_product_is_its_closed_form(t: float, run: Callable[..., Any]) -> None:
    # The joint effect is a + b + t a b, of variance 2 + t^2; what is no sum of a and b is t a b, of variance t^2.
    facts, values = found(run, lambda x: x.a + x.b + t * x.a * x.b + 2 * x.c, factorial())
    assert values["h_squared/a&b"].value == pytest.approx(t**2 / (2 + t**2))
    assert values["size/a&b"].value == pytest.approx(t)
    assert values["size/a&b"].low < t < values["size/a&b"].high
    for pair in ("a&c", "b&c"):
        assert values[f"h_squared/{pair}"].value == 0 == values[f"size/{pair}"].high
    assert facts.features[0] == "a × b" and facts.rows == 48


def test_columns_without_an_effect_have_none_together(run: Callable[..., Any]) -> None:
    facts, values = found(run, lambda x: x.a + 0 * x.b, factorial())
    assert facts.status == "not_run" and not values
    facts, values = found(run, lambda x: x.a + x.b, factorial()[["a", "b"]])
    assert values["h_squared/a&b"].value == 0 and not facts.pairs


def test_the_interval_covers_what_many_rows_say(run: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(40):
        frame = pd.DataFrame(rng.uniform(-(3**0.5), 3**0.5, size=(50, 2)), columns=["a", "b"])
        _, values = found(run, lambda x: x.a + x.b + x.a * x.b, frame)
        hits.append(values["size/a&b"].low <= 1 <= values["size/a&b"].high)
    assert 33 <= sum(hits) <= 40


def test_weights_count_equal_rows(run: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"])
    weight = np.where(np.arange(20) < 10, 2.0, 1.0)
    doubled = pd.concat([frame, frame[:10]], ignore_index=True)
    _, once = found(run, lambda x: x.a + x.b + x.a * x.b, frame, weight=weight)
    _, twice = found(run, lambda x: x.a + x.b + x.a * x.b, doubled)
    assert once["size/a&b"].value == pytest.approx(twice["size/a&b"].value)
    # The degrees of freedom are those of the rows that were asked about.
    assert once["size/a&b"].high == pytest.approx(twice["size/a&b"].high, rel=0.05)


def test_the_second_order_effect_of_a_product_is_the_product_of_deviations(run: Callable[..., Any]) -> None:
    frame = pd.DataFrame(list(product(np.arange(5.0), np.arange(4.0))) * 3, columns=["a", "b"])
    facts, _ = found(run, lambda x: x.a**2 + x.b + 2 * x.a * x.b, frame)
    (pair,) = facts.pairs
    a, b, values = np.array(pair.x), np.array(pair.y), np.array(pair.values)
    away = np.outer(a - a.mean(), b - b.mean())
    # Up to rows standing at the middle of their cells, which the algorithm takes them to do.
    shape = values - values.mean(axis=0) - values.mean(axis=1)[:, None] + values.mean()
    assert shape == pytest.approx(2 * away, abs=1e-9)
    assert np.array(pair.counts).sum() == 60


def test_second_order_effects_agree_with_the_published_algorithm() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(800, 2)), columns=["a", "b"])

    def f(x: np.ndarray) -> np.ndarray:
        return np.sin(x[:, 0]) * np.exp(0.3 * x[:, 1]) + x[:, 1] ** 2

    first, second = (levels_of(frame, j, np.ones(800), 4) for j in (0, 1))
    assert first is not None and second is not None
    ours, counts = second_order(lambda rows: f(rows.to_numpy())[:, None], frame, first, second, np.ones(800))
    # ALEPlot (R), for two numbers, written out in loops.
    z, w = first.x, second.x
    size = np.zeros((4, 4))
    total = np.zeros((4, 4))
    for x, y in frame.to_numpy():
        i, j = max(np.searchsorted(z, x) - 1, 0), max(np.searchsorted(w, y) - 1, 0)
        corner = {(p, q): f(np.array([[z[i + p], w[j + q]]]))[0] for p in (0, 1) for q in (0, 1)}
        total[i, j] += (corner[1, 1] - corner[0, 1]) - (corner[1, 0] - corner[0, 0])
        size[i, j] += 1
    assert (counts == size).all() and (size > 0).all()
    effect = np.zeros((5, 5))
    effect[1:, 1:] = np.cumsum(np.cumsum(total / size, axis=0), axis=1)
    for axis in (0, 1):
        step = np.diff(effect, axis=axis)
        middle = (step[:, :-1] + step[:, 1:]) / 2 if axis == 0 else (step[:-1] + step[1:]) / 2
        alone = np.concatenate([[0], np.cumsum((size * middle).sum(axis=1 - axis) / size.sum(axis=1 - axis))])
        if axis == 0:
            along = alone
        else:
            across = alone
    effect = effect - along[:, None] - across[None, :]
    mean = (effect[:-1, :-1] + effect[1:, :-1] + effect[:-1, 1:] + effect[1:, 1:]) / 4
    assert ours[:, :, 0] == pytest.approx(effect - (size * mean).sum() / 800, abs=1e-12)
