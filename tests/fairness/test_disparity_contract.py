"""Every disparity keeps the same promises, and each promise is shown to break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from divided import binary, names, taken, weighted

from audit.catalogue import load_all
from audit.declarations.disparity import Disparity
from audit.declarations.metric import Metric, Sample
from audit.fairness.counts import counts_rows
from audit.fairness.disaggregate import Rows, combine_gaps, disaggregate, group_cells
from audit.fairness.groups import make_grouping
from audit.fairness.overall import gaps_for
from audit.fairness.per_class import observe_classes
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.spec import IntervalSpec, SensitiveSpec

DISPARITIES: dict[str, Disparity] = load_all("disparities")
METRICS: dict[str, Metric] = load_all("metrics")
CLASSES = ("red", "green", "blue")


def rows_for(disparity: Disparity, seed: int = 0, n: int = 240) -> Sample:
    rng = np.random.default_rng(seed)
    if disparity.tasks[0] == "regression":
        target = rng.normal(50, 4, n)
        return Sample(target=target, score=target + rng.normal(0.5, 2, n))
    if disparity.tasks[0] == "multiclass":
        target = rng.permutation(np.arange(n) % 3)
        label = np.where(rng.random(n) < 0.7, target, rng.integers(0, 3, n))
        return Sample(target=target, label=label, classes=3)
    return binary(n, seed)


def gap(
    disparity: Disparity, sample: Sample, group: np.ndarray, minimum: int = 1, resamples: int = 200
) -> dict[str, Measured]:
    """Form to the disparity between the groups."""
    spec = SensitiveSpec(features=("g",), minimum_group=minimum)
    grouping = make_grouping(pd.DataFrame({"g": group}, dtype=object), ("g",), sample.weight, counts_rows(sample), spec)
    rows = Rows(sample, IntervalSpec(resamples=resamples), 7, "held_out", minimum)
    if disparity.per_class:
        found = observe_classes((disparity,), METRICS, CLASSES, grouping, rows)
        made = [o for o in found if o.id.startswith(f"fairness/{disparity.name}/")]
    else:
        cells = group_cells(grouping, sample)
        parts = [gaps_for(disparity, disaggregate(METRICS[name], grouping, cells, rows)) for name in disparity.metrics]
        made = list(combine_gaps(disparity, grouping, parts, rows))
    return {o.id.rpartition("/")[2]: o.measured for o in made}


def alike(one: dict[str, Measured], other: dict[str, Measured]) -> None:
    assert one.keys() == other.keys() and one
    for form, measured in one.items():
        beside = other[form]
        assert isinstance(measured, Estimate) and isinstance(beside, Estimate)
        assert (measured.value, measured.n) == pytest.approx((beside.value, beside.n), rel=1e-9, abs=1e-9)
        slack = 0.3 * (measured.high - measured.low)
        assert (measured.low, measured.high) == pytest.approx((beside.low, beside.high), abs=slack)


def is_told_in_its_forms(disparity: Disparity) -> None:
    assert tuple(gap(disparity, rows_for(disparity), names())) == disparity.forms


def takes_names_as_names(disparity: Disparity) -> None:
    group = names()
    other = np.array([{"a": "z", "b": "y", "c": "x"}[g] for g in group], dtype=object)
    alike(gap(disparity, rows_for(disparity), group), gap(disparity, rows_for(disparity), other))


def ignores_row_order(disparity: Disparity) -> None:
    sample, group = rows_for(disparity), names()
    order = np.random.default_rng(3).permutation(len(group))
    alike(gap(disparity, sample, group), gap(disparity, taken(sample, order), group[order]))


def counts_frequencies_as_rows(disparity: Disparity) -> None:
    sample, group = rows_for(disparity), names()
    times = np.random.default_rng(4).integers(0, 4, len(group))
    rows = np.repeat(np.arange(len(group)), times)
    alike(gap(disparity, weighted(sample, times), group), gap(disparity, taken(sample, rows), group[rows]))


def tells_equal_groups_so(disparity: Disparity) -> None:
    """Copies of one group: no difference, a ratio of one, and intervals that reach them."""
    twice = np.concatenate([np.arange(120)] * 2)
    sample = taken(rows_for(disparity, n=120), twice)
    for form, measured in gap(disparity, sample, np.repeat(np.array(["a", "b"], dtype=object), 120)).items():
        assert isinstance(measured, Estimate)
        assert measured.value == pytest.approx(1.0 if form == "ratio" else 0.0, abs=1e-12)
        assert measured.low <= (1.0 if form == "ratio" else 0.0) <= measured.high


def stays_in_bounds(disparity: Disparity) -> None:
    for seed in range(4):
        for form, measured in gap(disparity, rows_for(disparity, seed), names(seed=seed)).items():
            assert isinstance(measured, Estimate)
            assert 0 <= measured.low <= measured.value <= measured.high
            assert form == "difference" or measured.high <= 1


def counts_clusters_of_equal_rows_as_rows(disparity: Disparity) -> None:
    """Every row four times, as a cluster of its own: about the interval of the rows once, not one half as wide."""
    sample, group = rows_for(disparity), names()
    rows = np.repeat(np.arange(240), 4)
    once = gap(disparity, sample, group, resamples=2000)
    fourfold = gap(disparity, replace(taken(sample, rows), cluster=rows), group[rows], resamples=2000)
    assert once.keys() == fourfold.keys()
    for form, measured in once.items():
        found = fourfold[form]
        assert isinstance(measured, Estimate) and isinstance(found, Estimate)
        assert found.value == pytest.approx(measured.value, rel=1e-9, abs=1e-12)
        slack = 0.12 * (measured.high - measured.low)
        assert (found.low, found.high) == pytest.approx((measured.low, measured.high), abs=slack)


def says_why_with_one_group(disparity: Disparity) -> None:
    alone, lone = np.full(240, "a", dtype=object), np.array(["a"] * 239 + ["b"], dtype=object)
    sample = rows_for(disparity)
    found = [*gap(disparity, sample, alone).values(), *gap(disparity, sample, lone, minimum=30).values()]
    assert found
    for measured in found:
        assert isinstance(measured, Undefined) and "large enough" in measured.reason


def is_never_a_stand_in(disparity: Disparity) -> None:
    """A group of one, one label, one prediction, no weight: a number or a reason, and no warning."""
    sample, group = rows_for(disparity), names()
    lone = np.array(["a"] * 239 + ["b"], dtype=object)
    cases = [(sample, lone), (taken(sample, np.arange(2)), np.array(["a", "b"], dtype=object))]
    cases += [(weighted(sample, np.zeros(240)), group), (weighted(sample, group != "b"), group)]
    if sample.score is not None:
        cases.append((replace(sample, score=np.full(240, 0.4)), group))
    if sample.label is not None:
        cases += [(replace(sample, label=np.full(240, c)), group) for c in (0, 1)]
        cases += [(replace(sample, target=np.full(240, c)), group) for c in (0, 1)]
    for rows, of in cases:
        for measured in gap(disparity, rows, of).values():
            assert isinstance(measured, Undefined) or np.isfinite(measured.value)


def explains_itself(disparity: Disparity) -> None:
    assert disparity.name and disparity.label and disparity.description and disparity.formula and disparity.source
    assert disparity.description.endswith(".")
    assert set(disparity.metrics) <= METRICS.keys()


CHECKS: dict[str, Callable[[Disparity], None]] = {
    check.__name__: check
    for check in (
        is_told_in_its_forms,
        takes_names_as_names,
        ignores_row_order,
        counts_frequencies_as_rows,
        tells_equal_groups_so,
        stays_in_bounds,
        counts_clusters_of_equal_rows_as_rows,
        says_why_with_one_group,
        is_never_a_stand_in,
        explains_itself,
    )
}


@pytest.mark.parametrize("name", DISPARITIES)
@pytest.mark.parametrize("check", CHECKS)
def test_every_disparity_keeps_the_promise(name: str, check: str) -> None:
    CHECKS[check](DISPARITIES[name])


# --- doubles: a disparity that breaks each promise --------------------------------------------------


def wrong(combine: Callable[[np.ndarray], np.ndarray], *metrics: str, **changes: object) -> Disparity:
    given = {"name": "wrong", "label": "Wrong", "metrics": metrics or ("accuracy", "precision"), "difference": combine}
    return Disparity(**(given | {"forms": ("difference",)} | changes))  # type: ignore[arg-type]


COUNTER = iter(range(1_000_000))
DOUBLES: dict[str, Disparity] = {
    "is_told_in_its_forms": wrong(np.mean, "calibration_in_the_large", forms=("difference", "ratio")),
    "takes_names_as_names": wrong(lambda gaps: gaps.mean(axis=-1) + next(COUNTER)),
    "ignores_row_order": wrong(lambda gaps: gaps.mean(axis=-1) + next(COUNTER)),
    "counts_frequencies_as_rows": wrong(lambda gaps: gaps.mean(axis=-1) + next(COUNTER)),
    "tells_equal_groups_so": wrong(lambda gaps: gaps.max(axis=-1) + 0.1),
    "stays_in_bounds": wrong(lambda gaps: gaps.min(axis=-1) - 1),
    "counts_clusters_of_equal_rows_as_rows": wrong(lambda gaps: gaps.max(axis=-1) * (1 + next(COUNTER))),
    "says_why_with_one_group": wrong(lambda gaps: gaps.max(axis=-1), forms=()),
    "is_never_a_stand_in": wrong(lambda gaps: gaps.max(axis=-1) / 0.0),
    "explains_itself": wrong(lambda gaps: gaps.max(axis=-1)),
}


@pytest.mark.parametrize("check", CHECKS)
def test_every_promise_can_be_broken(check: str) -> None:
    with pytest.raises((AssertionError, RuntimeWarning, ValueError)):
        CHECKS[check](DOUBLES[check])


@pytest.mark.parametrize("name", DISPARITIES)
def test_an_interval_that_ignored_clusters_would_be_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Rows
    monkeypatch.setitem(globals(), "Rows", lambda sample, *rest: plain(replace(sample, cluster=None), *rest))
    with pytest.raises(AssertionError):
        counts_clusters_of_equal_rows_as_rows(DISPARITIES[name])


# --- figures by mask arithmetic ---------------------------------------------------------------------


def test_gaps_over_classes_by_mask_arithmetic():
    sample, group = rows_for(DISPARITIES["class_equalized_odds"]), names()
    assert sample.target is not None and sample.label is not None

    def spread(of: Callable[[int, np.ndarray], float]) -> list[float]:
        rates = [[of(k, group == g) for g in "abc"] for k in range(3)]
        return [max(row) - min(row) for row in rates]

    given = spread(lambda k, m: float(np.mean(sample.label[m] == k)))
    found = spread(lambda k, m: float(np.mean(sample.label[m & (sample.target == k)] == k)))
    raised = spread(lambda k, m: float(np.mean(sample.label[m & (sample.target != k)] == k)))
    expected = {
        "class_demographic_parity": max(given),
        "class_demographic_parity_mean": float(np.mean(given)),
        "class_equal_opportunity": max(found),
        "class_equal_opportunity_mean": float(np.mean(found)),
        "class_equalized_odds": max(*found, *raised),
    }
    for name, value in expected.items():
        assert gap(DISPARITIES[name], sample, group)["difference"].value == pytest.approx(value), name


def test_average_odds_by_mask_arithmetic():
    sample, group = binary(), names()
    true, said = np.asarray(sample.target == 1), np.asarray(sample.label == 1)
    rates = [[said[(group == g) & side].mean() for g in "abc"] for side in (true, ~true)]
    expected = np.mean([max(row) - min(row) for row in rates])
    assert gap(DISPARITIES["average_odds"], sample, group)["difference"].value == pytest.approx(expected)


def test_gaps_of_a_regression_by_mask_arithmetic():
    disparity = DISPARITIES["mean_error_parity"]
    sample, group = rows_for(disparity), names()
    error = np.asarray(sample.score) - np.asarray(sample.target)
    for name, of in {
        "mean_error_parity": lambda e: e.mean(),
        "mean_absolute_error_parity": lambda e: np.abs(e).mean(),
        "root_mean_squared_error_parity": lambda e: np.sqrt((e**2).mean()),
    }.items():
        values = [of(error[group == g]) for g in "abc"]
        assert gap(DISPARITIES[name], sample, group)["difference"].value == pytest.approx(max(values) - min(values))
