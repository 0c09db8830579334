"""Decide on the whole interval: pass inside the limit, fail outside it, inconclusive across it."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Pass where the limit accepts the whole interval, fail where it accepts none of it.

    A limit that the truth just meets is failed by chance at most as often as the interval lies beyond the truth on that
    one side: 2.5 times in 100 at the level 0.95. A gate that holds impact ratios to 0.8 fails equal groups no more
    often as a whole, however many they are and whether their reference group is named or picked as the highest: the
    intervals beside a reference hold together (`tests/simulations/impact_gate.py`). The rule on the point fails equal
    groups far more often.
    """
    low, high, region = comparison.low, comparison.high, comparison.region
    what = "the whole interval" if low != high else "the value"
    if region.holds_all(low, high):
        return Ruling("pass", f"{what} meets the limit")
    if region.misses(low, high):
        return Ruling("fail", f"{what} misses the limit")
    return Ruling("inconclusive", "the interval contains the limit, so these rows do not settle it")


CONDITION = Condition(name="ci_three_way", label="the whole interval", decide=decide)
