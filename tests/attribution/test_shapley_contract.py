"""What every method that gives Shapley or Owen values must hold to, whoever adds it; doubles that do not are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, product
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from audit import catalogue
from audit.declarations.attribution import Attributed, AttributionMethod, MethodNotRunError

Function = Callable[[np.ndarray], np.ndarray]
METHODS: dict[str, AttributionMethod] = {
    name: method for name in catalogue.names("attributions") if (method := catalogue.load("attributions", name)).axioms
}
SHAPLEY = [name for name, method in METHODS.items() if method.axioms == "shapley"]

# The glove game, the airport game (Littlechild and Owen 1973), fever and cough (Lundberg et al. 2018, figure 1): a
# function, the row, the background and the Shapley values.
Game = tuple[Function, list[float], list[list[float]], list[float]]
YES_NO: list[list[float]] = [[0, 0], [0, 1], [1, 0], [1, 1]]
GAMES: dict[str, Game] = {
    "glove": (lambda z: z[:, 2] * np.maximum(z[:, 0], z[:, 1]), [1, 1, 1], [[0, 0, 0]], [1 / 6, 1 / 6, 2 / 3]),
    "and": (lambda z: z[:, 0] * z[:, 1], [1, 1], [[0, 0]], [0.5, 0.5]),
    "xor": (lambda z: (z[:, 0] + z[:, 1]) % 2, [1, 1], [[0, 0]], [0, 0]),
    "airport": (lambda z: (z * [1, 2, 3]).max(axis=1), [1, 1, 1], [[0, 0, 0]], [1 / 3, 5 / 6, 11 / 6]),
    "dummy": (lambda z: 5 * z[:, 0], [1, 7], [[0, 0], [0, 3]], [5, 0]),
    "linear": (lambda z: 1 + z @ [2, -3, 0.5], [3, 0, 1], [[0, 1, 2], [2, 1, 0], [1, 4, 4]], [4, 6, -0.5]),
    "fever and cough A": (lambda z: 80 * z[:, 0] * z[:, 1], [1, 1], YES_NO, [30, 30]),
    "fever and cough B": (lambda z: 80 * z[:, 0] * z[:, 1] + 10 * z[:, 1], [1, 1], YES_NO, [30, 35]),
}


class Played(RegressorMixin, BaseEstimator):
    """A model that is a function and nothing else."""

    def __init__(self, function: Function | None = None) -> None:
        self.function = function

    def fit(self, X: Any, y: Any) -> Played:
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        return self

    def predict(self, X: Any) -> Any:
        assert self.function is not None
        return self.function(np.asarray(X, dtype=np.float64)).astype(np.float64)


@pytest.fixture
def attributed(evidence: Callable[..., Any], ground: Callable[..., Any]) -> Callable[..., Attributed | None]:
    """Attribute rows of a regression against a background; None where the method does not fit the model."""

    def made(name: str, model: Any, rows: np.ndarray, background: np.ndarray, **spec: Any) -> Attributed | None:
        columns = [f"c{j}" for j in range(rows.shape[1])]
        table, train = pd.DataFrame(rows, columns=columns), pd.DataFrame(background, columns=columns)
        if isinstance(model, Played):
            model.fit(train, None)
        spec = {"rows": len(rows), "background": len(background), "local": False, "budget": 10_000_000, **spec}
        whole = ground(evidence(model, table, model.predict(table), train=train), **spec)
        # Rows are drawn in a random order; here they are asked for in their own.
        whole = replace(whole, rows=table, score=whole.predict(table)[1], target=model.predict(table))
        method = METHODS[name]
        if method.needs - whole.model.capabilities:
            return None
        try:
            return method.attribute(whole)
        except MethodNotRunError:
            return None

    return made


def frame(values: Any) -> pd.DataFrame:
    array = np.asarray(values, dtype=np.float64)
    return pd.DataFrame(array, columns=[f"c{j}" for j in range(array.shape[1])])


def models_of(name: str) -> list[Any]:
    """A game as a function, and as the kinds of model that some methods need, where they give the same game."""
    function, _, background, _ = GAMES[name]
    models: list[Any] = [Played(function)]
    if name == "linear":
        rng = np.random.default_rng(0)
        seen = rng.normal(size=(40, 3))
        models.append(LinearRegression().fit(frame(seen), function(seen)))
    if background == YES_NO:
        # Grown on the four equally likely rows: what a branch was fitted on is what the background holds.
        models.append(DecisionTreeRegressor().fit(frame(YES_NO), function(np.array(YES_NO, dtype=float))))
    return models


def assert_values(found: Attributed, expected: Any, tolerance: float = 1e-9) -> None:
    assert found.values is not None
    assert found.error is None, "a game this small is counted, not sampled"
    np.testing.assert_allclose(found.values[0, :, 0], expected, atol=tolerance)


def assert_adds_up(found: Attributed, model: Any, rows: np.ndarray) -> None:
    assert found.values is not None and found.base is not None
    output = model.predict(frame(rows))
    np.testing.assert_allclose(found.base[0] + found.values[:, :, 0].sum(axis=1), output, atol=1e-9)
    assert found.facts.additivity_error is not None and found.facts.additivity_error < 1e-9


def assert_nothing(found: Attributed, column: int) -> None:
    assert found.values is not None
    if found.error is None:
        assert not found.values[:, column].any()
    else:
        assert (np.abs(found.values[:, column]) <= 6 * found.error[:, column]).all()


def assert_alike(found: Attributed, one: int, other: int) -> None:
    assert found.values is not None
    apart = np.abs(found.values[:, one] - found.values[:, other])
    error = np.zeros_like(apart)
    if found.error is not None:
        error = np.sqrt(found.error[:, one] ** 2 + found.error[:, other] ** 2)
    assert (apart <= 5 * error + 1e-9).all()


@pytest.mark.parametrize("name", SHAPLEY)
def test_published_games(name: str, attributed: Callable[..., Attributed | None]) -> None:
    ran = 0
    for game, (_, row, background, expected) in GAMES.items():
        for model in models_of(game):
            found = attributed(name, model, np.array([row], dtype=float), np.array(background, dtype=float))
            if found is not None:
                assert_values(found, expected)
                ran += 1
    assert ran, f"{name} ran on none of the games"


@pytest.mark.parametrize("name", SHAPLEY)
def test_mean_sizes_of_the_published_models(name: str, attributed: Callable[..., Attributed | None]) -> None:
    grid = np.array(YES_NO, dtype=float)
    for game, expected in (("fever and cough A", [20, 20]), ("fever and cough B", [20, 25])):
        for model in models_of(game):
            found = attributed(name, model, grid, grid)
            if found is not None:
                assert found.importance is not None
                np.testing.assert_allclose(found.importance, expected, atol=1e-9)


def curved(z: np.ndarray) -> np.ndarray:
    """Of eight columns: the first two alike, the last read by nothing."""
    return np.tanh(z[:, 0] * z[:, 1] + z[:, 2] - z[:, 3] * z[:, 4]) + z[:, 5] ** 2 * (z[:, 6] > 0)


def rows_of(columns: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose first two columns hold the same, and a background that stays itself when they are swapped."""
    rng = np.random.default_rng(seed)
    rows, half = rng.normal(size=(6, columns)), rng.normal(size=(20, columns))
    rows[:, 1] = rows[:, 0]
    swapped = half[:, [1, 0, *range(2, columns)]]
    return rows, np.concatenate([half, swapped])


