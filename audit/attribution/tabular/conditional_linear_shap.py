"""Shapley values of a linear model in which an absent column is guessed from the present ones that go with it."""

from __future__ import annotations

import numpy as np

from audit.attribution.account import account
from audit.attribution.conditional import conditional_weights
from audit.attribution.encoding import UntraceableError
from audit.attribution.explained import Explained
from audit.attribution.linear import Linear, dense, linear_of
from audit.attribution.output import fits, in_words
from audit.attribution.split import Split, explained_columns, split_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.subject.evidence import Capability

_LABEL = "Conditional linear SHAP"
_GAME = "conditional Shapley values (absent columns are guessed from present ones, as if normal), exact"
_MOST_COLUMNS = 12


def attribute(ground: Ground) -> Attributed:
    """Attribute every sampled row and single case; a column that the model does not read may earn what it tells."""
    d = ground.rows.shape[1]
    if d > _MOST_COLUMNS:
        raise MethodNotRunError(f"It counts the coalitions of up to {_MOST_COLUMNS} columns; there are {d}.")
    split = split_of(ground.model)
    linear, owners = _linear(ground, split), _owners(split, d)
    encoded, background = split.encode(ground.rows), dense(split.encode(ground.background))
    if not linear.holds(encoded):
        raise MethodNotRunError(f"The output of {type(split.predictor).__name__} is not a weighted sum of its columns.")
    if len(background) < 2:
        raise MethodNotRunError("It needs two background rows or more, to tell which columns go together.")
    mean, covariance = background.mean(axis=0), np.atleast_2d(np.cov(background, rowvar=False))
    turned = conditional_weights(linear.coefficients, covariance, owners, d)
    explained = Explained(
        values=np.einsum("nm,dmk->ndk", dense(encoded) - mean, turned),
        base=mean @ linear.coefficients.T + linear.intercept,
        output=linear.output(encoded),
        game=_GAME,
        scale=linear.scale,
        inverse=linear.inverse,
        background_rows=len(background),
        notes=(
            "Columns that go together share what either tells: one that the model does not read at all may count. "
            f"Which do is read off {len(background)} background rows.",
        ),
    )
    return account("conditional_linear_shap", _LABEL, ground, explained, asked=ground.sampled)


def _linear(ground: Ground, split: Split) -> Linear:
    columns = explained_columns(ground)
    linear = linear_of(split.predictor, columns)
    if linear is None or bool(columns) != bool(ground.subject.classes):
        raise MethodNotRunError(f"{type(split.predictor).__name__} has no coefficients of its columns.")
    if not fits(ground.scale, linear.scale):
        raise MethodNotRunError(
            f"The coefficients are on the scale {linear.scale}, and {in_words(ground.scale)} was asked for."
        )
    return linear


def _owners(split: Split, width: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    try:
        return np.array(split.origins(width), dtype=np.int64)
    except UntraceableError as reason:
        raise MethodNotRunError(f"It could not follow the columns: {reason}.") from reason


METHOD = AttributionMethod(
    name="conditional_linear_shap",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.LINEAR}),
    default=False,
    order=14,
)
