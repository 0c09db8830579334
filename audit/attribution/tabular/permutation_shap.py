"""Shapley values by random orders of the columns, each with its reverse, and the error of sampling them."""

from __future__ import annotations

from audit.attribution.account import account
from audit.attribution.coalitions import coalition_values, predictions_per_row
from audit.attribution.game import ORDERS, SHAPLEY, played
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.subject.evidence import Capability

_LABEL = "Permutation SHAP"


def attribute(ground: Ground) -> Attributed:
    """Attribute as many rows and single cases as the budget of predictions allows; up to five columns, exactly."""
    found = played(ground, coalition_values, predictions_per_row(ground.rows.shape[1], 1), ORDERS)
    return account("permutation_shap", _LABEL, *found, asked=ground.sampled)


METHOD = AttributionMethod(
    name="permutation_shap",
    label=_LABEL,
    game=f"{SHAPLEY}, {ORDERS}",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="shapley",
    default=False,
    order=12,
)
