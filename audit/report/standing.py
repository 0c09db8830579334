"""Verdicts to what they mean for a pipeline: whether a control lets a model through, and what it says in one text."""

from __future__ import annotations

from typing import Literal

from audit.records.verdict import Verdict

Standing = Literal["met", "recorded", "not_applicable", "waived", "finding", "blocks"]
"""met, recorded, not_applicable: nothing to do; waived: a gate failed and somebody accepted it; finding: a screen or a
record is not settled, which does not block; blocks: the exit code is not 0 as long as this gate stands so."""


def standing(verdict: Verdict) -> Standing:
    """Return what a verdict means for the exit code, by the rule of `audit.policy.conclude`."""
    match verdict.outcome:
        case "pass" | "attested":
            return "met"
        case "not_applicable":
            return "not_applicable"
        case "recorded" if verdict.kind != "gate":
            return "recorded"
    if verdict.kind != "gate":
        return "finding"
    open_parts = {part.outcome for part in verdict.parts} - {"pass", "fail", "attested", "recorded", "not_applicable"}
    return "waived" if verdict.waived and not open_parts else "blocks"


def name_of(verdict: Verdict) -> str:
    """Return the name that tells a control from every other one: `pack/control`, without the pack's version."""
    return f"{verdict.pack.partition('@')[0]}/{verdict.control}"


def account_of(verdict: Verdict) -> str:
    """Return the verdict's reason and, line by line, that of every part which is not settled."""
    lines = [verdict.reason]
    lines += [
        f"{part.observation}: {part.outcome}. {part.reason}".rstrip()
        + (f" Waived: {part.waiver}." if part.waiver else "")
        for part in verdict.parts
        if part.outcome not in ("pass", "attested", "recorded", "not_applicable") and part.reason != verdict.reason
    ]
    return "\n".join(lines)
