"""Decide on the point estimate alone, as a rule that names no uncertainty does."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Pass where the limit accepts the point, else fail."""
    if comparison.region.contains(comparison.value):
        return Ruling("pass", "the value meets the limit")
    return Ruling("fail", "the value does not meet the limit")


CONDITION = Condition(name="point", label="the point estimate", decide=decide)
