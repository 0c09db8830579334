"""Spiegelhalter's z: whether the Brier score is what the probabilities themselves expect."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.forms import Tested
from audit.estimation.goodness import spiegelhalter

METRIC = Metric(
    name="spiegelhalter_z",
    label="Spiegelhalter's z",
    compute=Tested(spiegelhalter),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    description="How far the Brier score lies from what the probabilities themselves expect, in standard errors: "
    "standard normal if they are right.",
    formula="sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p))",
    source="Spiegelhalter (1986), doi:10.1002/sim.4780050506; Rufibach (2010), doi:10.1016/j.jclinepi.2009.11.009",
)
