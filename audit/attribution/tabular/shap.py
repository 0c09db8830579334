"""Shapley values of predictions: what each column adds to the base value, summed up over rows and told case by case."""

from __future__ import annotations

from audit.attribution.account import account
from audit.attribution.explain import explain
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.subject.evidence import Capability

_LABEL = "SHAP"


def attribute(ground: Ground) -> Attributed:
    """Attribute every sampled row and single case in one pass."""
    return account("shap", _LABEL, *explain(ground), asked=ground.sampled)


METHOD = AttributionMethod(
    name="shap",
    label=_LABEL,
    game="Shapley values of the model's output",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="shapley",
    order=10,
)
