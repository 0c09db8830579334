"""Measures how much of each feature is missing where the model was fitted and where it is tested."""

from __future__ import annotations

from audit.declarations.check import Check, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation, encoded
from audit.subject.evidence import Evidence


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Return the missing share of each feature in the headline rows, with train beside it where there is one."""
    del setting  # shares of the audited rows themselves
    table, train = evidence.headline.table, evidence.subject.train
    here = table.features.isna().mean()
    there = None if train is None or train is table else train.features.isna().mean()
    named = [i for i in range(len(here)) if here.iloc[i] > 0 or (there is not None and there.iloc[i] > 0)]
    named.sort(key=lambda i: -float(here.iloc[i]))
    overall = float(here.mean())
    observations = (
        _observed("robustness/missing_share", "Missing share of all feature values", overall, evidence),
        *(
            _observed(
                f"robustness/missing_share/{encoded(str(here.index[i]))}",
                f"Missing share of {here.index[i]}",
                float(here.iloc[i]),
                evidence,
            )
            for i in named
        ),
    )
    rows = tuple(
        (str(here.index[i]), f"{here.iloc[i]:.1%}", *(() if there is None else (f"{there.iloc[i]:.1%}",)))
        for i in named
    )
    header = ("Feature", "Missing", *(() if there is None else ("Missing in train",)))
    return Finding(
        summary=f"{overall:.1%} of feature values are missing; {len(named)} of {len(here)} features have some.",
        observations=observations,
        table=(header, *rows) if rows else (),
    )


def _observed(id: str, label: str, share: float, evidence: Evidence) -> Observation:
    n = evidence.headline.table.n
    return Observation(id=id, label=label, measured=Exact(value=share, n=n), scope=evidence.headline.scope)


CHECK = Check(
    name="missingness",
    label="Missing values",
    find=find,
    needs=("features",),
    clustered=True,
    promises=("robustness/missing_share",),
    description="Share of feature values that are missing; a change from train is a change of what the model sees.",
)
