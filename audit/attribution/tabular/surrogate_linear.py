"""A weighted sum of the columns that stands in for the model, with how far it says the same."""

from __future__ import annotations

import numpy as np

from audit.attribution.surrogates import Array, fidelity, lesson_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Linear surrogate"
_GAME = "a weighted sum of the columns fitted to the model's output, in its place"
_HEADER = ("column", "category", "class", "weight", "standardised")
_SHOWN = 60
_PENALTY = 1e-6


def attribute(ground: Ground) -> Attributed:
    """Fit a linear model to the model's output by least squares and try it on other rows."""
    lesson = lesson_of(ground)
    middle = np.nan_to_num(np.nanmedian(lesson.x, axis=0))
    share = lesson.weight / lesson.weight.sum()
    filled, other = (np.where(np.isnan(x), middle, x) for x in (lesson.x, lesson.held_x))
    mean = share @ filled
    spread = np.sqrt(share @ (filled - mean) ** 2)
    scaled, other = ((x - mean) / np.where(spread > 0, spread, 1.0) for x in (filled, other))
    weights, constant = _fit(scaled, lesson.y, share)
    order = np.argsort(-np.abs(weights).max(axis=1), kind="stable")
    rows = [
        (
            lesson.columns[j].name,
            lesson.columns[j].category or "",
            class_,
            f"{weights[j, k] / spread[j] if spread[j] > 0 else 0.0:.4g}",
            f"{weights[j, k]:.4g}",
        )
        for j in order[:_SHOWN]
        for k, class_ in enumerate(ground.classes)
    ]
    notes = ["Standardised: the change of the output by one standard deviation of the column."]
    if np.isnan(lesson.x).any():
        notes.append("Missing numbers stand at the median of their column.")
    if len(order) > _SHOWN:
        notes.append(f"The {_SHOWN} largest of {len(order)} weights are shown.")
    facts = AttributionMethodFacts(
        name="surrogate_linear",
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=lesson.scale,
        rows=len(lesson.held_x),
        rows_available=ground.available,
        notes=(*lesson.notes, *notes),
        features=tuple(dict.fromkeys(lesson.columns[j].name for j in order)),
        base={name: float(value) for name, value in zip(ground.classes, constant, strict=True)},
        table=(_HEADER, *rows),
    )
    fitted, held = scaled @ weights + constant, other @ weights + constant
    return Attributed(
        facts=facts, observations=tuple(fidelity("surrogate_linear", _LABEL, ground, lesson, fitted, held))
    )


def _fit(x: Array, y: Array, share: Array) -> tuple[Array, Array]:
    # So small a penalty only decides between columns that say the same.
    constant = share @ y
    square = (x * share[:, None]).T @ x + _PENALTY * np.eye(x.shape[1])
    weights = np.linalg.solve(square, (x * share[:, None]).T @ (y - constant))
    return np.asarray(weights, dtype=np.float64), constant


METHOD = AttributionMethod(
    name="surrogate_linear",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    default=False,
    order=29,
)
