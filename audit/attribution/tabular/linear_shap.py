"""Shapley values of a linear model from its coefficients: each times the distance of its column from the background."""

from __future__ import annotations

from audit.attribution.account import account
from audit.attribution.explain import explain_linear
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.subject.evidence import Capability

_LABEL = "Linear SHAP"


def attribute(ground: Ground) -> Attributed:
    """Attribute every sampled row and single case; no predictions are sampled."""
    return account("linear_shap", _LABEL, *explain_linear(ground), asked=ground.sampled)


METHOD = AttributionMethod(
    name="linear_shap",
    label=_LABEL,
    game="interventional Shapley values (absent columns come from background rows), exact for a linear model",
    attribute=attribute,
    needs=frozenset({Capability.LINEAR}),
    axioms="shapley",
    default=False,
    order=14,
)
