"""What cross-validation and permutation importance add to the model's own fit and predict; run as a script.

Both sides are CPU seconds of this process: all of ours, and inside them those that LightGBM's own `fit` and
`predict_proba` took. Results are held against a plain loop first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss

from audit.attribution.ground import ground_of
from audit.attribution.tabular.permutation_importance import attribute
from audit.declarations.attribution import Ground
from audit.records.sections import TableFacts
from audit.records.spec import AttributionSpec, AuditSpec, DataSpec, ModelSpec, PerformanceSpec
from audit.subject.estimator import Identity, adapted
from audit.subject.evidence import Evidence, Subject, Table
from audit.subject.gather import gather_evidence
from audit.subject.predict import predictor

ROWS, COLUMNS, TREES, FOLDS = 20_000, 30, 300, 5
SPEC = AuditSpec(
    model=ModelSpec(path="m"), data=DataSpec(train="t", target="y"), performance=PerformanceSpec(learning_curve=False)
)
OWN = {"fit": 0.0, "predict_proba": 0.0}


class Timed(LGBMClassifier):
    """Adds up the CPU seconds of its own work."""

    def fit(self, *given: Any, **named: Any) -> Timed:
        return _timed("fit", super().fit, *given, **named)

    def predict_proba(self, *given: Any, **named: Any) -> Any:
        return _timed("predict_proba", super().predict_proba, *given, **named)


def main() -> None:
    """Check both results, then print the seconds and what was added to the model's own."""
    subject = _subject()
    evidence, total, own = _measured(gather_evidence, subject, SPEC, Deaf())
    _check_folds(subject, evidence)
    print(
        f"cross-validation: {total:.2f} s, of which the model's own {own:.2f} s: {100 * (total / own - 1):.1f} % added"
    )
    assert subject.model is not None
    ground = ground_of(evidence, subject.model, SPEC, AttributionSpec())
    found, total, own = _measured(attribute, ground)
    _check_importances(ground, {o.id.rsplit("/", 1)[1]: o.measured.value for o in found.observations})
    print(f"permutation importance: {total:.2f} s, own {own:.2f} s: {100 * (total / own - 1):.1f} % added")


def _check_folds(subject: Subject, evidence: Evidence) -> None:
    assert subject.model is not None and subject.train is not None and evidence.out_of_fold is not None
    features, target = subject.train.features, subject.train.target_raw
    assert target is not None and len(evidence.folds) == FOLDS
    expected = np.full(len(features), np.nan)
    for fitted, tested in evidence.folds:
        again = clone(subject.model.native).set_params(random_state=0).fit(features.iloc[fitted], target.iloc[fitted])
        expected[tested] = again.predict_proba(features.iloc[tested])[:, 1]
    np.testing.assert_allclose(evidence.out_of_fold.predictions.score, expected)


def _check_importances(ground: Ground, found: dict[str, float]) -> None:
    """The rise of scikit-learn's log loss on the same shuffles."""
    rows, target = ground.rows.iloc[: ground.sampled], ground.target[: ground.sampled]
    rng, native = np.random.default_rng(ground.seed), ground.model.native
    before = log_loss(target, native.predict_proba(rows))
    for name in rows.columns:
        risen = []
        for _ in range(5):
            shuffled = rows.copy()
            shuffled[name] = rows[name].to_numpy()[rng.permutation(len(rows))]
            risen.append(log_loss(target, native.predict_proba(shuffled)) - before)
        np.testing.assert_allclose(found[name], np.mean(risen), atol=1e-10)


class Deaf:
    """A Tell to whom nobody listens."""

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Do nothing."""

    def warning(self, text: str) -> None:
        """Do nothing."""


def _subject() -> Subject:
    values, target = make_classification(ROWS, COLUMNS, n_informative=12, random_state=0)
    features = pd.DataFrame(values, columns=[f"x_{i}" for i in range(COLUMNS)])
    counts = {str(k): int((target == k).sum()) for k in (0, 1)}
    table = Table(
        role="train",
        features=features,
        target=target.astype(np.int64),
        target_raw=pd.Series(target),
        weight=None,
        sensitive=pd.DataFrame(index=features.index),
        time=None,
        cv_group=None,
        facts=TableFacts(role="train", name="t", rows=ROWS, rows_used=ROWS, target_counts=counts),
    )
    native = Timed(n_estimators=TREES, n_jobs=1, verbose=-1, random_state=0).fit(features, target)
    identity = Identity(place="m", name="m", format="estimator", heard=lambda text: None)
    model = adapted(native, identity, tuple(features.columns))
    return Subject(
        task="binary", classes=("0", "1"), positive=1, favourable=1, threshold=0.5, model=model, facts=model.facts,
        test=None, train=table, reference=None, predictions=predictor("binary", ("0", "1"), 1, 0.5),
    )  # fmt: skip


def _timed(name: str, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
    start = time.process_time()
    found = work(*given, **named)
    OWN[name] += time.process_time() - start
    return found


def _measured(work: Callable[..., Any], *given: Any) -> tuple[Any, float, float]:
    """What work returns, its CPU seconds, and those of them that the model took."""
    before, start = sum(OWN.values()), time.process_time()
    found = work(*given)
    return found, time.process_time() - start, sum(OWN.values()) - before


if __name__ == "__main__":
    main()
