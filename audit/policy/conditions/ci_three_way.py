"""Decide on the whole interval: pass inside the limit, fail outside it, inconclusive across it."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Pass where the limit accepts the whole interval, fail where it accepts none of it."""
    low, high, region = comparison.low, comparison.high, comparison.region
    what = "the whole interval" if low != high else "the value"
    if region.holds_all(low, high):
        return Ruling("pass", f"{what} meets the limit")
    if region.misses(low, high):
        return Ruling("fail", f"{what} misses the limit")
    return Ruling("inconclusive", "the interval contains the limit, so these rows do not settle it")


CONDITION = Condition(name="ci_three_way", label="the whole interval", decide=decide)
