"""Every metric of the catalogue keeps the same promises, and each promise is shown to break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from audit.catalogue import load_all
from audit.declarations.metric import Metric, Sample, UndefinedMeasureError
from audit.estimation.estimate import estimate, subset
from audit.estimation.forms import Mean, scores, weights_of
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.spec import IntervalSpec

INTERVAL = IntervalSpec(resamples=400)
METRICS: dict[str, Metric] = load_all("metrics")
AVERAGES = {
    f"{m.name}/{name}": replace(m, compute=form, averages={}, tasks=("multiclass",))
    for m in METRICS.values()
    for name, form in m.averages.items()
}
MULTICLASS = {
    f"{m.name}/multiclass": replace(m, tasks=("multiclass",)) for m in METRICS.values() if "multiclass" in m.tasks
}
VARIED: tuple[tuple[str, dict[str, float | str], tuple[str, ...]], ...] = (
    ("cohen_kappa", {"weights": "quadratic"}, ("multiclass",)),
    ("d2_tweedie_score", {"power": 0}, ()),
    ("debiased_calibration_error", {"strategy": "uniform"}, ()),
    ("expected_calibration_error", {"strategy": "quantile"}, ()),
    ("f_beta", {"beta": 2}, ()),
    ("hosmer_lemeshow_p_value", {"rows": "fitted"}, ()),
    ("lift", {"share": 0.5}, ()),
    ("mean_pinball_loss", {"alpha": 0.9}, ()),
    ("mean_tweedie_deviance", {"power": 3}, ()),
    ("roc_auc", {"average": "weighted"}, ("multiclass",)),
    ("roc_auc", {"multi_class": "ovo"}, ("multiclass",)),
    ("top_k_accuracy", {"k": 1}, ()),
)
"""Arguments that take another way through the code than their defaults, and the task to do so in."""
OTHERWISE = {
    m.name: replace(m, tasks=tasks or m.tasks)
    for name, arguments, tasks in VARIED
    for m in (METRICS[name].of(arguments),)
}
EVERY = METRICS | AVERAGES | {k: m for k, m in MULTICLASS.items() if not m.averages} | OTHERWISE


def measured(metric: Metric, sample: Sample) -> Measured:
    return estimate(metric, sample, INTERVAL, seed=3)


def value(metric: Metric, sample: Sample) -> float:
    found = measured(metric, sample)
    assert isinstance(found, Estimate | Exact), found
    return found.value


def ends(found: Measured) -> tuple[float, float]:
    """Both ends of an interval, infinite where nothing bounds one; a test's number is its own interval."""
    if isinstance(found, Exact):
        return found.value, found.value
    assert isinstance(found, Estimate), found
    return -np.inf if found.low is None else found.low, np.inf if found.high is None else found.high


def sample_for(metric: Metric, seed: int = 0, n: int = 80) -> Sample:
    rng = np.random.default_rng(seed)
    task = metric.tasks[0]
    if task == "regression":
        target = rng.normal(5, 2, n)
        target = np.abs(target)
        score = np.abs(target + rng.normal(0.3, 1, n)) + 0.01
        low, high = score - rng.uniform(1, 1.5, n), score + rng.uniform(0.9, 1.4, n)
        return Sample(target=target, score=score, low=low, high=high, interval_level=0.8)
    if task == "multiclass":
        target = rng.permutation(np.arange(n) % 3)
        score = rng.dirichlet(np.ones(3), n) / 2 + np.eye(3)[target] / 2 * rng.random((n, 1))
        score /= score.sum(axis=1, keepdims=True)
        return Sample(target=target, label=score.argmax(axis=1), score=score, classes=3, probability=True)
    target = rng.permutation(np.arange(n) % 2)
    # Rounded, so that there are ties.
    score = np.round(np.clip(rng.normal(0.35 + 0.3 * target, 0.25), 0.02, 0.98), 2)
    label = (score >= 0.5).astype(np.int64)
    return Sample(
        target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True, threshold=0.5
    )


