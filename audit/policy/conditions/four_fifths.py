"""Decide an impact ratio as 29 CFR 1607.4(D) reads: the ratio, its significance and small numbers together."""

from __future__ import annotations

from audit.declarations.condition import Comparison, Condition, Ruling


def decide(comparison: Comparison) -> Ruling:
    """Fail only a ratio below the limit that is significant and that one different selection would not turn round."""
    significant = comparison.alpha is not None and comparison.companions["p_value"] < comparison.alpha
    if comparison.region.contains(comparison.value):
        return _LARGE_NUMBERS if significant else _MET
    if comparison.companions["reversal"] != 0:
        return _REVERSED
    return _MISSED if significant else _NOT_SIGNIFICANT


_MET = Ruling("pass", "the ratio meets the limit and the difference is not statistically significant")
_LARGE_NUMBERS = Ruling(
    "inconclusive",
    "the ratio meets the limit but the difference is statistically significant: "
    "a person has to judge whether it is practically significant too",
)
_MISSED = Ruling("fail", "the ratio is below the limit and the difference is statistically significant")
_NOT_SIGNIFICANT = Ruling("inconclusive", "the ratio is below the limit but the difference is not significant")
_REVERSED = Ruling("inconclusive", "the ratio is below the limit but one other selection would turn it round")

CONDITION = Condition(
    name="four_fifths",
    label="the impact ratio together with its significance test and the reversal check",
    decide=decide,
    companions=("p_value", "reversal"),
    needs_alpha=True,
    p_value="p_value",
)
