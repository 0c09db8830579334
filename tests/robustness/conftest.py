"""Builds evidence by hand, so that checks are tested without files, models or a measuring process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.declarations.metric import Sample
from audit.records.plan import Plan
from audit.records.sections import ModelFacts, TableFacts
from audit.records.spec import AuditSpec
from audit.robustness.measure import measure
from audit.subject.evidence import Evaluation, Evidence, Predictions, Subject, Table


class Silent:
    def progress(self, done: int, total: int, text: str = "") -> None:
        pass

    def warning(self, text: str) -> None:
        raise AssertionError(text)


def _table(role: str, features: pd.DataFrame, target: Any = None) -> Table:
    n = len(features)
    return Table(
        role=role,
        features=features,
        target=None if target is None else np.asarray(target),
        target_raw=None,
        weight=None,
        sensitive=pd.DataFrame(index=range(n)),
        time=None,
        cv_group=None,
        facts=TableFacts(role=role, name=f"{role}.csv", rows=n, rows_used=n),
    )


def _evidence(
    test: Table,
    train: Table | None = None,
    *,
    task: str = "binary",
    classes: int = 2,
    score: Any = None,
    reference: Table | None = None,
) -> Evidence:
    regression = task == "regression"
    scores = np.linspace(0, 1, test.n) if score is None else np.asarray(score, dtype=np.float64)
    positive = 1 if task == "binary" else None
    subject = Subject(
        task=task,
        classes=() if regression else tuple(str(c) for c in range(classes)),
        positive=positive,
        favourable=positive,
        threshold=None,
        model=None,
        facts=ModelFacts(name="m", format="predictions", type="predictions", refittable=False),
        test=test,
        train=train,
        reference=reference,
        predictions=None,
    )
    predictions = Predictions(label=None, score=scores, probability=not regression)
    sample = Sample(target=test.target, score=scores, classes=0 if regression else classes, positive=positive)
    headline = Evaluation("held_out", test, predictions, sample=sample)
    return Evidence(subject, headline=headline, held_out=headline, out_of_fold=None, train=None)


def _plan(**robustness: Any) -> Plan:
    spec = {"model": {"predictions": {"label": "y"}}, "data": {"test": "t.csv"}, "robustness": robustness}
    return Plan(spec=AuditSpec.model_validate(spec))


@pytest.fixture(scope="session")
def make_evidence():
    return _evidence


@pytest.fixture(scope="session")
def make_table():
    return _table


@pytest.fixture(scope="session")
def make_plan():
    return _plan


@pytest.fixture(scope="session")
def found():
    """Run the checks on hand-made evidence and return their facts by name and what was measured, by id."""

    def run(evidence, plan=None):
        section, observations = measure(evidence, plan or _plan(), Silent())
        by_id = {o.id: o.measured for o in observations}
        assert len(by_id) == len(observations)
        return {check.name: check for check in section.checks}, by_id

    return run
