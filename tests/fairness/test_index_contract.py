"""Every index keeps the same promises, and each promise is shown to break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from divided import binary, divide, names, strata, taken, weighted

from audit.catalogue import load_all
from audit.declarations.index import Index
from audit.fairness.disaggregate import Rows
from audit.fairness.division import Division
from audit.fairness.indexed import Given, observe_indices
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.spec import IntervalSpec

INDICES: dict[str, Index] = load_all("indices")


def told(index: Index, division: Division) -> dict[str, Measured]:
    """Value by name of the group; under "" where it is of the grouping."""
    found = index.compute(division)
    if index.of == "grouping":
        assert len(found) == 1
        return {"": found[0]}
    assert len(found) == len(division.groups)
    return {group.label: measured for group, measured in zip(division.groups, found, strict=True)}


def alike(one: dict[str, Measured], other: dict[str, Measured], rel: float = 1e-9) -> None:
    assert one.keys() == other.keys()
    for name, measured in one.items():
        beside = other[name]
        assert measured.kind == beside.kind
        if isinstance(measured, Undefined) or isinstance(beside, Undefined):
            continue
        assert (measured.value, measured.n) == pytest.approx((beside.value, beside.n), rel=rel, abs=1e-9)
        if isinstance(measured, Estimate) and isinstance(beside, Estimate):
            assert measured.method == beside.method
            # Draws of groups in another order are other draws of the same law.
            slack = 0.3 * (measured.high - measured.low) if "draws" in measured.method else 1e-9
            assert measured.low == pytest.approx(beside.low, rel=rel, abs=slack)
            assert (measured.high is None) == (beside.high is None)
            if measured.high is not None:
                assert measured.high == pytest.approx(beside.high, rel=rel, abs=slack)


def takes_names_as_names(index: Index) -> None:
    """Groups under other names, in another order, have the same values."""
    group = names()
    other = np.array([{"a": "z", "b": "y", "c": "x"}[g] for g in group], dtype=object)
    found = told(index, divide(binary(), other, reference="z"))
    alike(
        told(index, divide(binary(), group)),
        {{"z": "a", "y": "b", "x": "c", "": ""}[name]: measured for name, measured in found.items()},
    )


def ignores_row_order(index: Index) -> None:
    sample, group, within = binary(), names(), strata()
    order = np.random.default_rng(3).permutation(len(group))
    alike(
        told(index, divide(sample, group, within=within)),
        told(index, divide(taken(sample, order), group[order], within=within[order])),
    )


def takes_no_weight_as_one(index: Index) -> None:
    sample, group = binary(), names()
    alike(told(index, divide(sample, group)), told(index, divide(weighted(sample, np.ones(len(group))), group)))


def counts_frequencies_as_rows(index: Index) -> None:
    sample, group, within = binary(), names(), strata()
    times = np.random.default_rng(4).integers(0, 4, len(group))
    rows = np.repeat(np.arange(len(group)), times)
    alike(
        told(index, divide(weighted(sample, times), group, within=within)),
        told(index, divide(taken(sample, rows), group[rows], within=within[rows])),
    )


def ignores_the_scale_of_sampling_weights(index: Index) -> None:
    sample, group = binary(), names()
    weight = np.random.default_rng(5).uniform(0.5, 3, len(group))
    one, other = (told(index, divide(weighted(sample, w, "sampling"), group)) for w in (weight, weight * 1000))
    alike(one, other, rel=1e-6)


def tells_equal_groups_so(index: Index) -> None:
    """Two groups that are copies of each other: the value that says equal, and no claim of a difference."""
    if index.equal is None:
        return
    sample, within = binary(120), strata(120)
    twice = np.concatenate([np.arange(120)] * 2)
    group = np.repeat(np.array(["a", "b"], dtype=object), 120)
    for measured in told(index, divide(taken(sample, twice), group, within=within[twice])).values():
        assert not isinstance(measured, Undefined), measured
        assert measured.value == pytest.approx(index.equal, abs=1e-12)
        if isinstance(measured, Estimate) and index.of == "group":
            assert measured.low < index.equal < measured.high
        if index.of == "grouping":
            assert measured.low == pytest.approx(index.equal, abs=1e-12)


def tells_unequal_groups_so(index: Index) -> None:
    """A group that is refused where the other is selected, and is told apart by scores: not the value of equal ones."""
    if index.equal is None or index.name == "chouldechova_residual":
        return
    rng = np.random.default_rng(6)
    group = np.repeat(np.array(["a", "b"], dtype=object), 200)
    score = np.clip(rng.normal(np.where(group == "a", 0.7, 0.3), 0.2), 0.01, 0.99)
    sample = replace(
        binary(400),
        target=(rng.random(400) < 0.5).astype(np.int64),
        score=score,
        label=(score >= 0.5).astype(np.int64),
    )
    found = told(index, divide(sample, group, within=rng.integers(0, 3, 400)))
    measured = found["b" if index.of == "group" else ""]
    assert not isinstance(measured, Undefined)
    assert abs(measured.value - index.equal) > 1e-3 * max(1.0, abs(index.equal))
    if isinstance(measured, Estimate):
        assert not measured.low <= index.equal <= measured.high


def stays_in_bounds(index: Index) -> None:
    least, most = index.bounds
    for seed in range(4):
        for measured in told(index, divide(binary(seed=seed), names(seed=seed))).values():
            if isinstance(measured, Undefined):
                continue
            ends = [measured.value]
            if isinstance(measured, Estimate):
                assert measured.low is not None and measured.low <= measured.value
                assert measured.high is None or measured.value <= measured.high
                ends += [end for end in (measured.low, measured.high) if end is not None]
            assert all(least is None or end >= least - 1e-9 for end in ends)
            assert all(most is None or end <= most + 1e-9 for end in ends)


def counts_clusters_of_equal_rows_as_rows(index: Index) -> None:
    """Every row four times, as a cluster of its own: the interval, or test, of the rows once."""
    if not index.clustered:
        return
    sample, group, within = binary(), names(), strata()
    rows = np.repeat(np.arange(240), 4)
    once = told(index, divide(sample, group, within=within))
    fourfold = told(index, divide(replace(taken(sample, rows), cluster=rows), group[rows], within=within[rows]))
    for name, measured in once.items():
        found = fourfold[name]
        assert found.kind == measured.kind
        if isinstance(measured, Estimate) and isinstance(found, Estimate):
            assert found.value == pytest.approx(measured.value, rel=1e-6)
            width = measured.high - measured.low if measured.high is not None else 1.0
            slack = 0.3 * width if "draws" in measured.method else 1e-6
            assert (found.low, found.high) == (
                pytest.approx(measured.low, rel=1e-6, abs=slack),
                pytest.approx(measured.high, rel=1e-6, abs=slack),
            )
        elif isinstance(measured, Exact) and isinstance(found, Exact) and not _counts_persons(index):
            assert found.value == pytest.approx(measured.value, rel=1e-6, abs=1e-9)


def _counts_persons(index: Index) -> bool:
    return index.name.startswith("shortfall_")


def stands_beside_itself(index: Index) -> None:
    """The reference group is told what equal groups are told, exactly, or why it is told nothing."""
    if not index.compares:
        return
    measured = told(index, divide(binary(), names()))["a"]
    if index.equal is None:
        assert isinstance(measured, Undefined | Exact)
    else:
        assert isinstance(measured, Exact) and measured.value == index.equal


def says_why_without_a_reference(index: Index) -> None:
    if index.compares:
        for measured in told(index, divide(binary(), names(), reference=None)).values():
            assert isinstance(measured, Undefined) and "no reference group" in measured.reason


def is_never_a_stand_in(index: Index) -> None:
    """One group, a group of one, all decided alike, a constant score, no weight: a value or a reason, no warning."""
    sample, group = binary(), names()
    size = len(group)
    lone = np.array(["a"] * (size - 1) + ["b"], dtype=object)
    cases = [
        divide(sample, np.full(size, "a", dtype=object)),
        divide(sample, lone),
        divide(sample, lone, reference="b"),
        divide(taken(sample, np.arange(2)), np.array(["a", "b"], dtype=object)),
        divide(replace(sample, label=np.zeros(size, dtype=np.int64)), group),
        divide(replace(sample, label=np.ones(size, dtype=np.int64)), group),
        divide(replace(sample, target=np.zeros(size, dtype=np.int64)), group),
        divide(replace(sample, target=np.ones(size, dtype=np.int64)), group),
        divide(replace(sample, label=sample.target), group),
        divide(replace(sample, label=1 - sample.target), group),
        divide(replace(sample, score=np.full(size, 0.4)), group),
        divide(weighted(sample, group != "b"), group),
        divide(weighted(sample, group != "a"), group),
        divide(weighted(sample, group != "b", "sampling"), group),
        divide(weighted(sample, np.zeros(size)), group),
        divide(weighted(sample, np.zeros(size), "sampling"), group),
        divide(sample, group, within=np.full(size, -1)),
        divide(sample, group, within=np.arange(size)),
        divide(replace(sample, label=(group == "a").astype(np.int64)), group),
    ]
    for division in cases:
        for measured in told(index, division).values():
            if isinstance(measured, Undefined):
                assert measured.reason[0].isupper() or measured.reason[0] in "abc"
                assert measured.reason.endswith(".")
            else:
                assert np.isfinite(measured.value)
                # A count of strata may rest on none.
                assert measured.n > 0 or index.name.startswith("strata_")


def repeats_itself(index: Index) -> None:
    assert told(index, divide(binary(), names())) == told(index, divide(binary(), names()))


def explains_itself(index: Index) -> None:
    assert index.name and index.label and index.description and index.formula and index.source
    assert index.description.endswith(".")


CHECKS: dict[str, Callable[[Index], None]] = {
    check.__name__: check
    for check in (
        takes_names_as_names,
        ignores_row_order,
        takes_no_weight_as_one,
        counts_frequencies_as_rows,
        ignores_the_scale_of_sampling_weights,
        tells_equal_groups_so,
        tells_unequal_groups_so,
        stays_in_bounds,
        counts_clusters_of_equal_rows_as_rows,
        stands_beside_itself,
        says_why_without_a_reference,
        is_never_a_stand_in,
        repeats_itself,
        explains_itself,
    )
}


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("check", CHECKS)
def test_every_index_keeps_the_promise(name: str, check: str) -> None:
    CHECKS[check](INDICES[name])


# --- doubles: an index that breaks each promise -----------------------------------------------------


def wrong(compute: Callable[[Division], object], **changes: object) -> Index:
    def each(division: Division) -> tuple[Measured, ...]:
        values = np.broadcast_to(np.asarray(compute(division), dtype=float), len(division.groups))
        return tuple(Exact(value=float(v), n=len(division.codes)) for v in values)

    return Index(**({"name": "wrong", "label": "Wrong", "compute": each, "equal": 0.0, "compares": True} | changes))  # type: ignore[arg-type]


def mean_score(division: Division) -> np.ndarray:
    return np.bincount(division.codes, weights=division.sample.score) / np.bincount(division.codes)


COUNTER = iter(range(1_000_000))
DOUBLES: dict[str, Index] = {
    "takes_names_as_names": wrong(lambda d: np.arange(len(d.groups))),
    "ignores_row_order": wrong(lambda d: d.sample.score[0]),
    "takes_no_weight_as_one": wrong(lambda d: 0.0 if d.sample.weight is None else 1.0),
    "counts_frequencies_as_rows": wrong(mean_score),
    "ignores_the_scale_of_sampling_weights": wrong(lambda d: d.summed()),
    "tells_equal_groups_so": wrong(mean_score),
    "tells_unequal_groups_so": wrong(lambda d: 0.0),
    "stays_in_bounds": wrong(lambda d: mean_score(d) - 1, bounds=(0.0, 1.0)),
    "counts_clusters_of_equal_rows_as_rows": wrong(lambda d: d.summed(), clustered=True),
    "stands_beside_itself": wrong(mean_score),
    "says_why_without_a_reference": wrong(lambda d: 0.0),
    "is_never_a_stand_in": wrong(lambda d: d.summed(d.sample.score) / d.summed()),
    "repeats_itself": wrong(lambda d: next(COUNTER)),
    "explains_itself": wrong(lambda d: 0.0),
}


@pytest.mark.parametrize("check", CHECKS)
def test_every_promise_can_be_broken(check: str) -> None:
    with pytest.raises((AssertionError, RuntimeWarning, ValueError)):
        CHECKS[check](DOUBLES[check])


# --- indices from outside ---------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["group", "grouping"])
@pytest.mark.parametrize(
    ("compute", "said"),
    [(lambda d: 1 / 0, "ZeroDivisionError: division by zero"), (lambda d: (), "ValueError: 0 values for")],
)
def test_an_index_from_outside_that_fails_is_undefined_and_the_others_go_on(of, compute, said):
    division = divide(binary(), names())
    rows = Rows(division.sample, IntervalSpec(resamples=100), 7, "held_out", 1)
    bad = Index(name="bad", label="House index", compute=compute, of=of)
    good = Index(name="good", label="Good", compute=lambda d: (Exact(value=1.0, n=1),) * len(d.groups))
    given = Given(power=0.8, strata=None)
    found = {o.id: o.measured for o in observe_indices((bad, good), division.grouping, {}, rows, given, {None: None})}
    assert len(found) == (1 if of == "grouping" else 3) + 3
    for id, measured in found.items():
        if "/bad/" in id:
            assert isinstance(measured, Undefined)
            assert measured.reason.startswith(f"House index cannot be computed: {said}")
        else:
            assert measured == Exact(value=1.0, n=1)
