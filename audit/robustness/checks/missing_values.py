"""Blanks values of the features and measures how far the model's answers follow, if it answers at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.errors import AuditError
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.robustness.asking import ask, reason_of
from audit.robustness.columns import positions
from audit.robustness.perturbation import Change, Perturbation, Severity, perturbed, promises
from audit.subject.evidence import Evidence

SHARES = (0.05, 0.1, 0.2)
"""Shares of cells that are blanked."""
LEADING = 0.1
_TRIED = 5
"""Rows on which it is tried whether a feature may be missing."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Blank 5, 10 and 20 % of the cells of every feature that the model takes without a value, and each such alone.

    Whether it takes them is tried on a few rows first, all features at once and else one by one.
    """
    features = evidence.headline.table.features
    every = positions(features, "numeric", "boolean", "category", "other")
    refused = _refused(evidence, every, setting)
    taken = tuple(i for i in every if i not in refused)
    if refused and not taken:
        raise CheckNotRunError(f"The model refuses missing values: {next(iter(refused.values()))}")
    severities = tuple(
        Severity(
            argument="" if share == LEADING else f";share={share}",
            label=f"{share:.0%} of values missing",
            change=_blank(share),
            columns=taken,
        )
        for share in SHARES
    )
    told = Perturbation(
        name="missing",
        refused="The model refuses missing values",
        severities=severities,
        alone=Severity(argument="", label="all values missing", change=_blank(1.0), columns=taken),
    )
    found = perturbed(told, evidence, setting)
    return replace(
        found,
        summary=f"{found.summary}{_told(features, refused)}",
        observations=(*found.observations, _counted(evidence, refused)),
    )


def _refused(evidence: Evidence, columns: tuple[int, ...], setting: Setting) -> dict[int, str]:
    """Return the places of the columns that the model refuses without values, with what it said."""
    table = evidence.headline.table
    rows = table.features.iloc[: min(_TRIED, setting.budget)].reset_index(drop=True)

    def said(blanked: tuple[int, ...]) -> str:
        tried = rows.copy()
        for position in blanked:
            column = _blank(1.0)(rows.iloc[:, position], position, np.random.default_rng(setting.seed))
            tried.isetitem(position, column.array)
        found = ask(evidence.subject, table, tried)
        return reason_of(found) if isinstance(found, AuditError) else ""

    if not said(columns):
        return {}
    return {position: reason for position in columns if (reason := said((position,)))}


def _told(features: pd.DataFrame, refused: dict[int, str]) -> str:
    names = ", ".join(str(features.columns[position]) for position in refused)
    return (
        f" The model refuses missing values in {names} ({next(iter(refused.values())).rstrip('.')})." if names else ""
    )


def _counted(evidence: Evidence, refused: dict[int, str]) -> Observation:
    return Observation(
        id="robustness/features_refusing_missing",
        label="Features in which the model refuses missing values",
        measured=Exact(value=len(refused), n=min(_TRIED, evidence.headline.table.n)),
        higher_is_better=False,
        scope=evidence.headline.scope,
    )


def _blank(share: float) -> Change:
    def change(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
        del position  # every column loses the same share
        blank = rng.random(len(column)) < share
        if pd.api.types.is_bool_dtype(column) and not pd.api.types.is_extension_array_dtype(column):
            return column.astype(object).where(~blank, None)  # as a table with missing truth values is read
        if pd.api.types.is_integer_dtype(column) and not pd.api.types.is_extension_array_dtype(column):
            return column.astype(np.float64).where(~blank)
        return column.where(~blank, None) if column.dtype == object else column.where(~blank)

    return change


CHECK = Check(
    name="missing_values",
    label="Missing values in features",
    find=find,
    needs=("model", "features"),
    clustered=True,
    promises=(*promises("missing"), "robustness/features_refusing_missing"),
    description=(
        "How many decisions change, how far scores move and how much the leading metric loses when values are blanked "
        "at random; a model that refuses missing values is named as such."
    ),
)
