"""One number has one interval: figures that are equal on every table, or mirror one another, have equal intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from audit.catalogue import load, load_all
from audit.declarations.metric import Sample
from audit.estimation.estimate import estimate, unmeasurable
from audit.performance.choice import Figure, figures
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec

Change = Callable[[float], float]
CHANGES: dict[str, tuple[Change, bool]] = {
    "equal": (lambda x: x, False),
    "one less": (lambda x: 1 - x, True),
    "twice, less one": (lambda x: 2 * x - 1, False),
    "root": (lambda x: float(np.sqrt(max(x, 0.0))), False),
}
"""How one number may come of another, and whether its ends change places."""
KNOWN = {
    "binary": {
        ("recall", "equal", "true_positive_rate"), ("precision", "one less", "false_discovery_rate"),
        ("recall", "one less", "false_negative_rate"), ("true_negative_rate", "one less", "false_positive_rate"),
        ("negative_predictive_value", "one less", "false_omission_rate"), ("f1", "equal", "f_beta"),
        ("roc_auc", "twice, less one", "gini"), ("balanced_accuracy", "twice, less one", "informedness"),
        ("selection_rate", "equal", "predicted_positive_rate"),
    },
    "multiclass": {
        ("recall/macro", "equal", "true_positive_rate/macro"), ("accuracy", "equal", "true_positive_rate/micro"),
        ("accuracy", "one less", "false_negative_rate/weighted"),
        ("accuracy", "one less", "false_discovery_rate/micro"),
        ("accuracy", "equal", "f1/micro"), ("balanced_accuracy", "equal", "recall/macro"),
        ("precision/macro", "one less", "false_discovery_rate/macro"), ("f1/macro", "equal", "f_beta/macro"),
    },
    "regression": {("mean_squared_error", "root", "root_mean_squared_error")},
}  # fmt: skip
"""What the search has to find, so that it is known to look."""


def table(task: str, seed: int, kind: str) -> Sample:
    rng, n = np.random.default_rng(seed), 90
    weight = {"none": None, "frequency": rng.integers(1, 4, n) * 1.0, "sampling": rng.choice([0.5, 1.0, 3.0], n)}[kind]
    held = {"weight": weight, "weight_kind": "sampling" if kind == "sampling" else "frequency"}
    if task == "binary":
        target = (rng.random(n) < 0.4).astype(np.int64)
        score = np.clip(0.5 + 0.3 * (target - 0.5) + 0.2 * rng.normal(size=n), 0.01, 0.99)
        told = {"target": target, "label": (score > 0.55).astype(np.int64), "score": score, "probability": True}
        return Sample(**told, **held, classes=2, positive=1, favourable=1)
    if task == "multiclass":
        target = rng.integers(0, 3, n)
        odds = rng.normal(size=(n, 3)) + np.eye(3)[target]
        score = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
        return Sample(target=target, label=score.argmax(axis=1), score=score, classes=3, probability=True, **held)
    target = np.exp(rng.normal(1, 0.4, n))
    score = target * np.exp(0.3 * rng.normal(size=n))
    return Sample(target=target, score=score, low=score - 1, high=score + 1, interval_level=0.8, **held)


def measured(figure: Figure, samples: list[Sample]) -> list[Estimate]:
    found = [
        estimate(figure.metric, s, IntervalSpec(resamples=100), 1)
        for s in samples
        if not unmeasurable(figure.metric, s)
    ]
    return [one for one in found if isinstance(one, Estimate)]


def every(task: str) -> Iterator[Figure]:
    for metric in load_all("metrics").values():
        if task in metric.tasks or (task == "binary" and metric.tasks == ("ranking_score",)):
            yield from figures(metric, task, ())


def related(found: dict[str, list[Estimate]]) -> Iterator[tuple[str, str, str]]:
    """Yield pairs of names of which one number comes of the other on every table."""
    for one, first in found.items():
        for other, second in found.items():
            for change, (of, _) in CHANGES.items():
                # Over three classes micro averages are straight lines of one another by their number alone.
                chance = change not in ("equal", "one less") and one.endswith("/micro")
                mirrored = change in ("equal", "one less") and other <= one
                apart = (abs(of(a.value) - b.value) for a, b in zip(first, second, strict=True))
                if one != other and not chance and not mirrored and max(apart) < 1e-12:
                    yield one, change, other


def unequal(first: Estimate, change: str, second: Estimate) -> bool:
    of, turned = CHANGES[change]
    ends = [None if end is None else of(end) for end in (first.low, first.high)]
    ends = ends[::-1] if turned else ends
    apart = any(
        (a is None) != (b is None) or (a is not None and abs(a - b) > 1e-9)
        for a, b in zip(ends, (second.low, second.high), strict=True)
    )
    return apart or first.method != second.method


@pytest.mark.parametrize("kind", ["none", "frequency", "sampling"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_one_number_has_one_interval(task: str, kind: str) -> None:
    samples = [table(task, seed, kind) for seed in range(3)]
    found = {f.name: m for f in every(task) if len(m := measured(f, samples)) == len(samples)}
    pairs = set(related(found))
    seen = pairs | {(b, change, a) for a, change, b in pairs if change in ("equal", "one less")}
    assert KNOWN[task] <= seen
    wrong = [p for p in pairs if any(unequal(a, p[1], b) for a, b in zip(found[p[0]], found[p[2]], strict=True))]
    assert not wrong


def test_another_interval_of_the_same_number_is_noticed() -> None:
    one = estimate(load("metrics", "recall"), table("binary", 0, "none"), IntervalSpec(), 1)
    assert isinstance(one, Estimate) and one.low is not None
    assert not unequal(one, "equal", one)
    assert unequal(one, "equal", one.model_copy(update={"low": one.low + 0.01}))
    assert unequal(one, "equal", one.model_copy(update={"method": "another"}))
