"""Measures the distance between two rates in pooled standard errors."""

from __future__ import annotations

from math import sqrt


def pooled_z(a: float, n: float, c: float, m: float) -> float | None:
    """Return (a/n - c/m) over its standard error under one rate for both; None where everybody was decided alike.

    Examples
    --------
    >>> round(pooled_z(12, 40, 48, 80), 4)
    -3.0984
    """
    rate = (a + c) / (n + m)
    if not 0 < rate < 1:
        return None
    return (a / n - c / m) / sqrt(rate * (1 - rate) * (1 / n + 1 / m))
