"""Shapley values by regressing the worth of coalitions on their members, and the error of sampling them."""

from __future__ import annotations

from audit.attribution.account import account
from audit.attribution.game import PAIRS, SHAPLEY, played
from audit.attribution.kernel import coalitions_needed, kernel_values
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.subject.evidence import Capability

_LABEL = "Kernel SHAP"


def attribute(ground: Ground) -> Attributed:
    """Attribute as many rows and single cases as the budget of predictions allows; up to seven columns, exactly."""
    found = played(ground, kernel_values, max(1, coalitions_needed(ground.rows.shape[1])), PAIRS)
    return account("kernel_shap", _LABEL, *found, asked=ground.sampled)


METHOD = AttributionMethod(
    name="kernel_shap",
    label=_LABEL,
    game=f"{SHAPLEY}, {PAIRS}",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="shapley",
    default=False,
    order=13,
)
