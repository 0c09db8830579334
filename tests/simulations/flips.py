"""How often the interval of a mean change of score holds it, for models that move all rows or few of them; run by hand.

    python tests/simulations/flips.py [SAMPLES]

What a flip changes is one number a row: the same for all rows (a linear score), one of many sizes (a logistic one), or
nothing for most rows (a tree, in which another value leads few rows to another leaf). The truth is the mean of the law.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from audit.estimation.intervals import mean_and_error, student
from audit.estimation.means import seldom

Array = NDArray[np.float64]
Law = Callable[[np.random.Generator, tuple[int, int]], Array]


def _logistic(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    score = rng.normal(-2, 1.5, shape)
    found: Array = expit(score + 1.0) - expit(score)
    return found


def _leaves(share: float, up: float) -> Law:
    """A share of rows moves, of these a share upwards, by between 0.05 and 0.5."""

    def law(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
        moved, sign = rng.random(shape) < share, np.where(rng.random(shape) < up, 1, -1)
        found: Array = moved * sign * rng.uniform(0.05, 0.5, shape)
        return found

    return law


LAWS: Mapping[str, Law] = {
    "logistic": _logistic,
    "2 % of rows, upwards": _leaves(0.02, 1.0),
    "5 % of rows, upwards": _leaves(0.05, 1.0),
    "5 % of rows, either way": _leaves(0.05, 0.5),
    "20 % of rows, mostly upwards": _leaves(0.2, 0.8),
}


def held(law: Law, n: int, samples: int, seed: int, *, plain: bool = False, weighted: str = "") -> float:
    """Return how often the interval holds the mean; `plain` is Student's, as it once was."""
    rng = np.random.default_rng(seed)
    truth = float(law(np.random.default_rng(1), (1, 500_000)).mean())
    hits = 0
    for values in law(rng, (samples, n)):
        weight = rng.exponential(size=n) + 0.2 if weighted else np.ones(n)
        low, high = _ends(values, weight, bool(weighted), plain)
        hits += low <= truth <= high
    return hits / samples


def _ends(values: Array, weight: Array, sampling: bool, plain: bool) -> Any:
    if plain:
        return student(*mean_and_error(values, weight, sampling), 0.95)
    return seldom(values, weight, sampling, 0.95, 0.5)[1]


def main(samples: int) -> None:
    """Print the table."""
    print(f"{samples} samples a line, nominal 0.95: with few or skewed changes allowed for, as Student's t, by weights")
    for name, law in LAWS.items():
        for n in (30, 60, 200, 1000):
            found = (
                held(law, n, samples, n),
                held(law, n, samples, n, plain=True),
                held(law, n, samples, n, weighted="y"),
            )
            print(f"{name:30} {n:5} rows: " + ", ".join(f"{share:.3f}" for share in found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