def kinds() -> list[Any]:
    rng = np.random.default_rng(1)
    seen = rng.normal(size=(150, 8))
    seen[:, 7] = 0.0  # no tree splits on it, and no coefficient moves with it
    linear = LinearRegression().fit(frame(seen), seen[:, 0] + seen[:, 1] - 2 * seen[:, 3])
    linear.coef_ = np.array([1.0, 1.0, 0.0, -2.0, 0.0, 0.0, 0.0, 0.0])
    return [Played(curved), RandomForestRegressor(5, random_state=0).fit(frame(seen), curved(seen)), linear]


@pytest.mark.parametrize("name", METHODS)
def test_values_add_up_and_what_nothing_reads_gets_nothing(
    name: str, attributed: Callable[..., Attributed | None]
) -> None:
    rows, background = rows_of()
    ran = 0
    for model in kinds():
        found = attributed(name, model, rows, background)
        if found is not None:
            ran += 1
            assert_adds_up(found, model, rows)
            assert_nothing(found, 7)
    assert ran, f"{name} ran on none of the models"


@pytest.mark.parametrize("name", SHAPLEY)
def test_columns_that_do_the_same_are_treated_alike(name: str, attributed: Callable[..., Attributed | None]) -> None:
    rows, background = rows_of()
    for model in (kinds()[0], kinds()[2]):
        found = attributed(name, model, rows, background)
        if found is not None:
            assert_alike(found, 0, 1)


