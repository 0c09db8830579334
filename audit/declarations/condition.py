"""What a condition file declares, and the comparison that a condition rules on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isinf
from typing import Literal

from audit.records.verdict import Operator

Number = Fraction | float
"""An exact rational, or plus or minus infinity for an unbounded end."""


@dataclass(frozen=True)
class Region:
    """The values that a limit accepts: an interval of numbers, each end open or closed.

    Examples
    --------
    >>> Region.of("ge", (0.8,)).contains(rational(0.6 / 0.75))
    True
    >>> Region.of("gt", (0.8,)).contains(rational(0.8))
    False
    """

    low: Number
    high: Number
    low_closed: bool = True
    high_closed: bool = True

    @staticmethod
    def of(op: Operator, value: tuple[float, ...]) -> Region:
        """Return the region of `op` and its one value, or two for `between`."""
        first, last = rational(value[0]), rational(value[-1])
        return {
            "ge": Region(first, inf),
            "gt": Region(first, inf, low_closed=False),
            "le": Region(-inf, first),
            "lt": Region(-inf, first, high_closed=False),
            "between": Region(first, last),
            "eq": Region(first, first),
        }[op]

    def contains(self, value: Number) -> bool:
        """Whether the limit accepts a value."""
        return not self._below(value) and not self._above(value)

    def holds_all(self, low: Number, high: Number) -> bool:
        """Whether the limit accepts all values from `low` to `high`; unbounded ends need an unbounded limit."""
        return self._reaches(low) and self._reaches(high)

    def misses(self, low: Number, high: Number) -> bool:
        """Whether the limit accepts no value from `low` to `high`."""
        return self._below(high) or self._above(low)

    def margin(self, value: Number) -> Number:
        """Distance to the nearest end, positive on the accepted side."""
        return min(value - self.low, self.high - value)

    def _below(self, value: Number) -> bool:
        return value < self.low or (value == self.low and not self.low_closed)

    def _above(self, value: Number) -> bool:
        return value > self.high or (value == self.high and not self.high_closed)

    def _reaches(self, end: Number) -> bool:
        return end in (self.low, self.high) if isinf(end) else self.contains(end)


def rational(value: float) -> Fraction:
    """Return the simple fraction that a number stands for, so that 0.6 / 0.75 is four fifths and not a hair less.

    Fractions of counts lie further apart than the last digits of a float, so a denominator up to 10**12 undoes
    rounding without moving any ratio of counts up to a million rows onto a limit.

    Examples
    --------
    >>> rational(0.6 / 0.75)
    Fraction(4, 5)
    """
    return Fraction(value).limit_denominator(10**12)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One value about to be held against one limit."""

    value: Number
    """The point."""
    low: Number
    """Lower end of the interval; the point itself when the value is exact."""
    high: Number
    """Upper end of the interval; the point itself when the value is exact."""
    region: Region
    """The values that the limit accepts."""
    alpha: float | None = None
    """Level of the test that the limit names."""
    companions: Mapping[str, float] = field(default_factory=dict)
    """Other numbers of the same group that the condition asked for, a p-value already adjusted for multiplicity."""

    @property
    def margin(self) -> Number:
        """Distance of the point from the limit, positive on the accepted side."""
        return self.region.margin(self.value)


@dataclass(frozen=True)
class Ruling:
    """What a condition says of one comparison."""

    outcome: Literal["pass", "fail", "inconclusive"]
    why: str
    """The end of a sentence that begins with the value and its limit."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A way of deciding; a file `audit/policy/conditions/<name>.py` ends in `CONDITION = Condition(...)`."""

    name: str
    label: str
    """How a value is decided on, in words."""
    decide: Callable[[Comparison], Ruling]
    companions: tuple[str, ...] = ()
    """Names that `limit.and_test` must give a measure for."""
    needs_alpha: bool = False
    p_value: str | None = None
    """The number that multiplicity adjusts: `value`, a companion, or None where there is no p-value."""
