"""Evidence made by hand: a fitted model, rows and labels, with no file in between."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.declarations.metric import Sample
from audit.records.plan import Plan
from audit.records.sections import TableFacts
from audit.records.spec import AttributionSpec, AuditSpec, DataSpec, ModelSpec
from audit.subject.estimator import Identity, adapted
from audit.subject.evidence import Evaluation, Evidence, LoadedModel, Predictions, Subject, Table

# Makes the made-up credit table and the subjects whose truth is known importable.
sys.path.insert(0, str(Path(__file__).parent))


@dataclass
class Silence:
    said: list[str] = field(default_factory=list)

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Say nothing."""

    def warning(self, text: str) -> None:
        self.said.append(text)


def table(
    features: pd.DataFrame, target: Any = None, role: str = "test", sensitive: Any = None, weight: Any = None
) -> Table:
    n = len(features)
    return Table(
        role=role,
        features=features,
        target=target,
        target_raw=None,
        weight=weight,
        sensitive=pd.DataFrame(index=range(n)) if sensitive is None else sensitive,
        time=None,
        cv_group=None,
        facts=TableFacts(role=role, name="memory", rows=n, rows_used=n),
    )


def evidence_of(
    native: Any,
    features: pd.DataFrame,
    target: Any,
    *,
    train: pd.DataFrame | None = None,
    task: str | None = None,
    positive: int = 1,
    sensitive: pd.DataFrame | None = None,
    weight: Any = None,
    held_out: bool = True,
) -> Evidence:
    model = adapted(native, Identity(place="model", name="m", format="memory", heard=lambda _: None))
    classes = tuple(str(c) for c in model.classes or ())
    task = task or ("regression" if not classes else "binary" if len(classes) == 2 else "multiclass")
    codes = target
    if target is not None and classes:
        codes = np.array([list(model.classes).index(v) for v in np.asarray(target).tolist()], dtype=np.int64)

    def predictions(loaded: LoadedModel, rows: Table) -> Predictions:
        label = loaded.predict(rows.features)
        if not classes:
            return Predictions(label=None, score=label.astype(np.float64), probability=False)
        found = np.array([list(loaded.classes).index(v) for v in label.ravel().tolist()], dtype=np.int64)
        if loaded.predict_score is None:
            return Predictions(label=found, score=None, probability=False)
        score = loaded.predict_score(rows.features).astype(np.float64)
        if task == "binary":
            score = score[:, positive] if score.ndim == 2 else score * (1 if positive == 1 else -1)
        return Predictions(label=found, score=score, probability=loaded.probability)

    test = table(features, codes, sensitive=sensitive, weight=weight, role="test" if held_out else "train")
    subject = Subject(
        task=task,
        classes=classes,
        positive=positive if task == "binary" else None,
        favourable=None,
        threshold=0.5 if task == "binary" else None,
        model=model,
        facts=model.facts,
        test=test if held_out else None,
        train=table(train, role="train") if train is not None else None,
        reference=None,
        predictions=predictions,
    )
    found = predictions(model, test)
    sample = Sample(
        target=codes, label=found.label, score=found.score, classes=len(classes), probability=found.probability
    )
    evaluation = Evaluation(
        scope="held_out" if held_out else "out_of_fold", table=test, predictions=found, sample=sample
    )
    return Evidence(
        subject=subject,
        headline=evaluation,
        held_out=evaluation if held_out else None,
        out_of_fold=None if held_out else evaluation,
        train=None,
    )


def plan_of(**attribution: Any) -> Plan:
    """Return a plan with a tenth of the usual budget of predictions and no checks, unless they are asked for."""
    attribution = {"budget": 30_000, "checks": False, **attribution}
    return Plan(
        spec=AuditSpec(
            model=ModelSpec(path="m"), data=DataSpec(test="t"), attribution=AttributionSpec.model_validate(attribution)
        )
    )


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    return evidence_of


@pytest.fixture
def run() -> Callable[..., Any]:
    """Measure a fitted model on rows and labels; keyword arguments in `spec` go to the spec's section."""
    from audit.attribution.measure import measure

    def measured(native: Any, features: pd.DataFrame, target: Any, spec: Any = None, **more: Any) -> Any:
        return measure(evidence_of(native, features, target, **more), plan_of(**(spec or {})), Silence())

    return measured


@pytest.fixture
def measure_evidence() -> Callable[..., Any]:
    """Measure evidence as it is; keyword arguments go to the spec's section."""
    from audit.attribution.measure import measure

    return lambda evidence, **spec: measure(evidence, plan_of(**spec), Silence())


@pytest.fixture
def ground() -> Callable[..., Any]:
    """The shared ground of some evidence; keyword arguments go to the spec's section."""
    from audit.attribution.ground import ground_of

    def made(evidence: Evidence, **spec: Any) -> Any:
        plan = plan_of(**spec)
        assert evidence.subject.model is not None and plan.spec.attribution
        return ground_of(evidence, evidence.subject.model, plan.spec, plan.spec.attribution)

    return made
