"""`audit check SPEC`: reads a spec and tells what an audit would measure; opens neither model nor tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.policy.read import ResolvedPack
    from audit.records.spec import AuditSpec, ModelSpec


def check(
    spec: Annotated[Path, typer.Argument(help="The audit spec, a YAML file.", metavar="SPEC")],
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one key of the spec.")
    ] = None,
) -> None:
    """Read a spec, find its files, names and packs, and tell what would be measured.

    The model and the tables are not opened.

    Exit codes: 0 the spec is sound; 2 it is not, and every problem is named.
    """
    from audit.plan import intent_of
    from audit.spec.read import read_spec

    intent = intent_of(read_spec(spec, tuple(set or ())))
    print(f"{spec} reads well. An audit would measure:\n")
    for name, text in described(intent.read.spec, intent.packs):
        print(f"  {name:<13} {text}")
    print(f"\nModel and tables were not opened. Next: audit run {spec}")


def described(spec: AuditSpec, packs: tuple[ResolvedPack, ...]) -> tuple[tuple[str, str], ...]:
    """Return what would be measured, one line a subject."""
    return (
        ("title", spec.title),
        ("model", _model(spec.model, spec)),
        *((("challenger", _model(spec.challenger, spec)),) if spec.challenger else ()),
        ("task", spec.task or "told by the model and the target"),
        ("tables", _tables(spec)),
        ("target", spec.data.target or "none: no labels, so drift, attributions and distributions of scores only"),
        ("groups", _groups(spec)),
        ("performance", _performance(spec)),
        ("fairness", _fairness(spec)),
        ("attribution", _attribution(spec)),
        ("robustness", _robustness(spec)),
        ("efficiency", _efficiency(spec)),
        *(("policy", _pack(pack)) for pack in packs),
        ("outputs", ", ".join(spec.report.formats) or "record.json only"),
    )


def _model(model: ModelSpec, spec: AuditSpec) -> str:
    if model.estimator is not None:
        return f"{model.estimator}, fitted on {spec.data.train}"
    if model.predictions is not None:
        return "none: predictions stand in the table"
    trust = f"; trusted to run code: {', '.join(model.trust)}" if model.trust else ""
    return f"{model.path}, {'pinned by sha256' if model.sha256 else 'not pinned'}{trust}"


def _tables(spec: AuditSpec) -> str:
    data = spec.data
    named = {"test": data.test, "train": data.train, "reference": data.reference}
    tables = [f"{role} {name}" for role, name in named.items() if name is not None]
    if spec.sensitive.table is not None:
        tables.append(f"sensitive {spec.sensitive.table.path}, joined by {spec.sensitive.table.on}")
    return "; ".join(tables)


def _groups(spec: AuditSpec) -> str:
    sensitive = spec.sensitive
    crossed = [" and ".join(columns) for columns in sensitive.intersections]
    certain = [", ".join(sensitive.features)] if sensitive.features else []
    weighed = [f"{name} by the probabilities {', '.join(g.values())}" for name, g in sensitive.probabilities.items()]
    groups = "; ".join([*certain, *crossed, *weighed])
    return f"{groups}; judged from {sensitive.minimum_group} rows" if groups else "none"


def _performance(spec: AuditSpec) -> str:
    asked = spec.performance
    if not asked:
        return "off"
    folds = asked.cross_validation
    metrics = ", ".join(map(str, asked.metrics)) if asked.metrics is not None else "the usual metrics of the task"
    crossed = "no cross-validation"
    if folds:
        crossed = f"{folds.folds} {folds.by} folds{f', dealt {folds.repeats} times' if folds.repeats > 1 else ''}"
        if spec.data.train is None or spec.model.predictions is not None:
            crossed = "no cross-validation (it needs data.train and a model to refit)"
    return f"{metrics}; {crossed}; intervals at {asked.interval.level:g}"


def _fairness(spec: AuditSpec) -> str:
    if not spec.fairness:
        return "off"
    if not spec.sensitive.grouped:
        return "not run: sensitive.features lists no column"
    named = spec.fairness.metrics
    metrics = ", ".join(map(str, named)) if named is not None else "the usual metrics that suit"
    return f"{metrics}, by group"


def _attribution(spec: AuditSpec) -> str:
    asked = spec.attribution
    if not asked:
        return "off"
    if spec.model.predictions is not None:
        return "not run: there is no model to attribute"
    methods = ", ".join(asked.methods) if asked.methods is not None else "the methods that suit the model"
    local = f"{asked.local.rows} single cases" if asked.local else "no single cases"
    return f"{methods}, on up to {asked.rows:,} rows; {local}"


def _robustness(spec: AuditSpec) -> str:
    if not spec.robustness:
        return "off"
    return ", ".join(spec.robustness.checks) if spec.robustness.checks is not None else "every check that applies"


def _efficiency(spec: AuditSpec) -> str:
    if not spec.efficiency:
        return "off"
    asked = spec.efficiency
    latency = (f"latency of {', '.join(f'{b:,}' for b in asked.batches)} rows",) if asked.latency else ()
    return ", ".join(("size", *latency, *(("peak memory",) if asked.memory else ())))


def _pack(pack: ResolvedPack) -> str:
    kinds = [control.kind for control in pack.pack.controls]
    counts = {kind: kinds.count(kind) for kind in ("gate", "screen", "record")}
    counted = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items() if count)
    return f"{pack.pack.name}: {counted}"
