"""Builds small audits and packs to judge them by."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from audit.policy.attestations import Statements
from audit.policy.case import Case
from audit.policy.read import ResolvedPack, read_pack
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation
from audit.records.plan import STAGES
from audit.records.sections import (
    FairnessSection,
    GroupFacts,
    GroupingFacts,
    ModelFacts,
    StageStatus,
    SubjectSection,
    TableFacts,
)
from audit.records.spec import AuditSpec

TODAY = date(2026, 11, 22)
SHA = "a" * 64


def subject(**changes: Any) -> SubjectSection:
    model = ModelFacts(name="ranker", format="skops", type="Pipeline", sha256=SHA, refittable=True)
    tables = tuple(TableFacts(role=role, name=f"{role}.csv", rows=200, rows_used=200) for role in ("test", "train"))
    base = SubjectSection(task="binary", model=model, tables=tables, features=("a",), classes=("0", "1"), positive="1")
    return base.model_copy(update=changes)


def group(column: str, value: str, n: int = 100, **changes: Any) -> GroupFacts:
    facts = GroupFacts(key=f"{column}={value}", label=value, n=n, share=0.5, small=n < 30, unknown=value == "unknown")
    return facts.model_copy(update=changes)


def grouping(column: str, *values: str, sizes: dict[str, int] | None = None) -> GroupingFacts:
    groups = tuple(group(column, value, (sizes or {}).get(value, 100)) for value in values)
    return GroupingFacts(key=column, columns=(column,), groups=groups)


def exact(id: str, value: float, n: int = 100) -> Observation:
    return Observation(id=id, label=id.split("/")[1], measured=Exact(value=value, n=n))


def estimate(id: str, value: float, low: float | None, high: float | None, n: int = 100) -> Observation:
    measured = Estimate(value=value, low=low, high=high, level=0.95, method="wilson", n=n)
    return Observation(id=id, label=id.split("/")[1], measured=measured)


def undefined(id: str, reason: str = "There are no rows.") -> Observation:
    return Observation(id=id, label=id.split("/")[1], measured=Undefined(reason=reason))


def control(id: str = "C-1", **changes: Any) -> dict[str, Any]:
    """Return an automated gate on performance/accuracy of at least 0.8; a change to None takes a key out."""
    base: dict[str, Any] = {
        "id": id,
        "title": "Accurate enough",
        "cites": [{"ref": "house rule", "checked": "primary"}],
        "rationale": "It has to be.",
        "obligation": "must",
        "mode": "automated",
        "kind": "gate",
        "severity": "major",
        "measure": {"metric": "performance/accuracy"},
        "limit": {"origin": "house", "op": "ge", "value": 0.8, "decide_on": "ci_three_way"},
        "min_sample": {"group_n": 30, "below": "inconclusive"},
        "evidence": [{"kind": "result", "pointer": "/performance"}],
    }
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def attested(id: str = "A-1", **changes: Any) -> dict[str, Any]:
    """Return an attested gate."""
    question = {"question": "Was it reviewed?", "answers": ["yes", "no"], "role": "reviewer", "valid_for": "P1Y"}
    none = {"measure": None, "limit": None, "min_sample": None, "evidence": None}
    return control(id, mode="attested", **{**none, "attestation": question, **changes})


def pack_text(*controls: dict[str, Any], **changes: Any) -> str:
    authority = {
        "instrument": "House rules",
        "citation": "none",
        "status": "in_force",
        "checked_on": "2026-01-01",
        "recheck_by": "2027-01-01",
        **changes.pop("authority", {}),
    }
    header = {"id": "house", "version": "1.0.0", "title": "House", "kind": "house", "maintainers": ["us"]}
    pack = {
        "schema": "policy-pack/1",
        "pack": {**header, "authority": authority},
        **changes,
        "controls": list(controls),
    }
    # By way of JSON, so that what occurs twice is written twice and not as an alias.
    return yaml.safe_dump(json.loads(json.dumps(pack)), sort_keys=False)


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., ResolvedPack]:
    """Return a function from controls to a resolved pack."""

    def make(*controls: dict[str, Any], params: dict[str, Any] | None = None, **changes: Any) -> ResolvedPack:
        path = tmp_path / "house.yaml"
        path.write_text(pack_text(*controls, **changes))
        return read_pack(path, params)

    return make


def case(
    *observations: Observation,
    groupings: tuple[GroupingFacts, ...] = (),
    status: dict[str, str] | None = None,
    spec: dict[str, Any] | None = None,
    statements: Statements | None = None,
    today: date = TODAY,
    **changes: Any,
) -> Case:
    sensitive = {"features": [g.key for g in groupings if len(g.columns) == 1]}
    minimal: dict[str, Any] = {"model": {"path": "m.skops"}, "data": {"test": "t.csv"}, "sensitive": sensitive}
    stages = tuple(
        StageStatus(stage=stage, status=(status or {}).get(stage, "done"), reason=f"{stage} broke." if status else "")
        for stage in STAGES
    )
    return Case(
        spec=AuditSpec.model_validate({**minimal, **(spec or {})}),
        subject=subject(**changes),
        observations=observations,
        stages=stages,
        today=today,
        fairness=FairnessSection(groupings=groupings),
        statements=statements or Statements(),
    )


@pytest.fixture(scope="session")
def a() -> SimpleNamespace:
    """Return the builders of this file: test modules are loaded without a package to import it from."""
    builders = (subject, group, grouping, exact, estimate, undefined, control, attested, pack_text, case)
    return SimpleNamespace(**{builder.__name__: builder for builder in builders}, SHA=SHA, TODAY=TODAY)