def enumerated(function: Function, row: np.ndarray, background: np.ndarray) -> np.ndarray:
    d = len(row)

    def worth(coalition: tuple[int, ...]) -> float:
        z = background.copy()
        z[:, list(coalition)] = row[list(coalition)]
        return float(function(z).mean())

    known = {c: worth(c) for size in range(d + 1) for c in combinations(range(d), size)}
    values = np.zeros(d)
    for j in range(d):
        for size in range(d):
            share = factorial(size) * factorial(d - size - 1) / factorial(d)
            for c in combinations([i for i in range(d) if i != j], size):
                values[j] += share * (known[tuple(sorted((*c, j)))] - known[c])
    return values


@pytest.mark.parametrize("name", SHAPLEY)
def test_values_of_a_function_are_those_of_enumeration_within_their_error(
    name: str, attributed: Callable[..., Attributed | None]
) -> None:
    rows, background = rows_of()
    truth = np.stack([enumerated(curved, row, background) for row in rows])
    found = attributed(name, Played(curved), rows, background)
    if found is None:
        pytest.skip("needs a model with more than predictions")
    assert found.values is not None
    apart = found.values[:, :, 0] - truth
    if found.error is None:
        np.testing.assert_allclose(apart, 0, atol=1e-9)
        return
    error = found.error[:, :, 0]
    read = error[:, :7]
    assert (read > 0).all()
    # Squares of standardised errors have mean 1 where the errors are what they say; the spread over background rows
    # that orders are judged by holds the spread of the background too, so they may say too much.
    assert 0.02 < np.mean((apart[:, :7] / read) ** 2) < 2.5
    assert np.abs(apart[:, :7] / read).max() < 6


def bad(found: Attributed, kind: str) -> Attributed:
    """The known-bad doubles: columns swapped, credit shared out equally, a little given to the last column."""
    assert found.values is not None
    values = found.values.copy()
    match kind:
        case "swapped":
            values[:, [0, 2]] = values[:, [2, 0]]
        case "equal":
            values[:] = values.mean(axis=1, keepdims=True)
        case "leak":
            values[:, -1] += 1e-3
            values[:, 0] -= 1e-3
        case "lost":
            values[:, 0] += 1e-6
    return replace(found, values=values)


def test_known_bad_doubles_are_told(attributed: Callable[..., Attributed | None]) -> None:
    function, row, background, expected = GAMES["glove"]
    found = attributed("exact_shap", Played(function), np.array([row], float), np.array(background, float))
    assert found is not None
    for kind in ("swapped", "equal", "lost"):
        with pytest.raises(AssertionError):
            assert_values(bad(found, kind), expected)
    rows, other = rows_of()
    model = Played(curved)
    for name in ("exact_shap", "permutation_shap"):
        found = attributed(name, model, rows, other)
        assert found is not None
        for kind in ("equal", "leak"):
            with pytest.raises(AssertionError):
                assert_nothing(bad(found, kind), 7)
    with pytest.raises(AssertionError):
        assert_adds_up(bad(found, "lost"), model, rows)
    with pytest.raises(AssertionError):
        assert_alike(bad(found, "swapped"), 0, 1)


def test_grid_of_answers() -> None:
    assert [list(map(float, row)) for row in product((0, 1), repeat=2)] == YES_NO