def stays_in_bounds(metric: Metric) -> None:
    for seed in range(5):
        found = measured(metric, sample_for(metric, seed))
        assert isinstance(found, Estimate | Exact)
        (low, high), (least, most) = ends(found), metric.bounds
        assert low <= found.value <= high
        assert low < high or isinstance(found, Exact)
        assert least is None or low >= least
        assert most is None or high <= most


def ignores_row_order(metric: Metric) -> None:
    sample = sample_for(metric)
    shuffled = subset(sample, np.random.default_rng(1).permutation(80))
    assert value(metric, shuffled) == pytest.approx(value(metric, sample), rel=1e-9, abs=1e-12)


def takes_no_weight_as_one(metric: Metric) -> None:
    sample = sample_for(metric)
    plain, weighted = measured(metric, sample), measured(metric, replace(sample, weight=np.ones(80)))
    assert not isinstance(plain, Undefined) and not isinstance(weighted, Undefined)
    assert (plain.value, *ends(plain), plain.n) == pytest.approx(
        (weighted.value, *ends(weighted), weighted.n), rel=1e-12
    )


def counts_frequencies_as_rows(metric: Metric) -> None:
    sample = sample_for(metric)
    times = np.random.default_rng(2).integers(0, 4, 80)
    weighted = measured(metric, replace(sample, weight=times.astype(float)))
    repeated = measured(metric, subset(sample, np.repeat(np.arange(80), times)))
    assert not isinstance(weighted, Undefined) and not isinstance(repeated, Undefined)
    assert weighted.value == pytest.approx(repeated.value, rel=1e-9, abs=1e-12)
    assert weighted.n == repeated.n == times.sum()
    method = getattr(repeated, "method", "")
    assert getattr(weighted, "method", "") == method
    # Bootstraps draw other rows for the same law; closed forms agree to the last digits.
    (low, high), slack = ends(repeated), 1e-9
    slack = 0.3 * (high - low) if "bootstrap" in method else slack
    assert ends(weighted) == (pytest.approx(low, rel=1e-9, abs=slack), pytest.approx(high, rel=1e-9, abs=slack))


def ignores_rows_without_weight(metric: Metric) -> None:
    sample, weight = sample_for(metric), np.where(np.arange(80) < 60, 1.0, 0.0)
    found = measured(metric, replace(sample, weight=weight))
    kept = measured(metric, subset(sample, np.arange(60)))
    assert not isinstance(found, Undefined) and not isinstance(kept, Undefined)
    assert found.n == kept.n == 60
    assert found.value == pytest.approx(kept.value, rel=1e-9, abs=1e-12)


def says_why_without_weight(metric: Metric) -> None:
    for kind in ("frequency", "sampling"):
        nothing = replace(sample_for(metric), weight=np.zeros(80), weight_kind=kind)
        found = measured(metric, nothing)
        assert isinstance(found, Undefined) and "no rows" in found.reason
        with pytest.raises(UndefinedMeasureError, match="no rows"):
            metric.compute(nothing)


def ignores_the_scale_of_sampling_weights(metric: Metric) -> None:
    weight = np.random.default_rng(4).uniform(0.5, 3, 80)
    sample = replace(sample_for(metric), weight=weight, weight_kind="sampling")
    one, other = measured(metric, sample), measured(metric, replace(sample, weight=weight * 1000))
    if isinstance(one, Undefined):
        # A test of counts says so.
        assert one == other and "not whole rows" in one.reason
        return
    assert not isinstance(other, Undefined)
    assert (one.value, *ends(one)) == pytest.approx((other.value, *ends(other)), rel=1e-6, abs=1e-9)
    assert one.n == other.n == 80


ATTAINABLE = {
    # Half of the rows are positive, so that a tenth of them holds at most a fifth of the positives.
    "cumulative_gain": 0.2,
    "lift": 2.0,
    "lift;share=0.5": 2.0,
}
"""What perfection is worth where the rows, and not the metric's range, set it."""


