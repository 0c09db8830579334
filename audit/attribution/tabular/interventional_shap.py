"""Shapley values of an ensemble of trees against a background, exact leaf by leaf, or sampled where leaves are deep."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.attribution.account import account
from audit.attribution.boosters import booster_of
from audit.attribution.encoding import UntraceableError
from audit.attribution.explain import doubt
from audit.attribution.explained import Explained
from audit.attribution.forests import Forest, forest_of
from audit.attribution.interventional import Interventional, interventional_values
from audit.attribution.output import fits, in_words
from audit.attribution.split import explained_columns, split_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.errors import AuditError
from audit.subject.evidence import Capability

_LABEL = "Interventional SHAP"
_GAME = "interventional Shapley values of trees (absent columns come from background rows)"


def attribute(ground: Ground) -> Attributed:
    """Attribute every sampled row and single case to original columns, which are absent or present as a whole."""
    split, columns = split_of(ground.model), explained_columns(ground)
    forest = _forest(split.predictor, columns)
    if bool(columns) != bool(ground.subject.classes):
        raise MethodNotRunError("The classes of the model are not those that are explained.")
    if not fits(ground.scale, forest.scale):
        raise MethodNotRunError(
            f"The trees add up on the scale {forest.scale}, and {in_words(ground.scale)} was asked for: "
            "permutation_shap and kernel_shap play the same game on any scale, through predictions."
        )
    try:
        owners = split.origins(ground.rows.shape[1])
    except UntraceableError as reason:
        raise MethodNotRunError(f"Its columns could not be followed: {reason}.") from reason
    encoded = split.encode(ground.rows)
    output = forest.output(encoded)
    found, base = _played(forest, encoded, split.encode(ground.background), np.array(owners), ground)
    if found.values.shape[1] < ground.rows.shape[1]:
        raise MethodNotRunError("The encoded columns could not be counted.")
    explained = Explained(
        values=found.values if found.error is None else _added_up(found.values, found.error, output - base),
        base=base,
        output=output,
        game=_GAME + (", exact" if found.error is None else f", sampled against {found.met} of them a row"),
        scale=forest.scale,
        inverse=forest.inverse,
        background_rows=len(ground.background),
        error=found.error,
        notes=_notes(found, len(ground.background)),
    )
    doubted = doubt(explained, ground, split)
    if doubted:
        raise MethodNotRunError(f"It could not follow the model: {doubted}.")
    return account("interventional_shap", _LABEL, ground, explained, asked=ground.sampled)


def _forest(model: Any, columns: tuple[int, ...]) -> Forest:
    booster = booster_of(model, columns)
    forest = forest_of(model, columns) if booster is None else booster.forest()
    if forest is None:
        raise MethodNotRunError(f"{type(model).__name__} has no trees that we know how to read.")
    return forest


def _played(
    forest: Forest, encoded: Any, background: Any, owners: np.ndarray, ground: Ground
) -> tuple[Interventional, np.ndarray]:
    # The attributions of the original columns, which add up, and the (K,) mean output over the background.
    tested = owners if forest.columns is None else owners[list(forest.columns)]
    found = interventional_values(
        forest.trees, forest.read(encoded), forest.read(background), np.random.default_rng(ground.seed), tested
    )
    if isinstance(found, AuditError):
        raise MethodNotRunError(f"It needs a compiler: {found}.")
    return found, forest.output(background).mean(axis=0)


def _added_up(values: np.ndarray, error: np.ndarray, whole: np.ndarray) -> np.ndarray:
    # What the background rows that a row met gave beside the mean of all is known; each column takes it back by its
    # share in the variance over all rows, so that a column without any is left alone.
    variance = (error**2).sum(axis=0)
    share = variance / np.maximum(variance.sum(axis=0), np.finfo(np.float64).tiny)
    return np.asarray(values + share * (whole - values.sum(axis=1))[:, None, :], dtype=np.float64)


def _notes(found: Interventional, background: int) -> tuple[str, ...]:
    if found.error is None:
        return (f"Every row is held against all {background} background rows.",)
    return (
        f"The leaves lie too deep to hold every row against all {background} background rows: each row meets "
        f"{found.met} of them, all equally often over the rows. The standard error of one attribution is "
        f"{np.median(found.error):.2g} in the median and {found.error.max(initial=0.0):.2g} at most.",
    )


METHOD = AttributionMethod(
    name="interventional_shap",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="shapley",
    default=False,
    order=11,
)
