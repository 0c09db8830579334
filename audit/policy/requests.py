"""What the controls of packs want measured, so that the measuring process does it once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast, get_args

from audit import catalogue
from audit.declarations.condition import Condition
from audit.policy.facts import role_columns
from audit.policy.measures import full_name
from audit.policy.pack import Control, PackLimit
from audit.policy.read import ResolvedPack
from audit.records.plan import MeasurementRequest, Stage
from audit.records.spec import AuditSpec


def requests_of(packs: Sequence[ResolvedPack], spec: AuditSpec) -> tuple[MeasurementRequest, ...]:
    """Return what packs want measured, each once, with roles as columns; a role that no column plays is left out."""
    wanted: dict[str, MeasurementRequest] = {}
    for resolved in packs:
        for control in resolved.pack.controls:
            for request in _requests(control, spec):
                wanted.setdefault(request.model_dump_json(), request)
    return tuple(wanted.values())


def _requests(control: Control, spec: AuditSpec) -> Iterator[MeasurementRequest]:
    if control.measure is None:
        return
    measure = control.measure
    columns = role_columns(spec)
    groups = tuple(tuple(columns[r] for r in roles) for roles in measure.group_by if all(r in columns for r in roles))
    stage, _, rest = full_name(measure).partition("/")
    companions = control.limit.and_test.values() if control.limit else ()
    together = max(len(groups), 1) if control.limit and _by_interval(control.limit) else 1
    for name in (rest, *companions):
        plain = name.split("/", 1)[0].split(";", 1)[0]
        if stage in get_args(Stage) and plain and "*" not in plain and (groups or not measure.group_by):
            yield MeasurementRequest(
                stage=cast(Stage, stage),
                measure=plain,
                arguments=measure.args if name == rest else {},
                group_by=groups,
                reference=measure.reference,
                together=together,
            )


def _by_interval(limit: PackLimit) -> bool:
    """Whether an interval decides, and not a p-value, which is adjusted when it is judged."""
    condition: Condition = catalogue.load("conditions", limit.decide_on)
    return condition.p_value is None
