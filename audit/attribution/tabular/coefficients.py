"""The coefficients of a linear model, as fitted and standardised by the spread of each encoded column."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.attribution.encoding import UntraceableError
from audit.attribution.linear import Linear, dense, linear_of
from audit.attribution.split import Split, explained_columns, split_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Coefficients"
_SHOWN = 200
_HEADER = ("column", "encoded column", "class", "coefficient", "standardised")


def attribute(ground: Ground) -> Attributed:
    """Tabulate the coefficients by encoded column, the largest standardised ones first."""
    split = split_of(ground.model)
    linear = linear_of(split.predictor, explained_columns(ground))
    if linear is None:
        raise MethodNotRunError(f"{type(split.predictor).__name__} has no coefficients of its columns.")
    encoded = split.encode(ground.rows)
    if not linear.holds(encoded):
        raise MethodNotRunError(f"The output of {type(split.predictor).__name__} is not a weighted sum of its columns.")
    owners, names = _owners(split, ground), split.names([str(name) for name in ground.rows.columns], encoded.shape[1])
    spread = dense(encoded)[: ground.sampled].std(axis=0)
    standardised = linear.coefficients * spread
    order = np.argsort(-np.abs(standardised).max(axis=0), kind="stable")
    shown = order[:_SHOWN]
    notes = ["Standardised: times the standard deviation of the encoded column over the sampled rows."]
    if len(order) > len(shown):
        notes.append(f"The {len(shown)} largest of {len(order)} coefficients are shown.")
    return Attributed(
        facts=AttributionMethodFacts(
            name="coefficients",
            label=_LABEL,
            status="done",
            game="weights of the linear model",
            scale=linear.scale,
            rows=ground.sampled,
            rows_available=ground.available,
            notes=tuple(notes),
            features=tuple(dict.fromkeys(owners[j] for j in order if owners[j])),
            base={name: float(value) for name, value in zip(ground.classes, linear.intercept, strict=True)},
            table=(_HEADER, *_lines(ground, linear, standardised, shown.tolist(), owners, names)),
        )
    )


def _owners(split: Split, ground: Ground) -> list[str]:
    try:
        return [str(ground.rows.columns[j]) for j in split.origins(ground.rows.shape[1])]
    except UntraceableError:
        return [""] * split.encode(ground.rows.iloc[:1]).shape[1]


def _lines(
    ground: Ground, linear: Linear, standardised: Any, shown: list[int], owners: list[str], names: list[str]
) -> list[tuple[str, ...]]:
    return [
        (owners[j] or "several", names[j], name, f"{linear.coefficients[k, j]:.6g}", f"{standardised[k, j]:.6g}")
        for j in shown
        for k, name in enumerate(ground.classes)
    ]


METHOD = AttributionMethod(
    name="coefficients",
    label=_LABEL,
    game="weights of the linear model",
    attribute=attribute,
    needs=frozenset({Capability.LINEAR}),
    order=30,
)
