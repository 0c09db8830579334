"""The process that looks at a model file and a table for `audit new`: a request on stdin becomes a look on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from audit.errors import AuditError, ModelError, Problem
from audit.records.look import ColumnLook, Kind, Look, LookRequest, ModelLook, Unseen
from audit.subject.sandbox.confine import confine

if TYPE_CHECKING:
    import pandas as pd

    from audit.records.plan import InputFile

_SECONDS = 300.0
_MOST_VALUES = 20


def main() -> None:
    """Answer the request on stdin."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)  # what libraries print must not mix with the answer
        request = LookRequest.model_validate_json(sys.stdin.buffer.read())
        confine(_SECONDS)
        answer.write(_looked(request).model_dump_json())


def look_at(request: LookRequest) -> Look:
    """Look at a model file and a table.

    Raises
    ------
    AuditError
        One of them cannot be read.
    """
    frame = _frame(request.table)
    columns = tuple(_column(frame[name]) for name in frame.columns)
    return Look(model=_model(request.model), rows=len(frame), columns=columns)


def _looked(request: LookRequest) -> Look | Unseen:
    try:
        return look_at(request)
    except AuditError as error:
        return Unseen(problems=tuple(asdict(problem) for problem in error.problems))


def _frame(file: InputFile) -> pd.DataFrame:
    from audit.subject.tables import frames, opened

    source = opened(file, "--data", ("",))
    table = source.read(source.columns)
    return frames({"data": table}, {"data": source.place}, ())["data"]


def _column(values: pd.Series) -> ColumnLook:
    held = values.dropna()
    distinct = held.drop_duplicates()
    few = sorted(distinct) if len(distinct) <= _MOST_VALUES else ()
    number = held.dtype.kind in "iuf"
    return ColumnLook(
        name=str(values.name),
        kind=_kind(held),
        distinct=len(distinct),
        missing=int(values.isna().sum()),
        values=_texts(few),
        commonest=_texts([held.mode().iloc[0]])[0] if len(held) else "",
        quartiles=tuple(float(held.quantile(q)) for q in (0, 0.25, 0.5, 0.75, 1)) if number and len(held) else (),
    )


def _kind(held: pd.Series) -> Kind:
    if held.dtype.kind == "b":
        return "true or false"
    if held.dtype.kind not in "iuf":
        return "text"
    return "whole number" if bool((held == held.round()).all()) else "number"


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    whole = (int(v) if isinstance(v, float) and v.is_integer() else v for v in values)
    return tuple(str(v) for v in whole)


def _model(file: InputFile) -> ModelLook:
    from audit import catalogue
    from audit.declarations.model_format import ModelFile, ModelFormat
    from audit.subject.source import content_of

    content = content_of(file, "--model", ModelError)
    forms: dict[str, ModelFormat] = catalogue.load_all("model_formats")
    form = next((form for form in forms.values() if form.recognises(content)), None)
    if form is None:
        known = ", ".join(form.label for form in forms.values() if form.name != "memory")
        raise ModelError(Problem("--model", "the file is of no known format.", f"Known: {known}."))
    told = ModelLook(format=form.name, label=form.label, runs_code=form.runs_code)
    if form.runs_code:
        return told
    try:
        model = form.load(ModelFile(place="--model", name="", content=content, sha256=file.sha256, heard=_unheard))
    except AuditError as error:
        return told.model_copy(update={"note": str(error.problems[0])})
    return told.model_copy(update={"features": model.features, "classes": len(model.classes or ())})


def _unheard(text: str) -> None:
    """Pass over a library's warning: the audit itself will print it."""


if __name__ == "__main__":
    main()
