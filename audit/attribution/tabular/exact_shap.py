"""Shapley values by counting every coalition of the columns, against every background row."""

from __future__ import annotations

from audit.attribution.account import account
from audit.attribution.coalitions import counted_values
from audit.attribution.game import SHAPLEY, played
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.subject.evidence import Capability

_LABEL = "Exact SHAP"
_MOST_COLUMNS = 12


def attribute(ground: Ground) -> Attributed:
    """Attribute as many rows and single cases as the budget of predictions allows, of twelve columns at most."""
    columns = ground.rows.shape[1]
    if columns > _MOST_COLUMNS:
        raise MethodNotRunError(
            f"{columns} columns have 2^{columns} coalitions; it counts those of up to {_MOST_COLUMNS} columns. "
            "permutation_shap and kernel_shap sample them."
        )
    found = played(ground, lambda predict, rows, other, _: counted_values(predict, rows, other), 2**columns, "")
    return account("exact_shap", _LABEL, *found, asked=ground.sampled)


METHOD = AttributionMethod(
    name="exact_shap",
    label=_LABEL,
    game=f"{SHAPLEY}, exact",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="shapley",
    default=False,
    order=11,
)
