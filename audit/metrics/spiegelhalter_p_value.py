"""Spiegelhalter's p-value: the chance of such a z if the probabilities were right."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Tested
from audit.estimation.goodness import spiegelhalter, two_sided


def p_value(sample: Sample) -> float:
    """Return the two-sided p-value."""
    return two_sided(spiegelhalter(sample))


METRIC = Metric(
    name="spiegelhalter_p_value",
    label="Spiegelhalter's p-value",
    compute=Tested(p_value),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Two-sided chance of a Spiegelhalter's z at least as far from 0 if the probabilities were right; a "
    "small one speaks against them.",
    formula="2 (1 - Phi(|Z|))",
    source="Spiegelhalter (1986), doi:10.1002/sim.4780050506; Rufibach (2010), doi:10.1016/j.jclinepi.2009.11.009",
)
