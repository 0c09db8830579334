"""How much of the model local surrogates explain: read from the methods that fit them."""

from __future__ import annotations

from audit.attribution.likeness import low_of
from audit.attribution.told import own
from audit.declarations.attribution_check import AttributionCheck, AttributionCheckNotRunError, Audited, Held
from audit.records.measured import Estimate


def find(audited: Audited) -> Held:
    """Read the share of variance that the surrogates around single rows explain."""
    found = [(done, o) for done in audited.methods if (o := own(done, "local_r2")) is not None]
    if not found:
        raise AttributionCheckNotRunError("No method that ran fits surrogates around single rows.")
    told = [(done, o.measured) for done, o in found]
    parts = [f"{done.method.label} {m.value:.2f}" for done, m in told if isinstance(m, Estimate)]
    return Held(
        summary=f"Mean share of the model's variance near a row that its surrogate explains (R2): {'; '.join(parts)}."
        if parts
        else "The model does not vary near any row, so that a surrogate has nothing to explain.",
        failures={
            done.method.name: "explains nothing of the model near the rows that it takes apart"
            for done, m in told
            if isinstance(m, Estimate) and low_of(m) <= 0
        },
        read=tuple(o.id for _, o in found),
    )


CHECK = AttributionCheck(
    name="local_fit",
    label="Local surrogates fit",
    find=find,
    measures=(),
    convention="Fails where the interval of the mean share of variance that local surrogates explain reaches zero.",
    source="Ribeiro, Singh and Guestrin (2016), doi:10.1145/2939672.2939778, on local fidelity",
)
