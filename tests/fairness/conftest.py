"""Builds evidence by hand, so that fairness is tested without files, models or a measuring process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.catalogue import load_all
from audit.declarations.metric import Sample
from audit.fairness.measure import measure
from audit.records.plan import MeasurementRequest, Plan
from audit.records.sections import ModelFacts, TableFacts
from audit.records.spec import AuditSpec
from audit.subject.evidence import Evaluation, Evidence, Predictions, Subject, Table

# Makes the rows that are divided by hand importable.
sys.path.insert(0, str(Path(__file__).parent))


class Silent:
    def progress(self, done: int, total: int, text: str = "") -> None:
        pass

    def warning(self, text: str) -> None:
        raise AssertionError(text)


def _evidence(
    sensitive: dict[str, Sequence[str]],
    *,
    target: Sequence[float] | None = None,
    label: Sequence[int] | None = None,
    score: Any = None,
    weight: Sequence[float] | None = None,
    weight_kind: str = "frequency",
    task: str = "binary",
    classes: int = 2,
    favourable: int | None = None,
    probability: bool = False,
    features: dict[str, Sequence[Any]] | None = None,
) -> Evidence:
    n = len(next(iter(sensitive.values())))
    regression = task == "regression"
    kind = np.float64 if regression else np.int64
    truth = None if target is None else np.asarray(target, dtype=kind)
    labels = None if label is None else np.asarray(label, dtype=np.int64)
    scores = None if score is None else np.asarray(score, dtype=np.float64)
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)
    positive = 1 if task == "binary" else None
    table = Table(
        role="test",
        features=pd.DataFrame(features or {}, index=range(n)),
        target=truth,
        target_raw=None,
        weight=weights,
        sensitive=pd.DataFrame(sensitive, dtype=object),
        time=None,
        cv_group=None,
        facts=TableFacts(role="test", name="t.csv", rows=n, rows_used=n),
    )
    facts = ModelFacts(name="m", format="predictions", type="predictions", refittable=False)
    favours = positive if favourable is None else favourable
    subject = Subject(
        task=task,
        classes=() if regression else tuple(str(c) for c in range(classes)),
        positive=positive,
        favourable=favours,
        threshold=None,
        model=None,
        facts=facts,
        test=table,
        train=None,
        reference=None,
        predictions=None,
    )
    sample = Sample(
        target=truth,
        label=labels,
        score=scores,
        weight=weights,
        weight_kind=weight_kind,
        classes=0 if regression else classes,
        positive=positive,
        favourable=favours,
        probability=probability,
    )
    evaluation = Evaluation("held_out", table, Predictions(labels, scores, probability), sample=sample)
    return Evidence(subject, headline=evaluation, held_out=evaluation, out_of_fold=None, train=None)


def _plan(
    features: Sequence[str],
    *,
    requests: Sequence[MeasurementRequest] = (),
    minimum_group: int = 1,
    resamples: int = 200,
    fairness: dict[str, Any] | None = None,
    **sensitive: Any,
) -> Plan:
    spec = AuditSpec.model_validate(
        {
            "model": {"predictions": {"label": "y"}},
            "data": {"test": "t.csv"},
            "sensitive": {"features": tuple(features), "minimum_group": minimum_group, **sensitive},
            "performance": {"interval": {"resamples": resamples}},
            "fairness": fairness or {},
        }
    )
    return Plan(spec=spec, requests=tuple(requests))


@pytest.fixture(scope="session")
def make_evidence():
    return _evidence


@pytest.fixture(scope="session")
def make_plan():
    return _plan


@pytest.fixture(scope="session")
def found():
    """Measure by hand-made evidence and return the section and what was measured, by id."""
    with pytest.MonkeyPatch.context() as patch:
        # Looking extensions up anew for each of hundreds of examples would take most of the time.
        patch.setattr("audit.fairness.measure.load_all", cache(load_all))

        def run(evidence, plan):
            section, observations = measure(evidence, plan, Silent())
            by_id = {o.id: o.measured for o in observations}
            assert len(by_id) == len(observations)
            return section, by_id

        yield run
