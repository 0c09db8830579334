"""Adds to a model's own complaint the columns that it most likely complains of."""

from __future__ import annotations

import pandas as pd

from audit.errors import ModelError, Problem
from audit.subject.tables import text_among_numbers


def explained(error: ModelError, rows: pd.DataFrame) -> ModelError:
    """Return the error with one problem for each suspicious column of the rows, or unchanged."""
    place = error.problems[0].place
    found = [*_odd_values(place, rows), *_empty(place, rows)] or _incomplete(place, rows) or _text(place, rows)
    return ModelError(*error.problems, *found)


def _odd_values(place: str, rows: pd.DataFrame) -> list[Problem]:
    problems = []
    for name in rows.columns:
        odd = text_among_numbers(rows[name])
        if odd is not None:
            row, text = odd
            hint = "Mend the value, or name it under data.missing if it stands for a missing one."
            problems.append(
                Problem(f"{place}, column {name!r}", f"expected a number, found {text!r} in row {row}.", hint)
            )
    return problems


def _empty(place: str, rows: pd.DataFrame) -> list[Problem]:
    return [
        Problem(
            f"{place}, column {name!r}",
            "holds no value at all.",
            "Fill the column, or use a model that takes missing values.",
        )
        for name in rows.columns
        if len(rows) and bool(rows[name].isna().all())
    ]


def _incomplete(place: str, rows: pd.DataFrame) -> list[Problem]:
    missing = {str(name): int(rows[name].isna().sum()) for name in rows.columns if bool(rows[name].isna().any())}
    if not missing:
        return []
    listed = ", ".join(f"{name!r} ({count})" for name, count in missing.items())
    return [
        Problem(
            place, f"columns with missing values: {listed}.", "Add an imputer to the pipeline if the model takes none."
        )
    ]


def _text(place: str, rows: pd.DataFrame) -> list[Problem]:
    named = [repr(str(name)) for name in rows.columns if rows[name].dtype.kind in "OUT"]
    return (
        [Problem(place, f"columns with text: {', '.join(named)}.", "The model may expect numbers there.")]
        if named
        else []
    )
