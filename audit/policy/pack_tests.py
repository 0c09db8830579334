"""The tests that a pack carries to audits of tables that have just those counts, and to what does not hold."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from audit.policy.pack import Pack, PackTest
from audit.records.audit import AuditRecord
from audit.records.measured import Undefined
from audit.records.spec import ContextSpec

Audit = Callable[[Mapping[str, Any], Path], AuditRecord]


def faults(pack: Pack, path: Path, test: PackTest, folder: Path, audit: Audit) -> tuple[str, ...]:
    """Audit the table of one test and return what came out otherwise than it expects.

    Parameters
    ----------
    path : Path
        The pack's file.
    folder : Path
        An empty folder for the table.
    audit : callable
        (spec, folder) -> its record.
    """
    roles = _roles(pack)
    _write(folder / "table.csv", roles, test)
    record = audit(_spec(path, roles, test), folder)
    return tuple(line for what, wanted in test.expect.items() for line in _compared(record, roles[0], what, wanted))


def _roles(pack: Pack) -> tuple[str, ...]:
    measures = (control.measure for control in pack.controls if control.measure)
    return tuple(dict.fromkeys(role for m in measures for roles in m.group_by for role in roles)) or ("group",)


def _write(path: Path, roles: tuple[str, ...], test: PackTest) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow((*roles, "selected"))
        for group, (selected, rows) in test.given.items():
            lines.writerows([*([group] * len(roles)), int(row < selected)] for row in range(rows))


def _spec(path: Path, roles: tuple[str, ...], test: PackTest) -> dict[str, Any]:
    own = {key: value for key, value in test.facts.items() if key in ContextSpec.model_fields}
    free = {key: value for key, value in test.facts.items() if key not in own}
    return {
        "title": test.name,
        "context": {**own, "facts": free},
        "model": {"predictions": {"label": "selected"}},
        "task": "binary",
        "data": {"test": "table.csv"},
        "decision": {"positive": 1, "favourable": 1},
        # How few rows are too few is the pack's to say.
        "sensitive": {"features": list(roles), "minimum_group": 1},
        "policies": [str(path.resolve())],
        "allow_paths": [str(path.resolve().parent)],
        **dict.fromkeys(("performance", "attribution", "robustness", "efficiency"), False),
    }


def _compared(record: AuditRecord, role: str, what: str, wanted: Mapping[str, str | float]) -> Iterator[str]:
    for group, expected in wanted.items():
        found = (
            _ratio(record, f"{role}={group}") if what == "impact_ratio" else _outcome(record, what, f"{role}={group}")
        )
        told = _two_decimals(float(expected)) if what == "impact_ratio" else str(expected)
        if found != told:
            yield f"{what} of {group} is {found}, and {told} was expected."


def _ratio(record: AuditRecord, key: str) -> str:
    observation = record.observation(f"fairness/impact_ratio/{key}")
    if observation is None or isinstance(observation.measured, Undefined):
        return "not measured"
    return _two_decimals(float(observation.measured.value))


def _outcome(record: AuditRecord, control: str, key: str) -> str:
    verdict = next((v for v in record.verdicts if v.control == control), None)
    if verdict is None:
        return "no control of the pack"
    part = next((p for p in verdict.parts if p.observation.endswith(f"/{key}")), None)
    return part.outcome if part else verdict.outcome


def _two_decimals(value: float) -> str:
    return str(Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))
