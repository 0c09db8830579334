"""Fits a dummy and a simple baseline beside the model, and predicts the same rows with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from audit import guard
from audit.declarations.metric import Sample
from audit.records.measured import Undefined
from audit.records.sections import PeerFacts
from audit.subject.evidence import Evidence, Subject, Table, Tell

Array = NDArray[np.float64]
Fitted = Callable[[pd.DataFrame], Array]
"""(n, d) rows -> (n,) values or (n, K) probabilities."""


@dataclass(frozen=True)
class Peer:
    """A model fitted beside the one under audit, and what it says of the headline rows."""

    facts: PeerFacts
    sample: Sample


def dummy(evidence: Evidence) -> Peer | None:
    """Return the best constant that ignores every input; None without labels.

    Out of fold too it is one constant of all training rows: one a fold would rank the folds, and against the truth.
    """
    subject, table, train = evidence.subject, evidence.headline.table, evidence.subject.train
    if table.target is None:
        return None
    trained = train is not None and train.target is not None
    source = train if train is not None and train.target is not None else table
    rows = "the training rows" if trained else "the very rows it is measured on, as there are no labelled training rows"
    what = "mean" if subject.task == "regression" else "class shares"
    return _peer("dummy", f"constant: the {what} of {rows}", evidence, _constant(subject, source, table.n))


def baseline(evidence: Evidence, tell: Tell) -> Peer | str:
    """Return a linear model on the same columns, fitted on the training rows, or why there is none."""
    train = evidence.subject.train
    if evidence.headline.table.target is None:
        return "There is no simple baseline, because there are no labels."
    if train is None or train.target is None:
        return "There is no simple baseline, because there are no training rows to fit it on."
    if not len(train.features.columns):
        return "There is no simple baseline, because no feature columns are known."

    def heard(text: str) -> None:
        tell.warning(f"baseline: {text}")

    found = guard.defined("The simple baseline could not be fitted", _cross_fitted, evidence, heard=heard)
    if isinstance(found, Undefined):
        return f"{found.reason.rstrip('.')}."
    kind = "ridge regression" if evidence.subject.task == "regression" else "logistic regression"
    return _peer("baseline", f"{kind} on the same columns, scaled and one-hot encoded", evidence, found)


def _peer(name: Literal["dummy", "baseline"], kind: str, evidence: Evidence, found: Array) -> Peer:
    return Peer(PeerFacts(name=name, type=kind), _sample(evidence.subject, evidence.headline.sample, found))


def _sample(subject: Subject, sample: Sample, found: Array) -> Sample:
    if subject.task == "regression":
        # Prediction intervals are the model's own.
        return replace(sample, score=found, low=None, high=None)
    if subject.positive is None:
        return replace(sample, score=found, label=found.argmax(axis=1), probability=True)
    score, other = found[:, subject.positive], 1 - subject.positive
    # A threshold on the model's own scale means nothing to a probability.
    threshold = 0.5 if subject.threshold is None or not sample.probability else subject.threshold
    return replace(sample, score=score, label=np.where(score >= threshold, subject.positive, other), probability=True)


def _cross_fitted(evidence: Evidence) -> Array:
    """Predict the headline rows without having seen them: from all training rows, or fold by fold."""
    subject, headline, train = evidence.subject, evidence.headline, evidence.subject.train
    assert train is not None
    if headline.scope != "out_of_fold":
        return _linear(subject, train, np.arange(train.n))(headline.table.features)
    parts = [_linear(subject, train, fitted)(train.features.iloc[tested]) for fitted, tested in evidence.folds]
    # Out-of-fold rows stand in the order of the training table.
    order = np.argsort(np.concatenate([tested for _, tested in evidence.folds]), kind="stable")
    found: Array = np.concatenate(parts)[order]
    return found


def _constant(subject: Subject, source: Table, n: int) -> Array:
    """(n,) the mean, or (n, K) the class shares, of a table."""
    assert source.target is not None
    if subject.task == "regression":
        return np.full(n, np.average(source.target, weights=source.weight))
    counts = np.bincount(source.target.astype(np.int64), weights=source.weight, minlength=len(subject.classes))
    return np.tile(counts / counts.sum(), (n, 1))


def _linear(subject: Subject, train: Table, fitted: NDArray[np.int64]) -> Fitted:
    assert train.target is not None
    estimator = Ridge() if subject.task == "regression" else LogisticRegression(max_iter=1000)
    numeric = make_column_selector(dtype_include="number")
    other = make_column_selector(dtype_exclude=["number", "datetime", "datetimetz", "timedelta"])
    encoded = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()), numeric),
        (
            make_pipeline(
                FunctionTransformer(_as_text), OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50)
            ),
            other,
        ),
    )
    model = make_pipeline(encoded, estimator)
    weight = None if train.weight is None else train.weight[fitted]
    weighing = {f"{type(estimator).__name__.lower()}__sample_weight": weight}
    model.fit(train.features.iloc[fitted], train.target[fitted], **weighing)
    if subject.task == "regression":
        return lambda asked: np.asarray(model.predict(asked), dtype=np.float64)

    def probabilities(asked: pd.DataFrame) -> Array:
        found = np.zeros((len(asked), len(subject.classes)))
        found[:, model.classes_] = model.predict_proba(asked)
        return found

    return probabilities


def _as_text(columns: pd.DataFrame) -> pd.DataFrame:
    """Categories of any kind as text; a missing value is a category of its own."""
    return columns.astype(object).where(columns.notna(), "missing").astype(str)
