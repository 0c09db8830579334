"""A way of counting or sampling coalitions, played on the rows of a ground within its budget of predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from audit.attribution.budget import left_out, within_budget
from audit.attribution.coalitions import Coalitions, Predict
from audit.attribution.explained import Explained, identity
from audit.attribution.output import output
from audit.declarations.attribution import Ground

Play = Callable[[Predict, pd.DataFrame, pd.DataFrame, np.random.Generator], Coalitions]
"""(output of rows, rows, background, generator) -> Shapley values."""

SHAPLEY = "interventional Shapley values (absent columns come from background rows)"
ORDERS = "sampled by permutations of the columns"
GROUPED_ORDERS = "sampled by orders that take each group in one go"
PAIRS = "estimated by a regression on sampled coalitions"
_SAMPLES = {
    GROUPED_ORDERS: "each of the {b} background rows is met by one random order of the groups, and of the columns "
    "within each, and its reverse",
    PAIRS: "beside every column alone and every column left out, random coalitions and their complements, each met by "
    "all {b} background rows",
    ORDERS: "each of the {b} background rows is met by one random order of the columns and its reverse",
}


def played(
    ground: Ground, play: Play, each: int, how: str, notes: tuple[str, ...] = (), game: str = SHAPLEY
) -> tuple[Ground, Explained]:
    """Attribute as many rows as the budget allows.

    Parameters
    ----------
    each : int
        Predictions that one row costs against one background row.
    how : str
        How coalitions are sampled, where they are.
    notes : tuple of str
        What a reader should know first.
    game : str
        What is attributed, in words.

    Returns
    -------
    Ground
        The rows that were explained.
    Explained
        Their attributions.
    """
    asked, ground = ground, within_budget(ground, each)
    given = output(ground)
    found = play(given.compute, ground.rows, ground.background, np.random.default_rng(ground.seed))
    return ground, Explained(
        values=found.values,
        base=found.base,
        output=given.compute(ground.rows),
        game=f"{game}, {'exact' if found.error is None else how}",
        scale=given.scale,
        inverse=identity,
        background_rows=found.background_rows,
        error=found.error,
        notes=(*notes, *given.notes, *_sampling(found, how), *left_out(asked, ground)),
    )


def _sampling(found: Coalitions, how: str) -> tuple[str, ...]:
    if found.error is None:
        return ()
    what = _SAMPLES.get(how, how).format(b=found.background_rows)
    return (
        f"Sampled: {what}. The standard error of one attribution is {np.median(found.error):.2g} in the median and "
        f"{found.error.max(initial=0.0):.2g} at most.",
    )