def rewards_perfection(metric: Metric) -> None:
    sample = sample_for(metric)
    if metric.tasks[0] == "regression":
        true = np.asarray(sample.target, dtype=float)
        perfect = replace(sample, score=true, low=true, high=true)
    elif metric.tasks[0] == "multiclass":
        perfect = replace(sample, label=sample.target, score=np.eye(3)[sample.target])
    else:
        perfect = replace(sample, label=sample.target, score=np.asarray(sample.target, dtype=float))
    if metric.higher_is_better is None:
        return
    best = ATTAINABLE.get(metric.name, metric.bounds[1 if metric.higher_is_better else 0])
    if best is None:
        # Nothing is best: perfection is beyond every number.
        assert isinstance(measured(metric, perfect), Undefined)
    else:
        assert value(metric, perfect) == pytest.approx(best, abs=1e-12)


def is_never_a_stand_in(metric: Metric) -> None:
    """One class, one row, a constant score: a finite number or a reason, and no warning (those are errors here)."""
    sample = sample_for(metric)
    size = 80
    constant = None if sample.score is None else np.broadcast_to(sample.score[:1], sample.score.shape).copy()
    cases = [subset(sample, np.array([0])), replace(sample, score=constant)]
    if metric.tasks[0] != "regression":
        cases += [replace(sample, target=np.full(size, c)) for c in (0, 1)]
        cases += [replace(sample, label=np.full(size, c)) for c in (0, 1)]
    else:
        cases += [replace(sample, target=np.full(size, 3.7))]
    for case in cases:
        found = measured(metric, case)
        assert isinstance(found, Undefined) or np.isfinite(found.value)


def says_why_without_rows(metric: Metric) -> None:
    nothing = subset(sample_for(metric), np.arange(0))
    found = measured(metric, nothing)
    assert isinstance(found, Undefined) and "no rows" in found.reason
    try:
        metric.compute(nothing)
    except UndefinedMeasureError as reason:
        assert "no rows" in str(reason)
    else:
        raise AssertionError("a value without rows")


def says_why_without_truth(metric: Metric) -> None:
    found = measured(metric, replace(sample_for(metric), target=None))
    if metric.needs_target:
        assert isinstance(found, Undefined) and "true labels" in found.reason
    else:
        assert not isinstance(found, Undefined)


def refuses_numbers_that_are_not_finite(metric: Metric) -> None:
    """A metric that reads numbers refuses such ones; one that does not is the same with them."""
    sample = sample_for(metric)
    for bad in (np.nan, np.inf):
        score = scores(sample).copy()
        score[4] = bad
        high = None if sample.high is None else np.where(np.arange(80) == 4, bad, sample.high)
        found = measured(metric, replace(sample, score=score, high=high))
        if isinstance(found, Undefined):
            assert "not finite" in found.reason
        else:
            assert found == measured(metric, sample)


def counts_clusters_of_equal_rows_as_rows(metric: Metric) -> None:
    """Every row three times, as a cluster of its own: the interval of the rows once, not one narrower by root three."""
    sample = sample_for(metric)
    once = measured(metric, sample)
    thrice = measured(metric, replace(subset(sample, np.repeat(np.arange(80), 3)), cluster=np.repeat(np.arange(80), 3)))
    alone = measured(metric, replace(sample, cluster=np.arange(80)))
    if isinstance(once, Exact):
        assert all(isinstance(found, Undefined) and "independent" in found.reason for found in (thrice, alone))
        return
    assert isinstance(once, Estimate) and isinstance(thrice, Estimate) and isinstance(alone, Estimate)
    assert (thrice.n, alone.n) == (240, 80)
    # Draws are others for the same law; an interval that ends at a row ends at its neighbour where weights are rounded.
    width = min(ends(once)[1] - ends(once)[0], 1e9)
    loose = {"bootstrap": 0.3, "dirichlet_draws": 0.1, "dirichlet_mover": 0.1, "woodruff": 0.1}
    slack = width * loose.get(once.method, 1e-9)
    for found in (thrice, alone):
        assert found.value == pytest.approx(once.value, rel=1e-9, abs=1e-12)
        assert "cluster" in found.method
        assert ends(found) == tuple(pytest.approx(end, rel=1e-6, abs=slack) for end in ends(once))
    # A single cluster says nothing of how clusters vary.
    single = measured(metric, replace(sample, cluster=np.zeros(80, dtype=np.int64)))
    assert isinstance(single, Estimate) and (single.low, single.high) == metric.bounds


