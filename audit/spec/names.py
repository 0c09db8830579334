"""Names of extensions and packs in a spec to the problems of those that do not exist; nothing is imported for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audit import catalogue
from audit.resources import shipped_packs
from audit.spec.document import PlacedProblem
from audit.spec.paths import is_pack_path
from audit.spec.shape import suggestion

if TYPE_CHECKING:
    from audit.spec.read import ReadSpec

Loc = tuple[str | int, ...]


def unknown_names(read: ReadSpec) -> tuple[PlacedProblem, ...]:
    """Return a problem for every metric, method, check, format and pack that does not exist."""
    problems = []
    for what, loc, name, known in _named(read):
        if read.writes(loc) and name not in known:
            problems.append(read.problem(loc, f"unknown {what} {name!r}.", suggestion(name, known)))
    return tuple(problems)


_BY_GROUP_ONLY = ("scoring_rate",)
"""Measures that hold a group against all rows, so that they are nothing without groups."""


def _named(read: ReadSpec) -> Iterator[tuple[str, Loc, str, tuple[str, ...]]]:
    """Yield what is named, where, the name, and the names that exist."""
    spec = read.spec
    metrics = catalogue.names("metrics")
    if spec.performance:
        yield from _each("metric", ("performance", "metrics"), spec.performance.metrics, metrics)
    if spec.fairness:
        by_group = (*metrics, *catalogue.names("disparities"), *_BY_GROUP_ONLY)
        yield from _each("metric or disparity", ("fairness", "metrics"), spec.fairness.metrics, by_group)
    if spec.attribution:
        methods = catalogue.names("attributions")
        yield from _each("method", ("attribution", "methods"), spec.attribution.methods, methods)
    if spec.robustness:
        yield from _each("check", ("robustness", "checks"), spec.robustness.checks, catalogue.names("checks"))
    yield from _each("format", ("report", "formats"), spec.report.formats, catalogue.names("output_formats"))
    yield from _each("format", ("model", "trust"), spec.model.trust, catalogue.names("model_formats"))
    for i, policy in enumerate(spec.policies):
        name, loc = (policy, ()) if isinstance(policy, str) else (policy.pack, ("pack",))
        if not is_pack_path(name):
            yield "pack", ("policies", i, *loc), name, tuple(shipped_packs())


def _each(
    what: str, loc: Loc, named: tuple[str, ...] | None, known: tuple[str, ...]
) -> Iterator[tuple[str, Loc, str, tuple[str, ...]]]:
    for i, name in enumerate(named or ()):
        yield what, (*loc, i), name, known
