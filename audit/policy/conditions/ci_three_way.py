"""Decide on the whole interval: pass inside the limit, fail outside it, inconclusive across it."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Pass where the limit accepts the whole interval, fail where it accepts none of it."""
    low, high, region = comparison.low, comparison.high, comparison.region
    where = "over the whole interval" if low != high else "exactly"
    if region.holds_all(low, high):
        return Ruling("pass", f"the limit is met {where}")
    if region.misses(low, high):
        return Ruling("fail", f"the limit is missed {where}")
    return Ruling("inconclusive", "the interval contains the limit, so these rows do not settle it")


CONDITION = Condition(name="ci_three_way", label="the whole interval", decide=decide)
