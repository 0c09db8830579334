"""A made-up table of credit applications, models of it, and what reasons and counterfactuals are held to.

The contracts ask the model themselves, row by row, and know nothing of how reasons or changes were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from audit.attribution.ground import ground_of
from audit.attribution.people.measure import people_of
from audit.records.spec import AuditSpec, DataSpec, ModelSpec, SensitiveSpec

NUMBERS = ["income", "debt", "age", "months"]
TEXTS = ["home", "purpose", "sex"]


def applications(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows and whether the credit was paid back (1) or not (0)."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.lognormal(7.5, 0.5, n).round().astype(np.int64),
            "debt": rng.exponential(800, n).round(2),
            "age": rng.integers(18, 75, n),
            "months": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 240, n)),
            "home": rng.choice(["own", "rent", "other"], n, p=[0.5, 0.4, 0.1]),
            "purpose": rng.choice(["car", "house", "travel"], n),
            "sex": rng.choice(["female", "male"], n),
        }
    )
    logit = (
        1.5 * np.log(frame.income / 1800)
        - 0.0012 * (frame.debt - 600)
        + 0.01 * (frame.months.fillna(60) - 100)
        + frame.home.map({"own": 0.6, "rent": -0.3, "other": -0.6})
        + np.where(frame.sex == "male", 0.5, -0.5)
        + np.where((frame.purpose == "travel") & (frame.age < 30), -1.0, 0.2)
    )
    return frame, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)


def encoder() -> Any:
    return make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), TEXTS),
    )


MODELS: Mapping[str, Callable[[], Any]] = {
    "logistic": lambda: make_pipeline(encoder(), LogisticRegression(max_iter=500)),
    "forest": lambda: make_pipeline(encoder(), RandomForestClassifier(30, min_samples_leaf=5, random_state=0)),
    "boosting": lambda: make_pipeline(encoder(), GradientBoostingClassifier(n_estimators=40, random_state=0)),
}


def favouring(evidence: Any, favourable: int | None) -> Any:
    """Return evidence in which one class is the favourable one."""
    return replace(evidence, subject=replace(evidence.subject, favourable=favourable))


def spec_of(sensitive: Iterable[str] = ("sex",), **attribution: Any) -> AuditSpec:
    return AuditSpec(
        model=ModelSpec(path="m"),
        data=DataSpec(test="t"),
        sensitive=SensitiveSpec(features=tuple(sensitive)),
        attribution=attribution,
    )


def people(evidence: Any, sensitive: Iterable[str] = ("sex",), **local: Any) -> tuple[Any, dict[str, Any]]:
    """Return what the cases tell, and what was measured by observation; keyword arguments go to attribution.local."""
    spec = spec_of(sensitive, rows=250, budget=300_000, local=local)
    ground = ground_of(evidence, evidence.subject.model, spec, spec.attribution)
    facts, observations = people_of(evidence, ground, spec)
    return facts, {o.id: o.measured for o in observations}


def faults_of_reasons(
    reasons: Iterable[str],
    row: pd.Series,
    favour: Callable[[pd.DataFrame], np.ndarray],
    favoured: pd.DataFrame,
    protected: Iterable[str],
) -> list[str]:
    """Return what is wrong with the reasons of one person: each must truly have moved the score against them."""
    reasons, faults = list(reasons), []
    if not 1 <= len(reasons) <= 4:
        faults.append(f"{len(reasons)} reasons")
    n = len(favoured)
    frame = pd.DataFrame([row] * (n + 2)).astype(favoured.dtypes.to_dict()).reset_index(drop=True)
    asked = []
    for name in reasons:
        number = pd.api.types.is_numeric_dtype(favoured[name])
        typical = favoured[name].quantile(interpolation="lower") if number else favoured[name].mode()[0]
        given = frame.copy()
        given.loc[: n - 1, name] = favoured[name].to_numpy()
        given.loc[n, name] = typical
        asked.append(given)
    scores = favour(pd.concat([frame.iloc[:1], *asked]))
    for name, answers in zip(reasons, scores[1:].reshape(len(reasons), n + 2), strict=True):
        if name in protected:
            faults.append(f"{name} is protected")
        if not answers[:n].mean() > scores[0]:
            faults.append(f"{name} did not move the score against the person")
        if not answers[n] > scores[0]:
            faults.append(f"the score does not improve with a typical {name}")
    return faults


def faults_of_change(
    row: pd.Series,
    changed: pd.Series,
    is_favoured: Callable[[pd.DataFrame], np.ndarray],
    observed: pd.DataFrame,
    *,
    immutable: Iterable[str] = (),
    monotone: Mapping[str, str] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    most: int = 3,
) -> list[str]:
    """Return what is wrong with one counterfactual: it must turn the decision, within every constraint."""
    faults = []
    differing = [c for c in observed.columns if not (row[c] == changed[c] or (pd.isna(row[c]) and pd.isna(changed[c])))]
    frame = pd.DataFrame([changed]).astype(observed.dtypes.to_dict())
    if not is_favoured(frame)[0]:
        faults.append("it does not turn the decision")
    if not 1 <= len(differing) <= most:
        faults.append(f"{len(differing)} columns change")
    for name in differing:
        if name in immutable:
            faults.append(f"{name} is immutable")
        if changed[name] not in set(observed[name]):
            faults.append(f"{changed[name]!r} was never seen in {name}")
        way = (monotone or {}).get(name)
        if way and (changed[name] > row[name]) != (way == "increasing"):
            faults.append(f"{name} moves the wrong way")
        low, high = (ranges or {}).get(name, (-np.inf, np.inf))
        if name in (ranges or {}) and not low <= changed[name] <= high:
            faults.append(f"{name} leaves its range")
    return faults