def repeats_itself(metric: Metric) -> None:
    assert measured(metric, sample_for(metric)) == measured(metric, sample_for(metric))


def explains_itself(metric: Metric) -> None:
    assert metric.name and metric.label and metric.description and metric.formula and metric.source
    assert metric.description.endswith(".")


CHECKS: dict[str, Callable[[Metric], None]] = {
    check.__name__: check
    for check in (
        stays_in_bounds,
        ignores_row_order,
        takes_no_weight_as_one,
        counts_frequencies_as_rows,
        ignores_rows_without_weight,
        says_why_without_weight,
        ignores_the_scale_of_sampling_weights,
        rewards_perfection,
        is_never_a_stand_in,
        says_why_without_rows,
        says_why_without_truth,
        refuses_numbers_that_are_not_finite,
        counts_clusters_of_equal_rows_as_rows,
        repeats_itself,
        explains_itself,
    )
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("check", CHECKS)
def test_every_metric_keeps_the_promise(name: str, check: str) -> None:
    CHECKS[check](EVERY[name])


# --- doubles: a metric that breaks each promise -----------------------------------------------------


def wrong(compute: Callable[[Sample], float], **changes: object) -> Metric:
    given: dict[str, object] = {
        "name": "wrong",
        "label": "Wrong",
        "compute": compute,
        "response": "score",
        "higher_is_better": True,
        "tasks": ("binary",),
        "bounds": (0.0, 1.0),
    }
    return Metric(**(given | changes))  # type: ignore[arg-type]


def mean_score(sample: Sample) -> float:
    if not weights_of(sample).sum():
        raise UndefinedMeasureError("there are no rows")
    return float(np.average(scores(sample), weights=sample.weight))


def _needs_truth(sample: Sample) -> float:
    if sample.target is None:
        raise UndefinedMeasureError("nothing is known")
    return 0.5


class IgnoringClusters(Mean):
    """A mean that says rows of one cluster have nothing in common."""

    def moves(self, sample: Sample) -> Iterator[NDArray[np.float64]]:
        yield np.random.default_rng(0).normal(size=len(scores(sample)))


COUNTER = iter(range(1_000_000))
DOUBLES: dict[str, Metric] = {
    "stays_in_bounds": wrong(lambda s: 2 * mean_score(s) + 1),
    "ignores_row_order": wrong(lambda s: float(scores(s)[0])),
    "takes_no_weight_as_one": wrong(lambda s: mean_score(s) / (1 if s.weight is None else 2)),
    "counts_frequencies_as_rows": wrong(lambda s: float(scores(s).mean())),
    "ignores_rows_without_weight": wrong(lambda s: len(scores(s)) / 100),
    "says_why_without_weight": wrong(lambda s: 0.0),
    "ignores_the_scale_of_sampling_weights": wrong(lambda s: float(np.sum(scores(s) * weights_of(s)))),
    "rewards_perfection": wrong(mean_score),
    "is_never_a_stand_in": wrong(Mean(lambda s: scores(s) / np.var(scores(s))), bounds=(None, None)),
    "says_why_without_rows": wrong(lambda s: 0.0),
    "says_why_without_truth": wrong(_needs_truth, needs_target=False),
    "refuses_numbers_that_are_not_finite": wrong(lambda s: float(np.nanmedian(scores(s))), response="label"),
    "counts_clusters_of_equal_rows_as_rows": wrong(IgnoringClusters(scores)),
    "repeats_itself": wrong(lambda s: next(COUNTER) / 1e6),
    "explains_itself": wrong(mean_score),
}


@pytest.mark.parametrize("check", CHECKS)
def test_every_promise_can_be_broken(check: str) -> None:
    with pytest.raises((AssertionError, RuntimeWarning, ZeroDivisionError, IndexError, pytest.fail.Exception)):
        CHECKS[check](DOUBLES[check])
