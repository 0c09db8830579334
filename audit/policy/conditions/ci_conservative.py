"""Decide on the worse end of the interval: doubt counts against the model."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Pass only where the limit accepts the whole interval."""
    if comparison.region.holds_all(comparison.low, comparison.high):
        return Ruling("pass", "the worse end of the interval meets the limit")
    return Ruling("fail", "the worse end of the interval does not meet the limit")


CONDITION = Condition(name="ci_conservative", label="the worse end of the interval", decide=decide)
