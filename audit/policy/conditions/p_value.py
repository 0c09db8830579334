"""Decide on a p-value that was measured, adjusted for the number of groups compared."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Pass where the limit accepts the p-value: `op: ge` wants no significant difference, `op: lt` wants one."""
    if comparison.region.contains(comparison.value):
        return Ruling("pass", "the test meets the limit")
    return Ruling("fail", "the test does not meet the limit")


CONDITION = Condition(name="p_value", label="the p-value of a test", decide=decide, p_value="value")
