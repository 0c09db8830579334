"""What has to hold between the keys of a spec, each rule with the sections that it reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from audit.records.spec import AuditSpec, ModelSpec, asked

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """A rule that is broken."""

    loc: Loc
    message: str
    hint: str = ""


def findings(spec: AuditSpec, faulty: frozenset[str]) -> Iterator[Finding]:
    """Yield what breaks a rule; a rule that reads a section in `faulty` is left for the next run."""
    for sections, rule in _RULES:
        if not faulty.intersection(sections):
            yield from rule(spec)


# What authors may well write for a value that has to be one of a few.
ADVICE = {
    ("task", "multilabel"): "multilabel models are not audited: a row would carry several labels at once. "
    "Audit each label as a binary task of its own.",
    ("task", "survival"): "survival models are not audited: a censored time is neither a class nor a value. "
    "Audit the event within a fixed horizon as a binary task.",
    ("task", "forecasting"): "forecasting models are not audited: the rows of a series depend on each other. "
    "Audit one step ahead as regression with `performance.cross_validation.by: time`.",
    ("task", "classification"): "expected one of binary, multiclass, regression, ranking_score. "
    "Write binary for two classes, multiclass for more.",
    ("task", "clustering"): "clustering models are not audited: there is no label to hold a cluster against.",
    ("performance.cross_validation.by", "random"): "expected one of stratified, plain, group, time. "
    "Folds at random are called plain.",
}


def _models(spec: AuditSpec) -> Iterator[tuple[str, ModelSpec]]:
    """Yield the section and what it says, of the model and of the challenger."""
    yield "model", spec.model
    if spec.challenger is not None:
        yield "challenger", spec.challenger


def _one_model(spec: AuditSpec) -> Iterator[Finding]:
    for section, model in _models(spec):
        given = [key for key in ("path", "predictions", "estimator") if getattr(model, key) is not None]
        if len(given) == 1:
            continue
        hint = (
            "path: a model file; predictions: columns of data.test; estimator: a factory fitted on data.train."
            if not given
            else "Keep one of them."
        )
        found = f"found {' and '.join(given)}" if given else "found none of them"
        yield Finding((section,), f"expected exactly one of path, predictions and estimator, {found}.", hint)


def _keys_of_the_kind_of_model(spec: AuditSpec) -> Iterator[Finding]:
    for section, model in _models(spec):
        if model.path is None:
            for key in ("sha256", "trust", "key", "code"):
                if getattr(model, key):
                    hint = f"Give {section}.path or delete it."
                    yield Finding((section, key), f"{key} applies to a model file only.", hint)
        elif model.trust and model.sha256 is None:
            message = f"trust needs {section}.sha256 beside it, so that only this very file can run code."
            yield Finding((section, "trust"), message, "`sha256sum FILE` prints it.")
        if model.estimator is None and model.params:
            yield Finding((section, "params"), f"params applies to {section}.estimator only.", "Delete it.")
        if model.estimator is not None and not re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", model.estimator):
            message = f"expected package.module:factory, found {model.estimator!r}."
            yield Finding((section, "estimator"), message, "For example: sklearn.linear_model:LogisticRegression")


def _predictions(spec: AuditSpec) -> Iterator[Finding]:
    for section, model in _models(spec):
        if model.predictions is not None and model.predictions.label is None and model.predictions.score is None:
            message = "expected label, score or both, found neither."
            yield Finding((section, "predictions"), message, "Name the columns of data.test that hold them.")
    if spec.model.predictions is not None and spec.data.test is None:
        message = "predictions stand in the table data.test, and there is none."
        yield Finding(("data",), message, "Add data.test.")


def _fitted_challenger(spec: AuditSpec) -> Iterator[Finding]:
    if spec.challenger is None or spec.challenger.estimator is None:
        return
    for key, what in (("train", "table to fit it on"), ("target", "column to learn")):
        if getattr(spec.data, key) is None:
            message = f"challenger.estimator is fitted inside the audit and needs data.{key}."
            yield Finding(("challenger", "estimator"), message, f"Name the {what}.")


def _compared(spec: AuditSpec) -> Iterator[Finding]:
    if spec.challenger is not None and spec.performance is False:
        message = "a challenger is compared in the section performance, which is switched off."
        yield Finding(("challenger",), message, "Delete the challenger, or performance: false.")


def _tables(spec: AuditSpec) -> Iterator[Finding]:
    data = spec.data
    if data.test is None and data.train is None:
        yield Finding(("data",), "expected test or train, found neither.", "Name a table of held-out rows: test: FILE.")
    if spec.model.estimator is not None and data.train is None:
        message = "model.estimator is fitted inside the audit and needs data.train."
        yield Finding(("data",), message, "Name the table to fit it on.")
    if spec.model.estimator is not None and data.target is None:
        message = "model.estimator is fitted inside the audit and needs data.target."
        yield Finding(("data",), message, "Name the column to learn.")


def _columns(spec: AuditSpec) -> Iterator[Finding]:
    data = spec.data
    features = data.features or ()
    yield from _repeats(("data", "features"), features)
    for key in ("target", "id"):
        column = getattr(data, key)
        if column is not None and column in features:
            message = f"{column!r} is data.{key} and cannot be a feature as well."
            yield Finding(("data", "features", features.index(column)), message, "Delete it here.")


def _target_is_no_group(spec: AuditSpec) -> Iterator[Finding]:
    for i, column in enumerate(spec.sensitive.features):
        if column == spec.data.target:
            message = f"{column!r} is data.target and cannot be a sensitive feature as well."
            yield Finding(("sensitive", "features", i), message, "Delete it here.")


def _groups(spec: AuditSpec) -> Iterator[Finding]:
    sensitive = spec.sensitive
    listed = ", ".join(sensitive.features) or "none"
    yield from _repeats(("sensitive", "features"), sensitive.features)
    for key in ("roles", "bins", "reference"):
        known = sensitive.features if key == "bins" else sensitive.grouped
        for column in getattr(sensitive, key):
            if column not in known:
                message = f"{column!r} is not in sensitive.features (listed: {listed})."
                yield Finding(("sensitive", key, column), message, "List it there or delete it here.")
    for i, columns in enumerate(sensitive.intersections):
        yield from _intersection(("sensitive", "intersections", i), columns, sensitive.grouped)
    for column, edges in sensitive.bins.items():
        if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
            found = ", ".join(f"{edge:g}" for edge in edges) or "none"
            message = f"expected two or more increasing edges, found {found}."
            yield Finding(("sensitive", "bins", column), message, "For example: [0, 25, 40, 120]")
    if sensitive.table is not None and not sensitive.grouped:
        message = "a table of sensitive columns is named, and sensitive.features lists none."
        yield Finding(("sensitive", "table"), message, "List the columns to group by.")


def _probabilities(spec: AuditSpec) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for name, groups in spec.sensitive.probabilities.items():
        loc: Loc = ("sensitive", "probabilities", name)
        if name in spec.sensitive.features:
            message = f"{name!r} is in sensitive.features too: its groups are known for certain or by probability."
            yield Finding(loc, message, "Delete one of the two, or give this one another name.")
        if len(groups) < 2:
            message = f"expected two or more groups, found {', '.join(groups) or 'none'}."
            yield Finding(loc, message, "Name every group, so that the probabilities of a row sum to 1.")
        for group, column in groups.items():
            if column in taken:
                message = f"the column {column!r} is that of {taken[column]} already."
                yield Finding((*loc, group), message, "Each group has a column of its own.")
            if column in (spec.data.target, spec.data.id):
                key = "data.target" if column == spec.data.target else "data.id"
                yield Finding((*loc, group), f"{column!r} is {key} and holds no probability.", "Name another column.")
            if group == "unknown":
                yield Finding((*loc, group), "'unknown' is what rows without probabilities are called.", "Rename it.")
            taken[column] = f"{name}, {group}"
        named = spec.sensitive.reference.get(name)
        if named is not None and named not in groups:
            message = f"there is no group {named!r} under sensitive.probabilities.{name}."
            yield Finding(("sensitive", "reference", name), message, f"Name one of them: {', '.join(groups)}.")


def _intersection(loc: Loc, columns: tuple[str, ...], features: tuple[str, ...]) -> Iterator[Finding]:
    yield from _repeats(loc, columns)
    if not 2 <= len(columns) <= 3:
        message = f"expected 2 or 3 columns, found {len(columns)}."
        yield Finding(loc, message, "Deeper intersections leave groups of a few rows.")
    for i, column in enumerate(columns):
        if column not in features:
            message = f"{column!r} is not in sensitive.features (listed: {', '.join(features) or 'none'})."
            yield Finding((*loc, i), message, "List it there or delete it here.")


def _folds(spec: AuditSpec) -> Iterator[Finding]:
    folds = spec.performance and spec.performance.cross_validation
    if not folds:
        yield from _curve_without_folds(spec)
        return
    loc = ("performance", "cross_validation")
    if folds.by == "time" and folds.repeats > 1:
        message = f"folds by time are the same however often they are dealt, found repeats: {folds.repeats}."
        yield Finding((*loc, "repeats"), message, "Delete it, or change by.")
    if folds.by == "group" and folds.column is None:
        yield Finding(loc, "folds by group need the column that holds the groups.", "Add column: NAME.")
    if folds.by == "time" and folds.column is None and spec.data.time is None:
        yield Finding(loc, "folds by time need a column that orders the rows.", "Add column: NAME, or data.time.")
    if folds.by in ("stratified", "plain") and folds.column is not None:
        message = f"column is read only with by: group or by: time, found by: {folds.by}."
        yield Finding((*loc, "column"), message, "Change by, or delete column.")


def _curve_without_folds(spec: AuditSpec) -> Iterator[Finding]:
    if spec.performance and spec.performance.learning_curve:
        message = "a learning curve is fitted inside the folds of cross_validation, which is off."
        yield Finding(("performance", "learning_curve"), message, "Delete it, or switch cross_validation on.")


def _grades(spec: AuditSpec) -> Iterator[Finding]:
    grades = spec.performance and spec.performance.grades
    if not grades:
        return
    loc = ("performance", "grades")
    if (grades.column is None) == (grades.edges is None):
        found = "neither" if grades.column is None else "both"
        yield Finding(loc, f"expected exactly one of column and edges, found {found}.", "Keep one of them.")
    edges = grades.edges or (0.0, 1.0)
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
        found = ", ".join(f"{edge:g}" for edge in edges) or "none"
        message = f"expected two or more increasing edges, found {found}."
        yield Finding((*loc, "edges"), message, "For example: [0, 0.01, 0.05, 1]")


def _clusters(spec: AuditSpec) -> Iterator[Finding]:
    column = spec.performance and spec.performance.interval.cluster
    loc = ("performance", "interval", "cluster")
    for key in ("target", "id"):
        if column and column == getattr(spec.data, key):
            message = f"{column!r} is data.{key}: it does not say which rows belong together."
            yield Finding(loc, message, "Name a column whose value rows of one cluster share, or delete the key.")


def _classes(spec: AuditSpec) -> Iterator[Finding]:
    decision = spec.decision
    if spec.task == "regression":
        for key in ("positive", "favourable"):
            if getattr(decision, key) is not None:
                yield Finding(("decision", key), f"regression has no classes, so {key} means nothing.", "Delete it.")


def _costs(spec: AuditSpec) -> Iterator[Finding]:
    costs, loc = spec.decision.costs, ("decision", "costs")
    if costs is None:
        return
    if spec.task not in (None, "binary"):
        yield Finding(loc, f"costs belong to decisions between two labels; the task is {spec.task}.", "Delete the key.")
    for wrong, right in (("false_positive", "true_negative"), ("false_negative", "true_positive")):
        dear, cheap = getattr(costs, wrong), getattr(costs, right)
        if dear <= cheap:
            message = f"{wrong} costs {dear:g}, no more than {right} ({cheap:g}): no threshold could then be right."
            yield Finding((*loc, wrong), message, "A cost below zero is a benefit.")


def _lists(spec: AuditSpec) -> Iterator[Finding]:
    yield from _repeats(("report", "formats"), spec.report.formats)


def _batches(spec: AuditSpec) -> Iterator[Finding]:
    if not spec.efficiency:
        return
    loc, batches = ("efficiency", "batches"), spec.efficiency.batches
    if not batches:
        yield Finding(loc, "expected one number of rows or more, found none.", "For example: [1, 1000]")
    yield from _repeats(loc, batches)
    for i, rows in enumerate(batches):
        if not 1 <= rows <= 1_000_000:
            yield Finding((*loc, i), f"expected 1 to 1,000,000 rows, found {rows:,}.", "For example: [1, 1000]")


def _cases(spec: AuditSpec) -> Iterator[Finding]:
    local = spec.attribution and spec.attribution.local
    if not local:
        return
    loc: Loc = ("attribution", "local")
    if local.ids and spec.data.id is None:
        message = "cases are named by data.id, and there is none."
        yield Finding((*loc, "ids"), message, "Add data.id, or name row_numbers.")
    for key in ("ids", "row_numbers", "choose"):
        yield from _repeats((*loc, key), getattr(local, key))
    for i, number in enumerate(local.row_numbers):
        if number < 1:
            yield Finding((*loc, "row_numbers", i), f"rows count from 1, found {number}.", "1 is below the header.")
    asked = local.counterfactuals
    for column, ends in asked.ranges.items() if asked else ():
        if len(ends) != 2 or ends[0] > ends[1]:
            found = ", ".join(f"{end:g}" for end in ends) or "none"
            message = f"expected the lowest and the highest value, found {found}."
            yield Finding((*loc, "counterfactuals", "ranges", column), message, "For example: [0, 60]")
    for key in ("monotone", "ranges"):
        for column in getattr(asked, key) if asked else ():
            if asked and column in asked.immutable:
                message = f"{column!r} is immutable, so nothing can be said of how it changes."
                yield Finding((*loc, "counterfactuals", key, column), message, "Delete one of the two.")


def _packs(spec: AuditSpec) -> Iterator[Finding]:
    yield from _repeats(("policies",), tuple(p if isinstance(p, str) else p.pack for p in spec.policies))


def _measures(spec: AuditSpec) -> Iterator[Finding]:
    if spec.performance:
        yield from _repeats(("performance", "metrics"), tuple(map(str, asked(spec.performance.metrics) or ())))
    if spec.fairness:
        yield from _repeats(("fairness", "metrics"), tuple(map(str, asked(spec.fairness.metrics) or ())))
        yield from _repeats(("fairness", "strata"), spec.fairness.strata)
    if spec.attribution:
        yield from _repeats(("attribution", "methods"), spec.attribution.methods or ())
        yield from _repeats(("attribution", "checks"), spec.attribution.checks or ())
    if spec.robustness:
        yield from _repeats(("robustness", "checks"), spec.robustness.checks or ())


def _column_groups(spec: AuditSpec) -> Iterator[Finding]:
    if not spec.attribution:
        return
    taken: dict[str, str] = {}
    for name, columns in spec.attribution.groups.items():
        loc: Loc = ("attribution", "groups", name)
        if not columns:
            yield Finding(loc, "expected one column or more, found none.", "List the columns of the group.")
        yield from _repeats(loc, columns)
        for i, column in enumerate(columns):
            if taken.setdefault(column, name) != name:
                message = f"{column!r} is in the group {taken[column]!r} already."
                yield Finding((*loc, i), message, "A column belongs to one group: delete one of the two.")


def _repeats(loc: Loc, names: tuple[str | int, ...]) -> Iterator[Finding]:
    for name, count in Counter(names).items():
        if count > 1:
            again = names.index(name, names.index(name) + 1)
            yield Finding((*loc, again), f"{name!r} is named twice.", "Delete one of the two.")


_RULES: tuple[tuple[tuple[str, ...], Callable[[AuditSpec], Iterator[Finding]]], ...] = (
    (("model", "challenger"), _one_model),
    (("model", "challenger"), _keys_of_the_kind_of_model),
    (("model", "challenger", "data"), _predictions),
    (("challenger", "data"), _fitted_challenger),
    (("challenger", "performance"), _compared),
    (("model", "data"), _tables),
    (("data",), _columns),
    (("data", "sensitive"), _target_is_no_group),
    (("sensitive",), _groups),
    (("data", "sensitive"), _probabilities),
    (("performance", "data"), _folds),
    (("performance",), _grades),
    (("performance", "data"), _clusters),
    (("task", "decision"), _classes),
    (("task", "decision"), _costs),
    (("attribution", "data"), _cases),
    (("report",), _lists),
    (("policies",), _packs),
    (("efficiency",), _batches),
    (("performance", "fairness", "attribution", "robustness"), _measures),
    (("attribution",), _column_groups),
)
