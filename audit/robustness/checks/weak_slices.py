"""Finds parts of the table in which the model does worse: searched on one half of the rows, confirmed on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.declarations.metric import Sample
from audit.estimation.intervals import auc_influence
from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation
from audit.robustness.conditions import coding_of
from audit.robustness.confirmation import Excess, excess_of
from audit.robustness.distances import holm
from audit.robustness.losses import Loss, loss_of, usable
from audit.robustness.rows import content_codes
from audit.robustness.slices import LEAST_ROWS, Slice, inside, search
from audit.subject.evidence import Evaluation, Evidence

MOST_SEARCHED = 50_000
"""Rows that are searched."""
MOST_CONFIRMING = 200_000
"""Rows of the rest that confirm."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Search slices of one or two conditions with the largest excess of loss, and test them on rows of their own.

    Conditions are ranges of numbers, frequent values and missing ones, of features and of sensitive columns. Rows are
    dealt to the two halves by the seed and by what they hold, whatever their order. Bins are learned and at most ten
    slices proposed on the first half; on the other each is tested one-sided and adjusted for all that were proposed
    (Holm), so that where no slice costs more than the rest, any is confirmed in at most one audit in twenty (at level
    0.95). Intervals are of the second half alone and hold for all slices at once (Bonferroni). Time and clusters are
    not regarded: rows of one person in both halves lend each other more weight than they have.
    """
    headline = evidence.headline
    loss, columns = loss_of(headline.sample), _columns(headline)
    if loss is None:
        raise CheckNotRunError("The predictions cannot be compared with true labels row by row.")
    if not columns.shape[1]:
        raise CheckNotRunError("There are no columns to slice by: neither features nor sensitive ones.")
    rows = np.flatnonzero(usable(headline.sample))
    if len(rows) < 4 * LEAST_ROWS:
        raise CheckNotRunError(f"A search needs {4 * LEAST_ROWS} rows with finite predictions; there are {len(rows)}.")
    searched, kept = _halves(headline, columns, rows, setting.seed)
    tested = _tested(headline.sample, loss, columns, searched, kept, setting.level)
    return _finding(headline, loss, tested, len(searched), len(kept), setting.level)


@dataclass(frozen=True)
class _Tested:
    """A slice and what the second half says of it."""

    slice: Slice
    excess: Excess
    p_value: float
    """Adjusted."""
    quality: tuple[str, str]
    """A readable figure of the slice and of all other rows."""
    expected: str
    """Loss that the model itself expects in the slice."""


def _columns(headline: Evaluation) -> pd.DataFrame:
    """Features, then sensitive columns that are none of them."""
    table = headline.table
    known = {str(name) for name in table.features.columns}
    others = [i for i, name in enumerate(table.sensitive.columns) if str(name) not in known]
    return pd.concat([table.features, table.sensitive.iloc[:, others]], axis=1)


def _halves(
    headline: Evaluation, columns: pd.DataFrame, rows: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Deal rows by their content, so that their order in the file decides nothing."""
    sample = headline.sample
    beside = [sample.target, sample.label, sample.score, sample.weight]
    ordered = rows[np.argsort(content_codes(columns, beside)[rows], kind="stable")]
    dealt = np.random.default_rng(seed).permutation(len(rows))
    cut = min(len(rows) // 2, MOST_SEARCHED)
    return ordered[np.sort(dealt[:cut])], ordered[np.sort(dealt[cut : cut + MOST_CONFIRMING])]


def _tested(
    sample: Sample,
    loss: Loss,
    columns: pd.DataFrame,
    searched: NDArray[np.int64],
    kept: NDArray[np.int64],
    level: float,
) -> tuple[_Tested, ...]:
    codings = [coding_of(columns.iloc[searched, i]) for i in range(columns.shape[1])]
    proposed = search(
        [coding.codes(columns.iloc[searched, i]) for i, coding in enumerate(codings)],
        [coding.size for coding in codings],
        [coding.conditions(i, str(columns.columns[i])) for i, coding in enumerate(codings)],
        loss.compute(sample, searched),
        None if sample.weight is None else sample.weight[searched],
    )
    used = {condition.column for found in proposed for condition in found.conditions}
    codes = {i: codings[i].codes(columns.iloc[kept, i]) for i in used}
    return _confirmed(sample, loss, proposed, codes, kept, level)


def _confirmed(
    sample: Sample,
    loss: Loss,
    proposed: Sequence[Slice],
    codes: Mapping[int, NDArray[np.int64]],
    kept: NDArray[np.int64],
    level: float,
) -> tuple[_Tested, ...]:
    losses = loss.compute(sample, kept)
    weight = None if sample.weight is None else sample.weight[kept]
    sampling = sample.weight_kind == "sampling"
    shared = 1 - (1 - level) / max(len(proposed), 1)
    members = [inside(codes, found.conditions) for found in proposed]
    excesses = [excess_of(losses, rows, shared, weight, sampling, loss.counts) for rows in members]
    # One that too few rows are left to test was looked at too: it counts among those that are adjusted for.
    adjusted = holm([1.0 if excess is None else excess.p_value for excess in excesses])
    told = [
        _Tested(found, excess, p, _quality(sample, kept, rows), _expected(sample, loss, kept[rows]))
        for found, rows, excess, p in zip(proposed, members, excesses, adjusted, strict=True)
        if excess is not None
    ]
    return tuple(sorted(told, key=lambda t: (t.p_value >= 1 - level, -t.excess.value, t.slice.key)))


def _finding(
    headline: Evaluation, loss: Loss, tested: Sequence[_Tested], searched: int, kept: int, level: float
) -> Finding:
    confirmed = [t for t in tested if t.p_value < 1 - level]
    observations = (
        Observation(
            id="robustness/weak_slices",
            label="Slices in which the model does worse, confirmed on rows of their own",
            measured=Exact(value=len(confirmed), n=kept),
            higher_is_better=False,
            scope=headline.scope,
        ),
        *(
            Observation(
                id=f"robustness/weak_slice_excess/{t.slice.key}",
                label=f"Excess {loss.label} where {t.slice.words}",
                measured=Estimate(
                    value=t.excess.value, low=t.excess.low, high=t.excess.high, level=level,
                    method=f"bonferroni_{t.excess.method}", n=t.excess.n,
                ),
                higher_is_better=False,
                scope=headline.scope,
            )
            for t in confirmed
        ),
    )  # fmt: skip
    worst = ""
    if confirmed:
        first = confirmed[0]
        worst = (
            f" The worst is {first.slice.words} ({first.excess.n} rows): {_number(first.excess.within)} against "
            f"{_number(first.excess.elsewhere)} elsewhere."
        )
    return Finding(
        summary=(
            f"{len(confirmed)} of {len(tested)} slices that a search of {searched:,} rows proposed are confirmed on "
            f"{kept:,} others, by the {loss.label}.{worst}"
        ),
        observations=observations,
        table=_table(headline.sample, loss, tested, level),
    )


def _table(sample: Sample, loss: Loss, tested: Sequence[_Tested], level: float) -> tuple[tuple[str, ...], ...]:
    if not tested:
        return ()
    quality, expects = _quality_name(sample), loss.expected is not None
    head = (
        "Slice",
        "Rows",
        "Loss",
        *(("As the model expects",) if expects else ()),
        "Elsewhere",
        f"Difference ({level:.0%} interval)",
        "p (Holm)",
        *((f"{quality} (elsewhere)",) if quality else ()),
    )
    return (
        head,
        *(
            (
                t.slice.words,
                f"{t.excess.n}",
                _number(t.excess.within),
                *((t.expected,) if expects else ()),
                _number(t.excess.elsewhere),
                f"{t.excess.value:+.3g} ({t.excess.low:+.3g} to {t.excess.high:+.3g})",
                _p(t.p_value) + ("" if t.p_value < 1 - level else ", not confirmed"),
                *((f"{t.quality[0]} ({t.quality[1]})",) if quality else ()),
            )
            for t in tested
        ),
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _expected(sample: Sample, loss: Loss, rows: NDArray[np.int64]) -> str:
    if loss.expected is None:
        return ""
    weight = None if sample.weight is None else sample.weight[rows]
    return _number(float(np.average(loss.expected(sample, rows), weights=weight)))


# --- a figure that readers know --------------------------------------------------------------------


def _quality_name(sample: Sample) -> str:
    if not sample.classes:
        return ""
    return "Accuracy" if sample.label is not None else "ROC AUC"


def _quality(sample: Sample, kept: NDArray[np.int64], rows: NDArray[np.bool_]) -> tuple[str, str]:
    name = _quality_name(sample)
    figure: Callable[[Sample, NDArray[np.int64]], float] = _accuracy if name == "Accuracy" else _area
    values = [figure(sample, kept[part]) for part in (rows, ~rows)] if name else [np.nan, np.nan]
    first, second = ("–" if np.isnan(value) else f"{value:.3f}" for value in values)
    return first, second


def _accuracy(sample: Sample, rows: NDArray[np.int64]) -> float:
    assert sample.label is not None and sample.target is not None
    right = sample.label[rows] == sample.target[rows]
    return float(np.average(right, weights=None if sample.weight is None else sample.weight[rows]))


def _area(sample: Sample, rows: NDArray[np.int64]) -> float:
    if sample.score is None or sample.score.ndim != 1 or sample.target is None:
        return np.nan
    weight = np.ones(len(rows)) if sample.weight is None else sample.weight[rows]
    return auc_influence(sample.target[rows] == sample.positive, sample.score[rows], weight, False)[0]


CHECK = Check(
    name="weak_slices",
    label="Weak slices",
    find=find,
    needs=("target", "predictions"),
    promises=("robustness/weak_slices",),
    description=(
        "Parts of the table in which the model does worse than elsewhere. Where the loss is what the model itself "
        "expects, the rows are hard and it knows; where it is larger, the model is wrong about them."
    ),
    source=(
        "Chung, Kraska, Polyzotis, Tae and Whang (2020), doi:10.1109/TKDE.2019.2916074; Holm (1979); Sagadeeva and "
        "Boehm (2021), doi:10.1145/3448016.3457323"
    ),
)
