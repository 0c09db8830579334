"""Limits fixed before the test rows are read: what `audit freeze` writes, and what an audit holds its packs against."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from audit.errors import PolicyError, Problem
from audit.policy.document import read_bytes, read_tree, typed
from audit.policy.pack import Control, PackPart
from audit.policy.read import ResolvedPack
from audit.records.provenance import FileDigest
from audit.records.spec import AuditSpec

_MEND = "Judge by the frozen limits, or freeze anew and say in the report's context why they were changed."


class FrozenPack(PackPart):
    """A pack as it was resolved on the day, with its parameters in place."""

    pack: str
    """Name and version."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the canonical JSON of its controls: measures, limits, ways of deciding, smallest samples."""
    limits: dict[str, str] = Field(default_factory=dict)
    """Control to its limit as text, for a reader."""


class LockFile(PackPart):
    """What was fixed, and when."""

    schema_: Literal["policy-lock/1"] = Field(alias="schema")
    frozen_on: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    decision: str = ""
    """Canonical JSON of the spec's `decision`: positive and favourable label, threshold, costs."""
    packs: tuple[FrozenPack, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Lock:
    """A lock that the packs of an audit agree with."""

    frozen_on: str
    digest: FileDigest


def lock_text(spec: AuditSpec, packs: Sequence[ResolvedPack], today: datetime.date) -> str:
    """Return the text of a lock on everything that these packs hold a model against.

    Names of packs, versions and limits are for the reader; the digests decide.
    """
    content = {
        "schema": "policy-lock/1",
        "frozen_on": today.isoformat(),
        "decision": _canonical(spec.decision.model_dump(mode="json")),
        "packs": [
            {"pack": p.pack.name, "sha256": _digest(p.pack.controls), "limits": _limits(p.pack.controls)} for p in packs
        ],
    }
    return _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def read_lock(spec: AuditSpec, folder: Path, packs: Sequence[ResolvedPack]) -> Lock | None:
    """Read the lock that a spec names and hold its packs and decision against it.

    Raises
    ------
    PolicyError
        It cannot be read, or something was changed since: every control whose limit differs is named.
    """
    if spec.lock is None:
        return None
    name = Path(spec.lock).name
    data = read_bytes(folder / spec.lock, "a lock that `audit freeze` wrote")
    frozen = typed(LockFile, read_tree(data, name))
    problems = tuple(_changes(frozen, spec, packs, name))
    if problems:
        raise PolicyError(*problems)
    digest = FileDigest(role="lock", name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    return Lock(frozen.frozen_on, digest)


def _changes(frozen: LockFile, spec: AuditSpec, packs: Sequence[ResolvedPack], name: str) -> Iterator[Problem]:
    since = f"since {frozen.frozen_on}"
    if frozen.decision != _canonical(spec.decision.model_dump(mode="json")):
        yield Problem(name, f"the decision (labels, threshold, costs) was changed {since}.", _MEND)
    known = {pack.pack: pack for pack in frozen.packs}
    now = {resolved.pack.name: resolved.pack.controls for resolved in packs}
    for pack in known.keys() | now.keys():
        if pack not in now:
            yield Problem(name, f"{pack} was frozen, and the spec does not name it any more.", _MEND)
        elif pack not in known:
            yield Problem(name, f"{pack} was not frozen.", _MEND)
        elif known[pack].sha256 != _digest(now[pack]):
            yield Problem(name, f"{pack} was changed {since}: {_told(known[pack].limits, _limits(now[pack]))}.", _MEND)


def _told(before: dict[str, str], after: dict[str, str]) -> str:
    moved = [
        f"{control} was {before.get(control, 'not there')}, is {after.get(control, 'not there')}"
        for control in sorted(before.keys() | after.keys())
        if before.get(control) != after.get(control)
    ]
    return "; ".join(moved) if moved else "no limit, but what is measured or how it is decided"


def _limits(controls: Sequence[Control]) -> dict[str, str]:
    return {c.id: f"{c.limit.op} {_plain(c.limit.value)} ({c.limit.decide_on})" for c in controls if c.limit}


def _plain(value: float | tuple[float, float]) -> str:
    return " to ".join(f"{v:g}" for v in value) if isinstance(value, tuple) else f"{value:.10g}"


def _digest(controls: Sequence[Control]) -> str:
    content = [control.model_dump(mode="json", by_alias=True) for control in controls]
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


_HEAD = """\
# Written by `audit freeze`: the limits that the model will be judged by. Keep it where its date can be proved, such as
# a commit made before the test rows are read, and name it in the spec: `lock: <this file>`.
"""
