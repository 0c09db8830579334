"""Puts the parameters of a pack, and what a spec sets in their stead, in the places that refer to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.errors import Problem
from audit.policy.pack import Pack, Parameter
from audit.records.policy import ParameterRecord
from audit.spec.shape import suggestion

Loc = tuple[str | int, ...]


def filled(controls: Any, values: Mapping[str, Any], replaced: frozenset[str] = frozenset()) -> Any:
    """Return controls with each `{param: name}` replaced by its value.

    A section whose number the spec replaced becomes the house's own: its origin says so.
    """
    if isinstance(controls, list):
        return [filled(item, values, replaced) for item in controls]
    if not isinstance(controls, dict):
        return controls
    if set(controls) == {"param"}:
        return values.get(controls["param"], controls)
    inner = {key: filled(value, values, replaced) for key, value in controls.items()}
    theirs = any(_name(value) in replaced for value in controls.values())
    return inner | {"origin": "house"} if theirs and "origin" in inner else inner


def references(controls: Any, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Yield each place that refers to a parameter, with the parameter's name."""
    if (name := _name(controls)) is not None:
        yield loc, name
    elif isinstance(controls, dict):
        for key, value in controls.items():
            yield from references(value, (*loc, key))
    elif isinstance(controls, list):
        for index, value in enumerate(controls):
            yield from references(value, (*loc, index))


def replacements(pack: Pack, asked: Mapping[str, Any], written: Any) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values that a spec may set, and what is wrong with the others.

    Parameters
    ----------
    pack : Pack
        With its own values in place.
    asked : mapping
        Name to a value, or to `{value, rationale}`; a rationale is needed to loosen a limit.
    written : any
        The controls as written.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, given in asked.items():
        value, rationale = (given.get("value"), given.get("rationale")) if isinstance(given, dict) else (given, None)
        place = f"policies {pack.pack.id}.params.{name}"
        fault = _fault(pack, name, value, rationale, written)
        if fault is None:
            values[name] = value
        else:
            problems.append(Problem(place, *fault))
    return values, problems


def parameter_records(
    pack: Pack, values: Mapping[str, Any], asked: Mapping[str, Any], written: Any
) -> tuple[ParameterRecord, ...]:
    """Return the parameters as the record keeps them, each change with its direction and its rationale."""
    return tuple(
        _record(pack, name, parameter, values[name], asked[name], written)
        if name in values
        else ParameterRecord(name=name, value=parameter.value, origin=parameter.origin, label=parameter.label)
        for name, parameter in pack.params.items()
    )


def _record(pack: Pack, name: str, parameter: Parameter, value: Any, asked: Any, written: Any) -> ParameterRecord:
    change = {True: "loosened", False: "tightened", None: "changed"}[_loosens(pack, name, value, parameter, written)]
    return ParameterRecord(
        name=name,
        value=value,
        origin="house",
        label=parameter.label,
        overridden=True,
        shipped=parameter.value,
        change="" if value == parameter.value else change,
        rationale=str(asked.get("rationale") or "") if isinstance(asked, dict) else "",
    )


def _fault(pack: Pack, name: str, value: Any, rationale: Any, written: Any) -> tuple[str, str] | None:
    parameter = pack.params.get(name)
    if parameter is None:
        return f"unknown parameter {name!r}.", suggestion(name, tuple(pack.params))
    if parameter.override == "never":
        return f"the pack fixes it at {parameter.value} (origin: {parameter.origin}).", "Leave it out."
    if not _same_type(value, parameter.value):
        return f"expected a value like {parameter.value!r}, found {value!r}.", ""
    loosens = _loosens(pack, name, value, parameter, written)
    if parameter.override == "tighten_only" and loosens is not False:
        return f"the pack allows only stricter values than {parameter.value}, found {value}.", "Tighten it."
    if loosens and not rationale:
        return f"{value} is looser than the pack's {parameter.value}.", "Say why: {value: ..., rationale: ...}."
    return None


def _same_type(value: Any, other: Any) -> bool:
    if isinstance(value, bool) or isinstance(other, bool):
        return isinstance(value, bool) and isinstance(other, bool)
    numbers = isinstance(value, int | float) and isinstance(other, int | float)
    return numbers or type(value) is type(other)


def _loosens(pack: Pack, name: str, value: Any, parameter: Parameter, written: Any) -> bool | None:
    """Whether a value accepts more than the pack's own in any limit; None where no order can tell."""
    directions = {_direction(pack, loc) for loc, used in references(written) if used == name}
    if not directions or None in directions:
        return None
    return any(sign * (value - parameter.value) < 0 for sign in directions if sign is not None)


def _direction(pack: Pack, loc: Loc) -> int | None:
    match loc:
        case (int(index), "limit", "value"):
            limit = pack.controls[index].limit
            return {"ge": 1, "gt": 1, "le": -1, "lt": -1}.get(limit.op) if limit else None
        case (int(), "min_sample", "group_n" | "group_share" | "events" | "expected_cell"):
            return -1
        case _:
            return None


def _name(value: Any) -> str | None:
    return str(value["param"]) if isinstance(value, dict) and set(value) == {"param"} else None
