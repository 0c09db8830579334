"""A budget of predictions to the rows, single cases and background that a method can afford."""

from __future__ import annotations

from dataclasses import replace

from audit.attribution.ground import reduced
from audit.declarations.attribution import Ground, MethodNotRunError

_FEWEST_BACKGROUND = 10
_FEWEST_ROWS = 150
_OWN = 2
"""Predictions of an explained row itself: one that the method starts from, one that its sum is held against."""


def within_budget(ground: Ground, each: int) -> Ground:
    """Return the ground with as many rows and background rows as the budget of predictions allows.

    The predictions are at most `rows * (each * background + 2) + background`.

    Parameters
    ----------
    each : int
        Predictions that one row costs against one background row.

    Raises
    ------
    MethodNotRunError
        Not even one row against one background row is affordable.
    """
    # Fewer background rows rather than fewer than a few hundred explained ones.
    wanted = max(_FEWEST_BACKGROUND, ground.budget // (_FEWEST_ROWS * each))
    background = min(len(ground.background), wanted, (ground.budget - _OWN) // (each + 1))
    if background < 1:
        raise MethodNotRunError(
            f"One row costs {each + _OWN + 1:,} predictions, and attribution.budget allows {ground.budget:,}."
        )
    fewer = of_rows(ground, (ground.budget - background) // (each * background + _OWN))
    return replace(fewer, background=ground.background.iloc[:background].reset_index(drop=True))


def of_rows(ground: Ground, most: int) -> Ground:
    """Return the ground with at most `most` rows, one or more, single cases counted; they take half of them at most."""
    if len(ground.rows) <= most:
        return ground
    cases = min(len(ground.chosen), most // 2)
    return reduced(ground, max(1, most - cases), cases)


def left_out(before: Ground, after: Ground) -> tuple[str, ...]:
    """Say which single cases and background rows the budget left out; rows are told by the account."""
    notes = []
    if len(after.chosen) < len(before.chosen):
        lost = len(before.chosen) - len(after.chosen)
        notes.append(f"{lost} of the {len(before.chosen)} single cases are left out, to stay within the budget.")
    if len(after.background) < len(before.background):
        used = f"{len(after.background)} of the {len(before.background)} background rows"
        notes.append(f"{used} are used, to stay within the budget.")
    return tuple(notes)
