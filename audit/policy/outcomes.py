"""The order of outcomes, and what several of them come to."""

from __future__ import annotations

from collections.abc import Iterable

from audit.records.verdict import Kind, Outcome

GRAVEST_FIRST: tuple[Outcome, ...] = (
    "fail",
    "inconclusive",
    "error",
    "not_run",
    "attestation_expired",
    "attestation_missing",
    "pass",
    "attested",
    "recorded",
    "not_applicable",
)
"""The order in which a conclusion asks."""
SETTLED: tuple[Outcome, ...] = ("pass", "attested", "recorded", "not_applicable")
"""Outcomes that are no finding."""


def joined(outcomes: Iterable[Outcome], kind: Kind) -> Outcome:
    """Return what the parts of one control come to: the gravest.

    A limit that nothing was held against, because every part was too small or unknown, was not tested.
    """
    found = min(outcomes, key=GRAVEST_FIRST.index)
    return "not_run" if kind != "record" and found in ("recorded", "not_applicable") else found
