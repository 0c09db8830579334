"""Names of extensions and packs in a spec to the problems of those that do not exist; nothing is imported for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audit import catalogue
from audit.declarations.argument import problems_of
from audit.records.spec import MetricSpec
from audit.resources import shipped_packs
from audit.spec.document import PlacedProblem
from audit.spec.paths import is_pack_path
from audit.spec.shape import suggestion

if TYPE_CHECKING:
    from audit.spec.read import ReadSpec

Loc = tuple[str | int, ...]


_BY_GROUP_ONLY = ("scoring_rate",)
"""Measures that hold a group against all rows, so that they are nothing without groups."""


def unknown_names(read: ReadSpec) -> tuple[PlacedProblem, ...]:
    """Return a problem for every metric, method, check, format and pack that does not exist."""
    problems = []
    for what, loc, name, known in _named(read):
        if read.writes(loc) and name not in known:
            problems.append(read.problem(loc, f"unknown {what} {name!r}.", suggestion(name, known)))
    return (*problems, *_unfit_arguments(read))


def _unfit_arguments(read: ReadSpec) -> Iterator[PlacedProblem]:
    """Yield a problem for every argument of a metric that it does not take, or not like this."""
    spec = read.spec
    for section, metrics in (("performance", spec.performance), ("fairness", spec.fairness)):
        for i, metric in enumerate((metrics and metrics.metrics) or ()):
            declared = catalogue.arguments("metrics", metric.metric) if isinstance(metric, MetricSpec) else None
            if isinstance(metric, MetricSpec) and metric.metric in (*catalogue.names("disparities"), *_BY_GROUP_ONLY):
                declared = {}
            if isinstance(metric, MetricSpec) and declared is not None:
                for name, message, hint in problems_of(metric.args, declared, metric.metric):
                    yield read.problem((section, "metrics", i, "args", name), message, hint)


def _named(read: ReadSpec) -> Iterator[tuple[str, Loc, str, tuple[str, ...]]]:
    """Yield what is named, where, the name, and the names that exist."""
    spec = read.spec
    metrics = catalogue.names("metrics")
    if spec.performance:
        yield from _metrics("metric", "performance", spec.performance.metrics, metrics)
    if spec.fairness:
        by_group = (*metrics, *catalogue.names("disparities"), *catalogue.names("indices"), *_BY_GROUP_ONLY)
        yield from _metrics("metric or disparity", "fairness", spec.fairness.metrics, by_group)
    if spec.attribution:
        methods = catalogue.names("attributions")
        yield from _each("method", ("attribution", "methods"), spec.attribution.methods, methods)
        checks = catalogue.names("attribution_checks")
        yield from _each("check", ("attribution", "checks"), spec.attribution.checks or None, checks)
    if spec.robustness:
        yield from _each("check", ("robustness", "checks"), spec.robustness.checks, catalogue.names("checks"))
    yield from _each("format", ("report", "formats"), spec.report.formats, catalogue.names("output_formats"))
    yield from _each("format", ("model", "trust"), spec.model.trust, catalogue.names("model_formats"))
    if spec.challenger is not None:
        yield from _each("format", ("challenger", "trust"), spec.challenger.trust, catalogue.names("model_formats"))
    for i, policy in enumerate(spec.policies):
        name, loc = (policy, ()) if isinstance(policy, str) else (policy.pack, ("pack",))
        if not is_pack_path(name):
            yield "pack", ("policies", i, *loc), name, tuple(shipped_packs())


def _metrics(
    what: str, section: str, asked: tuple[str | MetricSpec, ...] | None, known: tuple[str, ...]
) -> Iterator[tuple[str, Loc, str, tuple[str, ...]]]:
    for i, metric in enumerate(asked or ()):
        place: Loc = (section, "metrics", i)
        yield (
            (what, place, metric, known)
            if isinstance(metric, str)
            else (
                what,
                (*place, "metric"),
                metric.metric,
                known,
            )
        )


def _each(
    what: str, loc: Loc, named: tuple[str, ...] | None, known: tuple[str, ...]
) -> Iterator[tuple[str, Loc, str, tuple[str, ...]]]:
    for i, name in enumerate(named or ()):
        yield what, (*loc, i), name, known
