"""Subjects whose truth is known, and methods made to be wrong, for the audit of the attributions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from audit.attribution.account import account
from audit.attribution.explained import Explained, identity
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability, Evidence

Make = Callable[..., Evidence]


def subject(make: Make, model: Any, frame: pd.DataFrame, target: np.ndarray, train: int = 300) -> Evidence:
    """Fit the model on the first rows, hold out the rest, and give the training table its labels."""
    learned, held = (part.reset_index(drop=True) for part in (frame[:train], frame[train:]))
    evidence = make(model.fit(learned, target[:train]), held, target[train:], train=learned)
    table = replace(evidence.subject.train, target=target[:train], target_raw=pd.Series(target[:train], name="outcome"))
    headline = replace(evidence.headline, sample=replace(evidence.headline.sample, positive=evidence.subject.positive))
    return replace(evidence, subject=replace(evidence.subject, train=table), headline=headline, held_out=headline)


def clean(make: Make, seed: int = 0, model: Any = None, n: int = 600) -> Evidence:
    """Columns that are independent, three of which matter, each less than the one before."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
    target = (frame.a - 0.7 * frame.b + 0.4 * frame.c + 0.5 * rng.normal(size=n) > 0).astype(int).to_numpy()
    return subject(make, LogisticRegression() if model is None else model, frame, target)


def idle_decoy(make: Make, seed: int = 0) -> Evidence:
    """The outcome is the cause itself, and so is the model's answer, whatever the decoy says.

    Half of the trees split on the decoy first and undo that below: the path-dependent game credits it all the same.
    """
    rng = np.random.default_rng(seed)
    cause = rng.integers(0, 2, 700)
    decoy = np.where(rng.random(700) < 0.85, cause, 1 - cause)
    frame = pd.DataFrame({"cause": cause, "decoy": decoy, "other": rng.integers(0, 2, 700)})
    return subject(make, ExtraTreesClassifier(30, max_features=1, random_state=seed), frame, cause)


def twin_decoy(make: Make, seed: int = 0) -> Evidence:
    """A decoy that is nearly the cause: to shuffle either makes rows that no table holds."""
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=700)
    frame = pd.DataFrame({"cause": cause, "decoy": cause + 0.05 * rng.normal(size=700), "x": rng.normal(size=700)})
    return subject(make, KNeighborsClassifier(15), frame, (cause + 0.3 * rng.normal(size=700) > 0).astype(int))


def memorised_decoy(make: Make, seed: int = 0) -> Evidence:
    """A serial number that a tree without limits learns by heart: it moves predictions and predicts nothing."""
    rng = np.random.default_rng(seed)
    cause = rng.integers(0, 2, 900)
    frame = pd.DataFrame({"cause": cause, "serial": rng.normal(size=900)})
    target = np.where(rng.random(900) < 0.6, cause, 1 - cause)
    return subject(make, DecisionTreeClassifier(random_state=0), frame, target, train=400)


def coin(make: Make, seed: int = 0) -> Evidence:
    """Outcomes that nothing tells."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(600, 4)), columns=list("abcd"))
    model = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
    return subject(make, model, frame, rng.integers(0, 2, 600))


def parts(ground: Ground) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The exact attributions of a linear model on its margin, their base, and the margin; binary or a value."""
    native = ground.model.native
    weights = np.ravel(native.coef_)
    middle = ground.background.to_numpy(dtype=float).mean(axis=0)
    values = (ground.rows.to_numpy(dtype=float) - middle) * weights
    base = float(np.ravel(native.intercept_)[0] + middle @ weights)
    return values[:, :, None], np.array([base]), (values.sum(axis=1) + base)[:, None]


def told(ground: Ground, values: np.ndarray, base: np.ndarray, out: np.ndarray, error: Any = None) -> Attributed:
    """What a Shapley method would report of these values."""
    explained = Explained(
        values=values,
        base=base,
        output=out,
        game="a double",
        scale="log-odds" if ground.subject.classes else "unit of the target",
        inverse=identity,
        background_rows=len(ground.background),
        error=error,
    )
    return account("double", "Double", ground, explained, ground.sampled)


def honest(ground: Ground) -> Attributed:
    """The exact attributions, where the model is linear; those of a known sum of columns where it is not."""
    if hasattr(ground.model.native, "coef_"):
        return told(ground, *parts(ground))
    added = ground.model.native.added
    middle = added(ground.background).mean(axis=0)
    values = (added(ground.rows) - middle)[:, :, None]
    return told(ground, values, np.array([middle.sum()]), added(ground.rows).sum(axis=1)[:, None])


def noise(ground: Ground) -> Attributed:
    """Numbers that know neither the model nor the rows, but for the seed."""
    rng = np.random.default_rng(7)
    return told(ground, rng.normal(size=(*ground.rows.shape, 1)), np.zeros(1), np.zeros((len(ground.rows), 1)))


def flipped(ground: Ground) -> Attributed:
    """The right sizes, each pointing the wrong way."""
    found = honest(ground)
    assert found.values is not None and found.base is not None
    return told(ground, -found.values, found.base, np.zeros((len(ground.rows), 1)))


def short(ground: Ground) -> Attributed:
    """Attributions that lose a tenth of what there is to explain."""
    found = honest(ground)
    assert found.values is not None and found.base is not None
    return told(ground, 0.9 * found.values, found.base, np.zeros((len(ground.rows), 1)))


def unstable(ground: Ground) -> Attributed:
    """Another order of columns with every seed."""
    found = honest(ground)
    assert found.values is not None and found.base is not None
    rng = np.random.default_rng(ground.seed)
    values = found.values * np.exp(3 * rng.normal(size=found.values.shape))
    return told(ground, values, found.base, np.zeros((len(ground.rows), 1)), error=np.full(values.shape, 1e-3))


def secretly_random(ground: Ground) -> Attributed:
    """A method that says that it is exact, and is not."""
    found = honest(ground)
    assert found.values is not None and found.base is not None
    values = found.values * (1 + 0.05 * np.random.default_rng(ground.seed).normal(size=found.values.shape))
    return told(ground, values, found.base, np.zeros((len(ground.rows), 1)))


def by_spread(ground: Ground) -> Attributed:
    """Sizes that look at the columns and never at the model, in an order of their own."""
    names = tuple(str(c) for c in ground.rows.columns)
    facts = AttributionMethodFacts(name="double", label="Double", status="done", rows=ground.sampled, features=names)
    return Attributed(facts=facts, importance=np.arange(1.0, len(names) + 1)[::-1].copy())


def method(attribute: Callable[[Ground], Attributed], name: str = "double") -> AttributionMethod:
    """A method that attributes by the function."""
    return AttributionMethod(
        name=name, label=name.title(), game="a double", attribute=attribute, needs=frozenset({Capability.PREDICT})
    )
