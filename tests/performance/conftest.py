"""Builds evidence by hand: a few rows, a model of a few lines, no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.records.plan import Plan
from audit.records.sections import ModelFacts, TableFacts
from audit.records.spec import AuditSpec, DataSpec, IntervalSpec, ModelSpec, PerformanceSpec
from audit.subject.evidence import Evidence, LoadedModel, Predictions, Subject, Table
from audit.subject.gather import evaluated, gather_evidence
from audit.subject.predict import predictor


class Heard:
    """A Tell that keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def progress(self, done: int, total: int, text: str = "") -> None:
        assert done <= total or total == 0

    def warning(self, text: str) -> None:
        self.warnings.append(text)


def table_of(
    role: str, features: pd.DataFrame, target: Any, weight: Any = None, classes: tuple[str, ...] = ()
) -> Table:
    n = len(features)
    raw = None if target is None else pd.Series(np.asarray(target))
    target = None if target is None else np.asarray(target)
    if target is not None and target.dtype.kind not in "iuf":
        target = np.array([classes.index(str(label)) for label in target])
    known = target is not None and bool(classes)
    counts = {name: int((target == code).sum()) for code, name in enumerate(classes)} if known else {}
    return Table(
        role=role,
        features=features,
        target=target,
        target_raw=raw,
        weight=None if weight is None else np.asarray(weight, dtype=float),
        sensitive=pd.DataFrame(index=features.index),
        time=None,
        cv_group=None,
        facts=TableFacts(role=role, name=f"{role}.csv", rows=n, rows_used=n, target_counts=counts),
    )


def model_of(estimator: Any) -> LoadedModel:
    """A fitted scikit-learn estimator behind the model's one face."""
    from sklearn.base import clone

    def fit(rows: pd.DataFrame, target: pd.Series, weight: Any) -> LoadedModel:
        return model_of(clone(estimator).fit(rows, target))

    proba = getattr(estimator, "predict_proba", None)
    classes = getattr(estimator, "classes_", None)
    return LoadedModel(
        facts=ModelFacts(name="toy", format="memory", type=type(estimator).__name__, refittable=True),
        native=estimator,
        features=None,
        classes=None if classes is None else tuple(classes),
        capabilities=frozenset(),
        predict=lambda rows: np.asarray(estimator.predict(rows)),
        predict_score=proba and (lambda rows: np.asarray(proba(rows))),
        probability=proba is not None,
        fit=fit,
    )


def plan_of(**performance: Any) -> Plan:
    data = performance.pop("data", DataSpec())
    requests = performance.pop("requests", ())
    performance.setdefault("interval", IntervalSpec(resamples=200))
    spec = AuditSpec(model=ModelSpec(path="m"), data=data, performance=PerformanceSpec(**performance))
    return Plan(spec=spec, requests=requests)


def evidence_of(estimator: Any, *, task: str, classes: tuple[str, ...], test: Any, train: Any, plan: Plan) -> Evidence:
    """Evidence as the measuring process gathers it; test and train are (features, target) or None."""
    model = model_of(estimator)
    positive = 1 if task == "binary" else None
    threshold = 0.5 if task == "binary" else None
    subject = Subject(
        task=task,
        classes=classes,
        positive=positive,
        favourable=positive,
        threshold=threshold,
        model=model,
        facts=model.facts,
        test=None if test is None else table_of("test", *test, classes=classes),
        train=None if train is None else table_of("train", *train, classes=classes),
        reference=None,
        predictions=predictor(task, classes, positive, threshold),
    )
    return gather_evidence(subject, plan.spec, Heard())


def supplied_of(
    *,
    task: str,
    classes: tuple[str, ...],
    target: Any,
    label: Any = None,
    score: Any = None,
    weight: Any = None,
    weight_kind: Any = "frequency",
) -> Evidence:
    """Evidence of an audit of predictions: no model, no training rows."""
    rows = next(a for a in (label, score, target) if a is not None)
    table = table_of("test", pd.DataFrame(index=range(len(rows))), target, weight)
    table = replace(table, weight_kind=weight_kind)
    predictions = Predictions(
        None if label is None else np.asarray(label),
        None if score is None else np.asarray(score, dtype=float),
        probability=score is not None and task in ("binary", "multiclass"),
    )
    positive = 1 if task in ("binary", "ranking_score") else None
    facts = ModelFacts(name="table", format="predictions", type="predictions", refittable=False)
    subject = Subject(
        task=task,
        classes=classes,
        positive=positive,
        favourable=positive,
        threshold=None,
        model=None,
        facts=facts,
        test=table,
        train=None,
        reference=None,
        predictions=None,
        supplied=predictions,
    )
    headline = evaluated(subject, table, predictions, "held_out")
    return Evidence(
        subject=subject,
        headline=headline,
        held_out=headline,
        out_of_fold=None,
        train=None,
        no_cross_validation="there is no model to refit.",
    )


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def plan() -> Callable[..., Plan]:
    return plan_of


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    return evidence_of


@pytest.fixture
def supplied() -> Callable[..., Evidence]:
    return supplied_of
