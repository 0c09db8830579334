"""A method run once more: on a few of its own rows, on another ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit import guard
from audit.attribution.ground import reduced
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.declarations.attribution_check import Done
from audit.errors import AuditError
from audit.estimation.seeds import child_seed

SHARE = 50
"""A check may ask of the model one part in so many of what a method may."""
FEWEST = 1_000
"""Predictions that every check may ask."""
_ROWS = 16
_ROWS_EXACT = 6


def few(done: Done, ground: Ground, share: int = SHARE) -> Ground:
    """Return the ground of a method that runs once more: a few of its own rows, no single cases, its own background.

    What it costs is at most the same part of its budget as these rows are of all that it attributed.

    Parameters
    ----------
    share : int
        One part in so many of the method's budget is what the run may cost.
    """
    found = done.attributed
    if found.values is None or found.ground is None:
        return reduced(replace(ground, chosen=(), budget=max(FEWEST, ground.budget // share)), ground.sampled)
    rows = found.ground.sampled
    affordable = int(np.ceil(len(found.ground.rows) / share))
    most = (_ROWS_EXACT if found.error is None else _ROWS) * SHARE // share
    return reduced(replace(found.ground, chosen=()), min(rows, most, max(_ROWS_EXACT, affordable)))


def again(done: Done, ground: Ground, name: str) -> Attributed | MethodNotRunError:
    """Run a method on a few rows by the seed of that name."""
    return attempted(done, replace(few(done, ground), seed=child_seed(ground.seed, f"again/{name}")))


def attempted(done: Done, ground: Ground) -> Attributed | MethodNotRunError:
    """Run a method on another ground; whatever keeps it from it is the reason."""
    found = guard.attempt(_attempted, done.method, ground)
    return MethodNotRunError(f"It could not be run once more: {found}") if isinstance(found, AuditError) else found


def _attempted(method: AttributionMethod, ground: Ground) -> Attributed | MethodNotRunError:
    try:
        return method.attribute(ground)
    except MethodNotRunError as reason:
        return reason
