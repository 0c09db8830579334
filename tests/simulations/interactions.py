"""How often the intervals of the size of an interaction and of Friedman's H² hold the truth: run by hand.

The output is a + b + t a b + c / 2 of independent columns of mean 0 and variance 1, so that the size is t and H² is
t² / (2 + t²): `python tests/simulations/interactions.py`, a few seconds on one core.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from audit.attribution.tabular.interactions import _estimate, _pair

ROWS, TABLES = 50, 200
RNG = np.random.default_rng(0)
LAWS: dict[str, Callable[[int], NDArray[np.float64]]] = {
    "normal": lambda n: RNG.normal(size=(3, n)),
    "uniform": lambda n: RNG.uniform(-(3**0.5), 3**0.5, size=(3, n)),
    "exponential": lambda n: RNG.exponential(size=(3, n)) - 1,
}


def covered(law: str, t: float) -> tuple[float, float]:
    """Return the shares of tables whose intervals of size and of H² hold the truth."""
    hits = np.zeros(2)
    for _ in range(TABLES):
        a, b, c = LAWS[law](ROWS)
        rows, others = (slice(None), None), (None, slice(None))

        def said(x, y, z):
            return (x + y + t * x * y + z / 2)[:, :, None]

        both = said(a[rows], b[rows], c[others])
        one, other = said(a[rows], b[others], c[others]), said(a[others], b[rows], c[others])
        pair = _pair((0, 1), both, one, other, np.ones(ROWS), False, np.arange(ROWS))
        told = ((pair.size, pair.size_error, t), (pair.share, pair.share_error, t**2 / (2 + t**2)))
        for i, (value, error, truth) in enumerate(told):
            measured = _estimate(value, error, 0.95, ROWS)
            hits[i] += measured.low <= truth <= measured.high
    return float(hits[0] / TABLES), float(hits[1] / TABLES)


if __name__ == "__main__":
    for law in LAWS:
        for t in (0.3, 1.0, 3.0):
            size, share = covered(law, t)
            print(f"{law:12} t = {t}: size {size:.3f}, H² {share:.3f}")
