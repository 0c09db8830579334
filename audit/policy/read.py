"""The packs that a spec names, read from YAML with their parameters put in their places."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit import catalogue
from audit.declarations.condition import Condition
from audit.errors import PolicyError, Problem
from audit.policy.dates import is_date, is_duration
from audit.policy.document import Loc, problem_at, read_bytes, read_tree, typed
from audit.policy.imports import imported, imported_params, merged
from audit.policy.pack import BARRED_FROM_GATING, Control, Pack
from audit.policy.parameters import filled, parameter_records, references, replacements
from audit.records.policy import ParameterRecord
from audit.records.provenance import FileDigest
from audit.records.spec import AuditSpec, PolicySpec
from audit.resources import shipped_packs
from audit.spec.document import Node, plain_value
from audit.spec.shape import suggestion


@dataclass(frozen=True)
class ResolvedPack:
    """A pack as it judges: parameters in place, and where it came from."""

    pack: Pack
    digest: FileDigest
    params: tuple[ParameterRecord, ...]
    source: dict[str, Any]
    """The pack as written."""
    imported: tuple[FileDigest, ...] = ()
    """The packs that it imports, directly or through others."""


def read_packs(spec: AuditSpec, folder: Path) -> tuple[ResolvedPack, ...]:
    """Read every pack that a spec names, in its order.

    Parameters
    ----------
    spec : AuditSpec
        Its `policies` are names of shipped packs or paths ending .yaml or .yml.
    folder : Path
        The spec's folder, which paths are relative to.

    Raises
    ------
    PolicyError
        With every problem of every pack.
    """
    packs: list[ResolvedPack] = []
    problems: list[Problem] = []
    for entry in spec.policies:
        policy = PolicySpec(pack=entry) if isinstance(entry, str) else entry
        try:
            packs.append(read_pack(pack_path(policy.pack, folder), policy.params))
        except PolicyError as error:
            problems += error.problems
    problems += _repeated(packs)
    if problems:
        raise PolicyError(*problems)
    return tuple(packs)


def read_pack(path: Path, params: Mapping[str, Any] | None = None, importers: tuple[Path, ...] = ()) -> ResolvedPack:
    """Read one pack, with other values for parameters that may be overridden, and with what it imports."""
    if path.resolve() in importers:
        raise PolicyError(Problem(path.name, "imports itself, directly or through another pack.", "Break the circle."))
    data = read_bytes(path, "a policy pack")
    root = read_tree(data, path.name)
    written = plain_value(root)
    pack = typed(Pack, root, _with_params(root, written, {}))
    controls = written.get("controls", [])
    values, problems = replacements(pack, params or {}, controls)
    if problems:
        raise PolicyError(*problems)
    told = parameter_records(pack, values, params or {}, controls)
    pack = typed(Pack, root, _with_params(root, written, values))
    bases = imported(
        pack,
        root,
        lambda name: pack_path(name, path.parent),
        lambda base, asked: read_pack(base, asked, (*importers, path.resolve())),
    )
    _refuse(pack, root, tuple(control.id for base in bases for control in base.pack.controls))
    return ResolvedPack(
        pack=merged(pack, bases),
        digest=FileDigest(role="pack", name=path.name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)),
        params=(*imported_params(bases), *told),
        source=written,
        imported=tuple(digest for base in bases for digest in (base.digest, *base.imported)),
    )


def pack_path(name: str, folder: Path) -> Path:
    """Return where a pack stands that a spec names."""
    if name.endswith((".yaml", ".yml")):
        return folder / name
    shipped = shipped_packs()
    if name not in shipped:
        hint = suggestion(name, tuple(shipped)) + " A path to a pack of your own ends in .yaml."
        raise PolicyError(Problem("policies", f"unknown pack {name!r}.", hint))
    return shipped[name]


def _with_params(root: Node, written: Any, values: dict[str, Any]) -> Any:
    """Return the pack as written, with parameters in the places of its controls that refer to them."""
    if not isinstance(written, dict) or not isinstance(params := written.get("params", {}), dict):
        return written
    known = {name: given["value"] for name, given in params.items() if isinstance(given, dict) and "value" in given}
    controls = written.get("controls")
    unknown = [(loc, name) for loc, name in references(controls) if name not in known]
    if unknown:
        raise PolicyError(
            *(
                problem_at(root, ("controls", *loc), f"unknown parameter {name!r}.", suggestion(name, tuple(known)))
                for loc, name in unknown
            )
        )
    return written | ({"controls": filled(controls, known | values, frozenset(values))} if controls else {})


def _refuse(pack: Pack, root: Node, taken: tuple[str, ...]) -> None:
    """Raise what the types cannot tell: unknown conditions, bad dates, repeated ids, a dead law that gates."""
    problems = [*_dates(pack, root), *_standing(pack, root)]
    conditions = catalogue.load_all("conditions")
    twice = sorted({id for id in taken if taken.count(id) > 1})
    problems += [problem_at(root, ("imports",), f"the id {id!r} comes from two imports.", "Use only.") for id in twice]
    seen = set(taken)
    for index, control in enumerate(pack.controls):
        loc: Loc = ("controls", index)
        if control.id in seen:
            message = f"the id {control.id!r} is given twice."
            problems.append(problem_at(root, (*loc, "id"), message, "Ids are unique in a pack."))
        seen.add(control.id)
        problems += [problem_at(root, (*loc, *inner), *text) for inner, *text in _limit_faults(control, conditions)]
    if problems:
        raise PolicyError(*problems)


def _limit_faults(control: Control, conditions: Mapping[str, Condition]) -> Iterator[tuple[Loc, str, str]]:
    limit = control.limit
    if limit is None:
        return
    condition = conditions.get(limit.decide_on)
    if condition is None:
        near = suggestion(limit.decide_on, tuple(conditions))
        yield ("limit", "decide_on"), f"unknown condition {limit.decide_on!r}.", near
        return
    if condition.needs_alpha and limit.alpha is None:
        yield ("limit",), f"{condition.name} needs alpha, the level of its test.", "Add it."
    for companion in condition.companions:
        if companion not in limit.and_test:
            yield ("limit", "and_test"), f"{condition.name} needs the measure that gives {companion!r}.", "Add it."
    for companion in limit.and_test:
        if companion not in condition.companions:
            yield ("limit", "and_test", companion), f"{condition.name} does not read {companion!r}.", "Delete it."


def _dates(pack: Pack, root: Node) -> Iterator[Problem]:
    authority = pack.pack.authority
    for key in ("applies_from", "applies_until", "checked_on", "recheck_by"):
        text = getattr(authority, key)
        if text is not None and not is_date(text):
            yield problem_at(root, ("pack", "authority", key), f"expected a date such as 2026-11-22, found {text!r}.")
    for index, control in enumerate(pack.controls):
        asked, waivable = control.attestation, control.waivable
        for loc, text in (
            (("attestation", "valid_for"), asked.valid_for if asked else None),
            (("waivable", "max_duration"), waivable.max_duration),
        ):
            if text is not None and not is_duration(text):
                message = f"expected a duration such as P90D or P1Y, found {text!r}."
                yield problem_at(root, ("controls", index, *loc), message)


def _standing(pack: Pack, root: Node) -> Iterator[Problem]:
    status = pack.pack.authority.status
    for index, control in enumerate(pack.controls):
        if status in BARRED_FROM_GATING and control.kind == "gate":
            message = f"a pack that is {status} cannot gate."
            yield problem_at(root, ("controls", index, "kind"), message, "Make the control a screen or a record.")


def _repeated(packs: list[ResolvedPack]) -> list[Problem]:
    ids = [resolved.pack.pack.id for resolved in packs]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    return [Problem("policies", f"the pack {id!r} is named twice.", "Name it once.") for id in twice]
