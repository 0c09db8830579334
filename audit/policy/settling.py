"""How many rows would have settled a comparison whose interval contains its limit."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf, isinf

from audit.declarations.condition import Comparison, Number


def crosses(comparison: Comparison) -> bool:
    """Whether an interval lies on both sides of a limit, or touches one that is not accepted itself."""
    low, high, region = comparison.low, comparison.high, comparison.region
    return low != high and not region.holds_all(low, high) and not region.misses(low, high)


def n_to_settle(comparison: Comparison, n: int) -> Number:
    """Return about how large n has to be for an interval to lie on one side of its limit, were its point to stay.

    A half-width shrinks like one over the square root of n, so on the side on which the limit lies
    ``n_needed = n * (half_width / distance) ** 2``, the larger of the two where the interval leaves a limit of
    `between` at both ends. Asymmetric intervals become more symmetric as n grows, so the figure is a guide and no
    promise.

    Parameters
    ----------
    comparison : Comparison
        One that `crosses` its limit.
    n : int
        Rows (or runs, or folds) behind the interval.

    Returns
    -------
    Fraction or float
        A whole number above `n`, rounded up to two digits; infinity where no n would do: the point lies on the limit,
        or the interval has no end on that side.

    Examples
    --------
    Accuracy 0.85 (0.75 to 0.92) of 60 rows, at least 0.8 wanted: the lower half-width 0.10 has to shrink to 0.05.

    >>> from audit.declarations.condition import Region, rational
    >>> ends = {"value": rational(0.85), "low": rational(0.75), "high": rational(0.92)}
    >>> int(n_to_settle(Comparison(**ends, region=Region.of("ge", (0.8,))), n=60))
    240
    """
    growth = [_growth(half_width, distance) for half_width, distance in _sides(comparison)]
    largest = max(growth)
    return inf if isinf(largest) else Fraction(_two_digits(max(ceil(n * largest), n + 1)))


def _sides(comparison: Comparison) -> list[tuple[Number, Number]]:
    """Return half-width and distance on each side on which the limit stands in the way."""
    value, low, high, region = comparison.value, comparison.low, comparison.high, comparison.region
    if value < region.low:
        return [(high - value, region.low - value)]
    if value > region.high:
        return [(value - low, value - region.high)]
    down, up = (value - low, value - region.low), (high - value, region.high - value)
    return [side for side in (down, up) if not isinf(side[1]) and side[0] >= side[1]]


def _growth(half_width: Number, distance: Number) -> Number:
    if distance == 0 or isinf(half_width):
        return inf
    return (half_width / distance) ** 2


def _two_digits(n: int) -> int:
    step: int = 10 ** max(len(str(n)) - 2, 0)
    return -(-n // step) * step
