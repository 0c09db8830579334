"""The Python front door: objects and specs in, records and renderings out."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import Problem, RecordError, SpecError
from audit.measurements import Listener, Silence
from audit.records.audit import AuditRecord
from audit.records.spec import AuditSpec

if TYPE_CHECKING:
    import pandas as pd

    from audit.spec.read import ReadSpec

Spec = str | Path | Mapping[str, Any] | AuditSpec


def run(
    spec: Spec | None = None,
    *,
    model: object = None,
    challenger: object = None,
    test: pd.DataFrame | None = None,
    train: pd.DataFrame | None = None,
    target: str | None = None,
    folder: str | Path | None = None,
    date: datetime.date | None = None,
    listener: Listener | None = None,
) -> AuditRecord:
    """Audit a model and return the record.

    Parameters
    ----------
    spec : path, mapping or AuditSpec, optional
        The audit spec. Beside objects in memory it gives the other sections, e.g.
        ``{"sensitive": {"features": ["sex"]}}``.
    model : object, optional
        A fitted estimator, in place of the spec's `model` section.
    challenger : object, optional
        A second fitted estimator, in place of the spec's `challenger` section: the model is compared with it.
    test, train : DataFrame, optional
        Tables in memory, in place of the files that the spec would name.
    target : str, optional
        Column of true labels or values in those tables.
    folder : path, optional
        Where relative file names of a mapping or an AuditSpec start; default: the current folder.
    date : date, optional
        The audit's date, which decides what attestations and waivers are valid; default: today.
    listener : Listener, optional
        Told of progress and warnings.

    Returns
    -------
    AuditRecord
        Frozen; `record.conclusion` holds the outcome, `record.observations` every number.

    Raises
    ------
    AuditError
        The audit could not be done; `error.problems` names each place, what was expected and the next step.

    Examples
    --------
    >>> record = audit.run("audit.yaml")                                            # doctest: +SKIP
    >>> record = audit.run(model=fitted, test=frame, target="default")              # doctest: +SKIP
    >>> record.observation("performance/roc_auc").measured.value                    # doctest: +SKIP
    """
    from audit import pipeline

    today = date or datetime.date.today()
    if all(given is None for given in (model, challenger, test, train)):
        return pipeline.run(_read(spec, folder), today=today, listener=listener or Silence())
    from audit.subject.memory import spill

    tables = {role: table for role, table in (("test", test), ("train", train)) if table is not None}
    in_memory, temporary = spill(model, tables, challenger)
    if target is not None:
        in_memory["data"]["target"] = target
    try:
        sections = _merged(_mapping(spec), in_memory)
        _bring_along(sections, Path(folder) if folder is not None else Path.cwd(), temporary)
        return pipeline.run(_read(sections, temporary), today=today, listener=listener or Silence())
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def render(record: AuditRecord, format: str = "html") -> bytes:
    """Return a record as one output format: "html", "pdf" or "json".

    Raises
    ------
    OutputError
        There is no such format, or this system lacks what it needs; the problem names the mend.
    """
    from audit.report.render import render as rendered

    return rendered(record, format)


def load_record(path: str | Path) -> AuditRecord:
    """Read a `record.json`.

    Raises
    ------
    RecordError
        The file cannot be read or is no record.
    """
    from audit.report.load import load_record as loaded

    return loaded(Path(path))


def verify(record: AuditRecord) -> bool:
    """Return whether a record still has the digest it was sealed with."""
    if record.digest is None:
        raise RecordError(Problem("record", "has no digest.", "It was never sealed: run the audit again."))
    return record.digest == record.core_digest()


def _read(spec: Spec | None, folder: str | Path | None) -> ReadSpec:
    from audit.spec.read import read_spec, spec_from_dict, spec_from_record

    here = Path(folder) if folder is not None else Path.cwd()
    match spec:
        case None:
            raise SpecError(Problem("spec", "expected a path, a mapping or an AuditSpec, found nothing."))
        case str() | Path():
            return read_spec(Path(spec))
        case AuditSpec():
            return spec_from_record(spec, here)
        case _:
            return spec_from_dict(spec, here)


def _merged(given: Mapping[str, Any], in_memory: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given sections with the objects in memory in their places."""
    sections = {"model": in_memory.get("model", {}), "data": in_memory["data"]}
    if "challenger" in in_memory:
        sections["challenger"] = in_memory["challenger"]
    own = {name: {**(given.get(name) or {}), **section} for name, section in sections.items()}
    return {"audit": 1, **given, **own}


def _bring_along(sections: Mapping[str, Any], here: Path, temporary: Path) -> None:
    """Copy the files that the other sections name beside the objects, so that their names hold there too."""
    table = (sections.get("sensitive") or {}).get("table") or {}
    entries = [policy.get("pack") if isinstance(policy, Mapping) else policy for policy in sections.get("policies", ())]
    rival = sections.get("challenger") or {}
    named = [
        rival.get("path"),
        *rival.get("code", ()),
        table.get("path"),
        sections.get("attestations"),
        sections.get("lock"),
        sections.get("waivers"),
        *entries,
    ]
    for name in named:
        if isinstance(name, str) and not Path(name).is_absolute() and (here / name).is_file():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here / name, temporary / name)


def _mapping(spec: Spec | None) -> Mapping[str, Any]:
    match spec:
        case None:
            return {}
        case AuditSpec():
            return spec.model_dump(exclude_unset=True)
        case Mapping():
            return spec
        case _:
            raise SpecError(
                Problem(
                    "spec",
                    "beside objects in memory the spec is a mapping, found a path.",
                    "Pass the other sections as a dict.",
                )
            )


def _face(record: AuditRecord) -> str:
    from audit.report.notebook import to_html_fragment

    return to_html_fragment(record)


# A record knows nothing of rendering; whoever comes through the front door sees it drawn in a notebook.
AuditRecord._repr_html_ = _face  # type: ignore[attr-defined]
