"""CPU time of LIME and the kernel methods over that of their predictions, LightGBM of 300 trees; run as a script."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

# One thread, as in the process that measures: threads that wait for each other would be counted as work.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification

from audit import catalogue
from audit.attribution.ground import ground_of
from audit.declarations.attribution import Attributed, Ground
from audit.declarations.metric import Sample
from audit.records.sections import TableFacts
from audit.records.spec import AttributionSpec, AuditSpec, DataSpec, ModelSpec
from audit.subject.estimator import Identity, adapted
from audit.subject.evidence import Evaluation, Evidence, Subject, Table
from audit.subject.predict import predictor

METHODS = ("exact_shap", "permutation_shap", "kernel_shap", "grouped_shap", "partition_shap", "lime")
AT_MOST, ROUNDS = 1.3, 5


def main() -> None:
    """Check that both ways give the same values, then print the ratio of their CPU times for each method."""
    warnings.simplefilter("ignore")
    X, y = make_classification(6_000, 30, n_informative=12, random_state=0)
    frame = pd.DataFrame(X, columns=[f"f{j}" for j in range(30)])
    for name in METHODS:
        columns = 10 if name == "exact_shap" else 30
        model = LGBMClassifier(n_estimators=300, n_jobs=1, verbose=-1).fit(frame.iloc[:4000, :columns], y[:4000])
        ground = shared(model, frame.iloc[:, :columns], y)
        method = catalogue.load("attributions", name)
        asked: list[pd.DataFrame] = []
        first = method.attribute(replace(ground, predict=listening(ground.predict, asked)))
        ratios = []
        for _ in range(ROUNDS):
            whole, second = seconds(method.attribute, ground)
            assert_same(first, second)
            alone, _ = seconds(predicted, ground, asked)
            ratios.append(whole / alone)
        rows = sum(map(len, asked))
        print(f"{name}: {rows:,} predictions in {len(asked)} calls, {alone:.2f} s alone, ratio {np.median(ratios):.2f}")
        assert np.median(ratios) <= AT_MOST, name


def listening(predict: Callable[[pd.DataFrame], Any], asked: list[pd.DataFrame]) -> Callable[[pd.DataFrame], Any]:
    """Return the prediction function that also keeps what it was asked."""

    def heard(rows: pd.DataFrame) -> Any:
        asked.append(rows)
        return predict(rows)

    return heard


def assert_same(one: Attributed, other: Attributed) -> None:
    """Hold that listening changed nothing."""
    assert one.values is not None and other.values is not None
    np.testing.assert_array_equal(one.values, other.values)


def predicted(ground: Ground, asked: list[pd.DataFrame]) -> None:
    """Predict the same rows in the same batches."""
    for rows in asked:
        ground.predict(rows)


def seconds(work: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """CPU seconds of this process, and what the work returned."""
    start = time.process_time()
    found = work(*given)
    return time.process_time() - start, found


def shared(model: Any, frame: pd.DataFrame, y: np.ndarray) -> Ground:
    """The ground of an audit with its usual settings: 2,000 held-out rows, a budget of 300,000 predictions."""
    loaded = adapted(model, Identity(place="model", name="m", format="memory", heard=lambda _: None))
    train, test = table(frame[:4000], y[:4000], "train"), table(frame[4000:].reset_index(drop=True), y[4000:], "test")
    subject = Subject(
        task="binary",
        classes=("0", "1"),
        positive=1,
        favourable=None,
        threshold=0.5,
        model=loaded,
        facts=loaded.facts,
        test=test,
        train=train,
        reference=None,
        predictions=PREDICT,
    )
    found = PREDICT(loaded, test)
    sample = Sample(target=test.target, label=found.label, score=found.score, classes=2, probability=True)
    seen = Evaluation(scope="held_out", table=test, predictions=found, sample=sample)
    evidence = Evidence(subject=subject, headline=seen, held_out=seen, out_of_fold=None, train=None)
    asked = AttributionSpec()
    spec = AuditSpec(model=ModelSpec(path="m"), data=DataSpec(test="t"), attribution=asked)
    return ground_of(evidence, loaded, spec, asked)


def table(features: pd.DataFrame, target: np.ndarray, role: str) -> Table:
    """A table in memory."""
    return Table(
        role=role,
        features=features,
        target=target.astype(np.int64),
        target_raw=None,
        weight=None,
        sensitive=pd.DataFrame(index=range(len(features))),
        time=None,
        cv_group=None,
        facts=TableFacts(role=role, name="memory", rows=len(features), rows_used=len(features)),
    )


PREDICT = predictor("binary", ("0", "1"), 1, 0.5)

if __name__ == "__main__":
    main()
