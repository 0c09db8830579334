"""How far global surrogates follow the model on rows that they were not fitted on: read from the methods."""

from __future__ import annotations

from audit.attribution.likeness import low_of
from audit.attribution.told import own
from audit.declarations.attribution_check import AttributionCheck, AttributionCheckNotRunError, Audited, Held
from audit.records.measured import Estimate


def find(audited: Audited) -> Held:
    """Read the share of the model's variation that each surrogate follows on held-out rows."""
    found = [(done, o) for done in audited.methods if (o := own(done, "fidelity")) is not None]
    if not found:
        raise AttributionCheckNotRunError("No method that ran puts a simpler model in the model's place.")
    told = [(done, o.measured) for done, o in found]
    parts = [f"{done.method.label} {m.value:.2f}" for done, m in told if isinstance(m, Estimate)]
    return Held(
        summary=f"Share of the model's variation that surrogates follow on rows that they were not fitted on (R2): "
        f"{'; '.join(parts)}."
        if parts
        else "The model does not vary on the rows held out from its surrogates.",
        failures={
            done.method.name: "follows nothing of the model on rows that it was not fitted on"
            for done, m in told
            if isinstance(m, Estimate) and low_of(m) <= 0
        },
        read=tuple(o.id for _, o in found),
    )


CHECK = AttributionCheck(
    name="surrogate_fidelity",
    label="Global surrogates follow the model",
    find=find,
    measures=(),
    convention="Fails where the interval of the share of the model's variation that a surrogate follows on held-out "
    "rows reaches zero.",
    source="Craven and Shavlik (1996), Extracting tree-structured representations of trained networks, NIPS 8",
)
