"""A model and rows to attributions on the original columns: exactly where its kind allows, else by coalitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit import guard
from audit.attribution.boosters import Booster, booster_of
from audit.attribution.budget import within_budget as within_budget
from audit.attribution.coalitions import coalition_values, predictions_per_row
from audit.attribution.encoding import UntraceableError
from audit.attribution.explained import Explained
from audit.attribution.forests import Forest, forest_of
from audit.attribution.game import ORDERS, played
from audit.attribution.ground import reduced
from audit.attribution.linear import Linear, linear_of
from audit.attribution.output import fits, in_words
from audit.attribution.output import output_of as output_of
from audit.attribution.output import scale_of as scale_of
from audit.attribution.split import Split as Split
from audit.attribution.split import explained_columns as explained_columns
from audit.attribution.split import split_of as split_of
from audit.declarations.attribution import Ground, MethodNotRunError
from audit.errors import AuditError

# Budgets count operations and predictions, never seconds: two runs explain the same rows.
_OPERATIONS = 4e10
_ADDITIVE = 1e-3


def explain(ground: Ground) -> tuple[Ground, Explained]:
    """Attribute the model's output to its columns, on as many of the ground's rows as the budget allows.

    Returns
    -------
    Ground
        The rows that were explained.
    Explained
        Their attributions, with notes on everything that a reader would not expect.
    """
    split = split_of(ground.model)
    exact = guard.attempt(_exact, ground, split)
    if isinstance(exact, AuditError):
        return _by_coalitions(ground, f"the exact method failed ({exact})")
    return _by_coalitions(ground, exact) if isinstance(exact, str) else exact


def explain_linear(ground: Ground) -> tuple[Ground, Explained]:
    """Attribute the output of a linear model by its coefficients.

    Raises
    ------
    MethodNotRunError
        It is none, or not on the scale that was asked for.
    """
    split = split_of(ground.model)
    if linear_of(split.predictor, explained_columns(ground)) is None:
        raise MethodNotRunError(f"{type(split.predictor).__name__} has no coefficients of its columns.")
    found = _exact(ground, split)
    if isinstance(found, str):
        raise MethodNotRunError(f"It could not follow the model: {found}.")
    return found


def _exact(ground: Ground, split: Split) -> tuple[Ground, Explained] | str:
    # The exact attributions, or why there are none.
    columns = explained_columns(ground)
    model = split.predictor
    kind: Forest | Booster | Linear | None = (
        booster_of(model, columns) or forest_of(model, columns) or linear_of(model, columns)
    )
    if kind is None or bool(columns) != bool(ground.subject.classes):
        return f"{type(model).__name__} has no exact method here"
    if not fits(ground.scale, kind.scale):
        return f"its exact values are on the scale {kind.scale}, and {in_words(ground.scale)} was asked for"
    try:
        owners = split.origins(ground.rows.shape[1])
    except UntraceableError as reason:
        return str(reason)
    if not isinstance(kind, Linear):
        ground = reduced(ground, max(1, int(_OPERATIONS // max(1, kind.cost()))))
    explained = _run(kind, ground, split, len(owners))
    if isinstance(explained, str):
        return explained
    if explained.values.shape[1] != len(owners):
        return "the encoded columns could not be counted"
    return ground, summed_back(explained, owners, ground)


def _run(kind: Forest | Booster | Linear, ground: Ground, split: Split, width: int) -> Explained | str:
    encoded = split.encode(ground.rows)
    match kind:
        case Forest():
            explained = kind.explain(encoded, width)
        case Booster():
            explained = kind.explain(encoded)
        case Linear():
            if not kind.holds(encoded):
                return f"the output of {type(split.predictor).__name__} is not a weighted sum of its columns"
            explained = kind.explain(encoded, split.encode(ground.background))
    return doubt(explained, ground, split) or explained


def doubt(explained: Explained, ground: Ground, split: Split) -> str:
    """Return why attributions of encoded columns are not those of the model, or nothing."""
    size = float(np.abs(explained.output).max(initial=1.0))
    if explained.additivity_error() > _ADDITIVE * size:
        return "the exact attributions did not add up to the model's output"
    if ground.score is not None and not explained.reports(ground.score):
        return f"the model's scores are not those of its {type(split.predictor).__name__}"
    return ""


def summed_back(explained: Explained, owners: list[int], ground: Ground) -> Explained:
    """Return attributions of encoded columns as those of the original ones, which are their owners."""
    width = ground.rows.shape[1]
    membership = np.zeros((width, len(owners)))
    membership[owners, np.arange(len(owners))] = 1.0
    values = np.einsum("dm,nmk->ndk", membership, explained.values)
    notes = explained.notes
    if len(owners) != width:
        notes += (
            f"The {len(owners)} encoded columns were attributed one by one, and summed back to the {width} original "
            "ones.",
        )
    return replace(explained, values=values, notes=notes)


def _by_coalitions(ground: Ground, why: str) -> tuple[Ground, Explained]:
    note = f"Explained through its predictions alone, because {why}."
    return played(ground, coalition_values, predictions_per_row(ground.rows.shape[1], 1), ORDERS, (note,))
