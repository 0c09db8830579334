"""What a control asks for, as ids of observations: its measure spelled out over groups and wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from audit import catalogue
from audit.policy.case import Case
from audit.policy.pack import Measure
from audit.records.measured import Exact
from audit.records.observation import arguments_key, encoded, group_key, grouping_key
from audit.records.plan import STAGES
from audit.records.sections import GroupFacts, GroupingFacts


@dataclass(frozen=True)
class Asked:
    """One thing that a control looks at."""

    id: str
    """Id of an observation."""
    wider: str = ""
    """Id under which the measuring process says why it measured none of its kind."""
    group: GroupFacts | None = None
    reference: GroupFacts | None = None
    """The group that others are compared with, where the control names one; it may be this one."""
    suffix: str = ""
    """Argument that names the reference, in the ids of this measure and of those that go with it."""
    picked: str = ""
    """Key of the grouping, where its reference group is picked as the one with the highest rate; else empty."""
    missing: str = ""
    """Why nothing can stand under this id; empty where something may."""


def asked(measure: Measure, case: Case) -> tuple[Asked, ...]:
    """Return everything that a measure asks for, the unanswerable included."""
    name = full_name(measure)
    if measure.group_by:
        return tuple(item for roles in measure.group_by for item in _by_group(name, roles, measure, case))
    if "*" in name:
        pattern = re.compile("[^/]+".join(re.escape(piece) for piece in name.split("*")))
        found = tuple(Asked(id) for id in case.by_id if pattern.fullmatch(id))
        return found or (Asked(name),)
    return (Asked(name),)


def full_name(measure: Measure) -> str:
    """Return `stage/measure;argument=value`, from which ids are made."""
    first = measure.metric.split("/", 1)[0]
    stage = "" if first in (*STAGES, "context", "subject") else "fairness/" if measure.group_by else "performance/"
    head, *tail = f"{stage}{measure.metric}".split("/", 2)
    own = (tail[:1] and catalogue.arguments("metrics", tail[0])) or {}
    defaults = {key: argument.default for key, argument in own.items()}
    # A default leaves no trace in an id, so that one number has one name.
    arguments = arguments_key({k: v for k, v in measure.args.items() if k not in defaults or v != defaults[k]})
    return "/".join([head, *(tail[:1] and [tail[0] + arguments]), *tail[1:]])


def companion_id(item: Asked, measure: str) -> str:
    """Return the id of another measure of the same group, or of the same stage where there are no groups."""
    stage = item.id.split("/", 1)[0]
    return f"{stage}/{measure}{item.suffix}/{item.group.key}" if item.group else f"{stage}/{measure}"


def _by_group(name: str, roles: tuple[str, ...], measure: Measure, case: Case) -> Iterator[Asked]:
    unmapped = [role for role in roles if role not in case.columns]
    if unmapped:
        reason = f"No column plays the role {' or '.join(unmapped)}: name it in sensitive.roles."
        yield Asked(f"{name}/{grouping_key(roles)}", missing=reason)
        return
    columns = tuple(case.columns[role] for role in roles)
    grouping = case.grouping(columns)
    if grouping is None:
        mend = ": name it in sensitive.intersections." if len(columns) > 1 else "."
        reason = f"People were not grouped by {' and '.join(columns)}{mend}"
        measured = case.stage("fairness").status == "done"
        yield Asked(f"{name}/{grouping_key(columns)}", missing=reason if measured else "")
    elif "{grouping}" in name:
        yield Asked(name.replace("{grouping}", grouping.key))
    else:
        yield from _each_group(name, grouping, measure, case)


def _each_group(name: str, grouping: GroupingFacts, measure: Measure, case: Case) -> Iterator[Asked]:
    suffix = _suffix(grouping, measure.reference)
    groups = grouping.groups if measure.reference is not None else ()
    reference = next((group for group in groups if _is_reference(group, suffix, case)), None)
    for group in grouping.groups:
        yield Asked(
            id=f"{name}{suffix}/{group.key}",
            wider=f"{name}/{grouping.key}",
            group=group,
            reference=reference,
            suffix=suffix,
            picked=grouping.key if measure.reference == "highest_rate" else "",
        )


def _suffix(grouping: GroupingFacts, reference: str | None) -> str:
    """Return the argument that ids carry where a control names another reference than the spec does."""
    own = grouping.reference or "highest_rate"
    if reference is None or own in (reference, group_key(grouping.columns[:1], (reference,))):
        return ""
    return f";reference={encoded(reference)}"


def _is_reference(group: GroupFacts, suffix: str, case: Case) -> bool:
    # Only the ratio of a group to itself is exact: every other one is an estimate.
    ratio = case.by_id.get(f"fairness/impact_ratio{suffix}/{group.key}")
    return ratio is not None and isinstance(ratio.measured, Exact)
