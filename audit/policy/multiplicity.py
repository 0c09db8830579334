"""P-values of a family of tests, adjusted for how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal


def adjusted(
    p_values: Sequence[float], method: Literal["none", "holm", "bh"], comparisons: int | None = None
) -> tuple[float, ...]:
    """Return adjusted p-values in the order given.

    Parameters
    ----------
    p_values : sequence of float
        In [0, 1].
    method : str
        `holm` bounds the chance of any false alarm (Holm 1979), `bh` the expected share of false alarms
        (Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x).
    comparisons : int, optional
        How many tests there are, where more than these were or could have been looked at: with a reference group that
        is picked as the highest, those of all pairs of groups. As many as there are p-values by default.

    Examples
    --------
    >>> [round(p, 3) for p in adjusted([0.01, 0.04, 0.03], "holm")]
    [0.03, 0.06, 0.06]
    >>> [round(p, 3) for p in adjusted([0.01, 0.04], "holm", 3)]
    [0.03, 0.08]
    """
    if method == "none":
        return tuple(p_values)
    m = max(len(p_values), comparisons or 0)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    result = [0.0] * len(p_values)
    if method == "holm":
        highest = 0.0
        for rank, index in enumerate(order):
            highest = max(highest, min(1.0, (m - rank) * p_values[index]))
            result[index] = highest
    else:
        lowest = 1.0
        for rank, index in reversed(list(enumerate(order, start=1))):
            lowest = min(lowest, m / rank * p_values[index])
            result[index] = lowest
    return tuple(result)
