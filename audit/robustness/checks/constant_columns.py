"""Names features that never vary."""

from __future__ import annotations

from audit.declarations.check import Check, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.subject.evidence import Evidence


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Count features with one value, missing counted as a value, in train or else in the headline rows."""
    del setting  # a count has no interval
    table = evidence.subject.train or evidence.headline.table
    features = table.features
    constant = [str(name) for i, name in enumerate(features.columns) if features.iloc[:, i].nunique(dropna=False) <= 1]
    observation = Observation(
        id="robustness/constant_columns",
        label=f"Features of {table.role} with a single value",
        measured=Exact(value=len(constant), n=table.n),
        higher_is_better=False,
        scope="train" if table.role == "train" else "held_out",
    )
    named = f": {', '.join(constant)}" if constant else ""
    return Finding(
        summary=f"{len(constant)} of {features.shape[1]} features of {table.role} never vary{named}.",
        observations=(observation,),
        table=(("Feature",), *((name,) for name in constant)) if constant else (),
    )


CHECK = Check(
    name="constant_columns",
    label="Features that never vary",
    find=find,
    needs=("features",),
    clustered=True,
    promises=("robustness/constant_columns",),
    description="A feature with one value tells a model nothing; in train but not in use it is untested.",
)
