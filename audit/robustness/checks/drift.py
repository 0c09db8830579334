"""Compares the distribution of each feature in the test table with where the model comes from."""

from __future__ import annotations

from collections.abc import Iterator

from audit.declarations.check import Check, Finding, Setting
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.robustness.distances import Bridges, holm
from audit.robustness.shift import MOST_ROWS, Shift, drawn, shift_of, side_of, value_of
from audit.subject.evidence import Evidence


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Measure how far each feature moved from data.reference, or else train, to the test table.

    The population stability index and the Jensen-Shannon distance compare shares in bins: tenths of the baseline, or
    the ten most frequent values of both tables and the rest. The Kolmogorov-Smirnov statistic is the widest gap between
    both distribution functions, the Wasserstein distance the area between them in standard deviations of the baseline.
    Beside each stands what chance alone exceeds once in twenty (at level 0.95). One test a feature, Kolmogorov-Smirnov
    for numbers and chi-square otherwise, is adjusted over all features (Holm), so that features without any drift are
    named in at most one audit in twenty.
    """
    baseline, test = evidence.subject.reference or evidence.subject.train, evidence.subject.test
    assert baseline is not None and test is not None  # the check needs both
    rows, others = drawn(baseline, setting.seed), drawn(test, setting.seed)
    before, after = baseline.features.iloc[rows], test.features.iloc[others]
    bridges = Bridges(setting.seed)
    shifts = {
        str(name): shift_of(
            side_of(before.iloc[:, i], baseline, rows),
            side_of(after.iloc[:, i], test, others),
            setting.level,
            bridges,
        )
        for i, name in enumerate(before.columns)
    }
    shifts = {name: shifts[name] for name in sorted(shifts, key=lambda name: (-value_of(shifts[name].index), name))}
    adjusted = _adjusted(shifts)
    beyond = [name for name, shift in shifts.items() if value_of(shift.index) > value_of(shift.index_critical)]
    drifted = [name for name, p in adjusted.items() if isinstance(p, Exact) and p.value < 1 - setting.level]
    worst = next(iter(shifts))
    sampled = f", on {MOST_ROWS:,} rows of a table drawn at random" if max(baseline.n, test.n) > MOST_ROWS else ""
    named = f" ({', '.join(drifted[:5])}{' and more' if len(drifted) > 5 else ''})" if drifted else ""
    return Finding(
        summary=(
            f"From {baseline.role} to test the population stability index is largest for {worst} "
            f"({_figure(shifts[worst].index)}); for {len(beyond)} of {len(shifts)} features it is beyond what chance "
            f"explains, and for {len(drifted)}{named} a test is after Holm's adjustment over all features{sampled}."
        ),
        observations=(
            _observed("psi_max", f"Largest population stability index: {worst}", shifts[worst].index),
            _observed(
                "psi_beyond_chance",
                "Features whose index is beyond its critical value",
                Exact(value=len(beyond), n=test.n),
            ),
            _observed(
                "features_drifted",
                f"Features that a test finds moved, adjusted over all {len(shifts)} (Holm)",
                Exact(value=len(drifted), n=test.n),
            ),
            *(o for name, shift in shifts.items() for o in _of_feature(name, shift, adjusted[name], setting)),
        ),
        table=(
            (
                "Feature",
                "PSI",
                "By chance",
                "KS",
                "Wasserstein",
                "By chance",
                "Jensen-Shannon",
                "By chance",
                "p (Holm)",
            ),
            *((name, *_line(shift, adjusted[name])) for name, shift in shifts.items()),
        ),
    )


def _adjusted(shifts: dict[str, Shift]) -> dict[str, Measured]:
    """P-values adjusted over the features that have one."""
    known = {name: s.p_value.value for name, s in shifts.items() if isinstance(s.p_value, Exact)}
    told = dict(zip(known, holm(list(known.values())), strict=True))
    return {
        name: Exact(value=told[name], n=shift.p_value.n) if isinstance(shift.p_value, Exact) else shift.p_value
        for name, shift in shifts.items()
    }


def _of_feature(name: str, shift: Shift, adjusted: Measured, setting: Setting) -> Iterator[Observation]:
    place, chance = encoded(name), f"that chance alone exceeds once in {1 / (1 - setting.level):.0f}"
    yield _observed(f"psi/{place}", f"Population stability index of {name}", shift.index)
    yield _observed(f"psi_critical/{place}", f"Index of {name} {chance}", shift.index_critical)
    yield _observed(f"jensen_shannon/{place}", f"Jensen-Shannon distance of {name}", shift.divergence)
    yield _observed(
        f"jensen_shannon_critical/{place}", f"Jensen-Shannon distance of {name} {chance}", shift.divergence_critical
    )
    if shift.ordered:
        yield _observed(f"ks/{place}", f"Kolmogorov-Smirnov statistic of {name}", shift.widest)
        label = f"Wasserstein distance of {name}, in standard deviations"
        yield _observed(f"wasserstein/{place}", label, shift.moved)
        yield _observed(f"wasserstein_critical/{place}", f"{label}, {chance}", shift.moved_critical)
    test = "two tables" if shift.test == "none" else f"{shift.test} test"
    yield _observed(f"drift_p_value/{place}", f"p-value of the {test} for {name}, not adjusted", shift.p_value, None)
    yield _observed(
        f"drift_p_value;adjusted=holm/{place}", f"p-value of the {test} for {name}, adjusted (Holm)", adjusted, None
    )


def _line(shift: Shift, adjusted: Measured) -> tuple[str, ...]:
    told = (
        shift.index, shift.index_critical, shift.widest, shift.moved, shift.moved_critical, shift.divergence,
        shift.divergence_critical, adjusted,
    )  # fmt: skip
    return tuple(_figure(measured) for measured in told)


def _figure(measured: Measured) -> str:
    match measured:
        case Estimate(value=value) | Exact(value=value):
            return f"{value:.4f}"
        case Undefined():
            return "–"


def _observed(name: str, label: str, measured: Measured, better: bool | None = False) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=better)


CHECK = Check(
    name="drift",
    label="Shift of features",
    find=find,
    needs=("test", "baseline", "features"),
    promises=("robustness/psi_max", "robustness/psi_beyond_chance", "robustness/features_drifted"),
    description=(
        "How far each feature's distribution moved. For the population stability index 0.10 and 0.25 are customary "
        "lines that ignore the number of rows; the critical value beside it is what chance alone gives with these rows."
    ),
    source="Yurdakul and Naranjo, Statistical properties of the population stability index, J. Risk Model Validation",
)
