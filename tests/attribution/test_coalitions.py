"""Shapley values through predictions alone, against enumeration, published games and statistics."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audit.attribution.coalitions import assembled, coalition_values

Function = Callable[[np.ndarray], np.ndarray]

# The glove game, the airport game (Littlechild and Owen 1973), fever and cough (Lundberg et al. 2018).
GAMES: dict[str, tuple[Function, list[float], list[list[float]], list[float]]] = {
    "glove": (lambda z: z[:, 2] * np.maximum(z[:, 0], z[:, 1]), [1, 1, 1], [[0, 0, 0]], [1 / 6, 1 / 6, 2 / 3]),
    "and": (lambda z: z[:, 0] * z[:, 1], [1, 1], [[0, 0]], [0.5, 0.5]),
    "xor": (lambda z: (z[:, 0] + z[:, 1]) % 2, [1, 1], [[0, 0]], [0, 0]),
    "airport": (lambda z: (z * [1, 2, 3]).max(axis=1), [1, 1, 1], [[0, 0, 0]], [1 / 3, 5 / 6, 11 / 6]),
    "dummy": (lambda z: 5 * z[:, 0], [1, 7], [[0, 0], [0, 3]], [5, 0]),
    "linear": (lambda z: 1 + z @ [2, -3, 0.5], [3, 0, 1], [[0, 1, 2], [2, 1, 0], [1, 4, 4]], [4, 6, -0.5]),
    "fever and cough": (
        lambda z: 80 * z[:, 0] * z[:, 1] + 10 * z[:, 1],
        [1, 1],
        [[0, 0], [0, 1], [1, 0], [1, 1]],
        [30, 35],
    ),
}
ORACLE = Path(__file__).parents[3] / "shared" / "oracles" / "shapley_exact_games.json"


def predicted(function: Function) -> Callable[[pd.DataFrame], np.ndarray]:
    return lambda frame: function(frame.to_numpy(dtype=float))[:, None].astype(float)


def enumerated(function: Function, x: np.ndarray, background: np.ndarray) -> np.ndarray:
    d = len(x)

    def worth(coalition: tuple[int, ...]) -> float:
        z = background.copy()
        z[:, list(coalition)] = x[list(coalition)]
        return float(function(z).mean())

    phi = np.zeros(d)
    for i in range(d):
        for size in range(d):
            share = factorial(size) * factorial(d - size - 1) / factorial(d)
            for c in combinations([j for j in range(d) if j != i], size):
                phi[i] += share * (worth((*c, i)) - worth(c))
    return phi


@pytest.mark.parametrize("name", GAMES)
def test_published_games(name: str) -> None:
    function, x, background, values = GAMES[name]
    found = coalition_values(
        predicted(function),
        pd.DataFrame([x], dtype=float),
        pd.DataFrame(background, dtype=float),
        np.random.default_rng(0),
    )
    np.testing.assert_allclose(found.values[0, :, 0], values, atol=1e-12)
    assert found.error is None


@pytest.mark.skipif(not ORACLE.exists(), reason="the shared oracles are not here")
def test_the_typed_games_are_those_of_the_oracle() -> None:
    oracle = json.loads(ORACLE.read_text())["expected"]
    for typed, name in [
        ("glove", "glove L1,L2,R"),
        ("airport", "airport 1,2,3 (cost of largest present)"),
        ("linear", "linear w=[2,-3,.5], b=1"),
    ]:
        np.testing.assert_allclose(GAMES[typed][3], oracle[name])


def curved(z: np.ndarray) -> np.ndarray:
    return np.tanh(z[:, 0] * z[:, 1] + z[:, 2] - z[:, 3] * z[:, 4]) + z[:, 5] ** 2 * (z[:, 0] > 0)


def test_sampled_values_add_up_and_lie_within_their_error_of_enumeration() -> None:
    rng = np.random.default_rng(0)
    x, background = rng.normal(size=(6, 7)), rng.normal(size=(60, 7))
    found = coalition_values(predicted(curved), pd.DataFrame(x), pd.DataFrame(background), np.random.default_rng(1))
    truth = np.stack([enumerated(curved, row, background) for row in x])
    assert found.error is not None
    np.testing.assert_allclose(found.base[0] + found.values[:, :, 0].sum(axis=1), curved(x), atol=1e-12)
    deviation = np.abs(found.values[:, :, 0] - truth)
    assert (deviation <= 4 * found.error[:, :, 0] + 1e-12).all()
    # A double that swaps two columns is told apart by the same bound.
    swapped = np.abs(found.values[:, [1, 2, 0, 3, 4, 5, 6], 0] - truth)
    assert not (swapped <= 4 * found.error[:, :, 0] + 1e-12).all()


def test_a_column_that_nothing_reads_gets_exactly_nothing() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(5, 7)))
    found = coalition_values(predicted(curved), frame, pd.DataFrame(rng.normal(size=(20, 7))), rng)
    assert not found.values[:, 6].any()


def test_equal_seeds_give_equal_bytes_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    frame, background = pd.DataFrame(rng.normal(size=(5, 7))), pd.DataFrame(rng.normal(size=(20, 7)))
    one, two, other = (
        coalition_values(predicted(curved), frame, background, np.random.default_rng(seed)).values for seed in (3, 3, 4)
    )
    assert one.tobytes() == two.tobytes() != other.tobytes()


def test_columns_keep_their_types() -> None:
    pool = pd.DataFrame(
        {
            "text": ["a", None, "c"],
            "kind": pd.Categorical(["u", "v", "u"]),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "any": pd.Series(["p", "q", None], dtype=object),
            "day": pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]),
            "x": [0.5, 1.5, np.nan],
        }
    )
    mixed = assembled(pool, np.array([[2, 1, 0, 1, 0, 0, 1], [0, 0, 2, 2, 1, 2, 0]]))
    assert mixed.dtypes.equals(pool.dtypes)
    assert mixed.iloc[0].tolist() == ["c", "v", 1, False, "p", pd.Timestamp("2020-01-01"), 1.5]
    assert mixed.iloc[1].tolist() == ["a", "u", 3, True, "q", pd.Timestamp("2022-01-01"), 0.5]
