"""A method run once more: on a few of its own rows, on another ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit import guard
from audit.attribution.ground import reduced
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.declarations.attribution_check import Done
from audit.errors import AuditError

SHARE = 50
"""A check may ask of the model one part in so many of what a method may."""
FEWEST = 1_000
"""Predictions that every check may ask."""
_ROWS = 16
_ROWS_EXACT = 6


def few(done: Done, ground: Ground) -> Ground:
    """Return the ground of a method that runs once more: a few of its own rows, no single cases, its own background.

    What it costs is at most the same part of its budget as these rows are of all that it attributed.
    """
    found = done.attributed
    if found.values is None or found.ground is None:
        return reduced(replace(ground, chosen=(), budget=max(FEWEST, ground.budget // SHARE)), ground.sampled)
    rows = found.ground.sampled
    affordable = int(np.ceil(len(found.ground.rows) / SHARE))
    most = _ROWS_EXACT if found.error is None else _ROWS
    return reduced(replace(found.ground, chosen=()), min(rows, most, max(_ROWS_EXACT, affordable)))


def attempted(done: Done, ground: Ground) -> Attributed | MethodNotRunError:
    """Run a method on another ground; whatever keeps it from it is the reason."""
    found = guard.attempt(_attempted, done.method, ground)
    return MethodNotRunError(f"It could not be run once more: {found}") if isinstance(found, AuditError) else found


def _attempted(method: AttributionMethod, ground: Ground) -> Attributed | MethodNotRunError:
    try:
        return method.attribute(ground)
    except MethodNotRunError as reason:
        return reason
