"""Decide on the better end of the interval: doubt counts for the model."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Fail only where the limit accepts nothing of the interval."""
    if comparison.region.misses(comparison.low, comparison.high):
        return Ruling("fail", "even the better end of the interval does not meet the limit")
    return Ruling("pass", "the better end of the interval meets the limit")


CONDITION = Condition(name="ci_lenient", label="the better end of the interval", decide=decide)
