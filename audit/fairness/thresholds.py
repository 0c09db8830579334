"""Turns scores by group into what a change of threshold does to each group, all thresholds counted in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation.clusters import effects_by_group
from audit.estimation.forms import is_positive, scores
from audit.estimation.intervals import wilson
from audit.estimation.seeds import child_seed
from audit.estimation.thresholds import spread_thresholds, sums_above
from audit.fairness.counts import Share, counts_rows, whole
from audit.fairness.disaggregate import Rows
from audit.fairness.gaps import GAPS, draw_most, draw_shares, draw_slack, gap_interval
from audit.fairness.groups import Grouping
from audit.records.sections import Curve

Array = NDArray[np.float64]

CHARTED = 8
"""Groups up to which lines can be told apart; with more there are only the thresholds of a table."""
POINTS = 25
TABLED = 5


def thresholds_of(grouping: Grouping, rows: Rows) -> dict[str, dict[str, Curve]]:
    """Return rates of each group over thresholds, by measure and group, and the impact ratio between the groups.

    Parameters
    ----------
    grouping : groups, and the group of each row
    rows : a binary sample with finite scores; `unfit` says where that is not so

    Returns
    -------
    selection_rate, true_positive_rate and false_positive_rate by key of group, each with Wilson intervals; impact_ratio
    under "", with the interval that the same gap has at the audit's threshold. A rate without rows has no line.
    """
    sample, groups = rows.sample, len(grouping.groups)
    at = _grid(sample, POINTS if groups <= CHARTED else TABLED)
    side = np.zeros(len(grouping.codes), dtype=np.int64) if sample.target is None else is_positive(sample).astype(int)
    kind = grouping.codes * 2 + side
    above = sums_above(at, scores(sample), kind, groups * 2, sample.weight).reshape(groups, 2, -1)
    total, squares = (
        np.bincount(kind, weights=weight, minlength=groups * 2).reshape(groups, 2).astype(np.float64)
        for weight in (sample.weight, None if sample.weight is None else sample.weight**2)
    )
    selected = above.sum(axis=1)
    if sample.favourable != sample.positive:
        selected = np.maximum(total.sum(axis=1)[:, None] - selected, 0.0)
    whole_effect = _effect(sample, np.ones(len(side), dtype=bool), grouping, rows)
    parts = {"selection_rate": _Part("Selection rate", selected, total.sum(axis=1), squares.sum(axis=1), whole_effect)}
    if sample.target is not None:
        for name, label, code in _GIVEN_TRUTH:
            effect = _effect(sample, side == code, grouping, rows)
            parts[name] = _Part(label, above[:, code], total[:, code], squares[:, code], effect)
    found = {name: _lines(part, at, grouping, rows) for name, part in parts.items()}
    ratio = _impact(parts["selection_rate"], at, grouping, rows)
    return {name: lines for name, lines in found.items() if lines} | ({"impact_ratio": {"": ratio}} if ratio else {})


def unfit(sample: Sample) -> str:
    """Return why a change of threshold cannot be followed here, as a sentence; "" where it can, or none is meant."""
    if sample.positive is None or not sample.classes:
        return ""
    if sample.score is None:
        return "What another threshold would do to each group cannot be told: there are labels only, no scores."
    if not np.isfinite(sample.score).all():
        return "What another threshold would do to each group cannot be told: some scores are not finite."
    return ""


def is_followed(sample: Sample) -> bool:
    """Whether there is a score to set a threshold on."""
    return sample.positive is not None and bool(sample.classes) and sample.score is not None and not unfit(sample)


_GIVEN_TRUTH = (("true_positive_rate", "True positive rate", 1), ("false_positive_rate", "False positive rate", 0))


@dataclass(frozen=True)
class _Part:
    """A rate of each group at each threshold."""

    label: str
    hits: Array
    """(groups, t) sums of weights."""
    of: Array
    """(groups,)"""
    squares: Array
    """(groups,) sums of squared weights."""
    effect: Array | None = None
    """(groups,) design effect of clusters; None where rows are independent."""

    def rows(self, sample: Sample) -> Array:
        """(groups,) rows that each rate rests on: Kish's number under sampling weights, independent of clusters."""
        if self.effect is not None:
            return self.of / np.where(np.isfinite(self.effect), self.effect, np.maximum(self.of, 1.0))
        if counts_rows(sample):
            return self.of
        return np.divide(self.of**2, self.squares, out=np.zeros_like(self.of), where=self.squares > 0)


def _effect(sample: Sample, inside: NDArray[np.bool_], grouping: Grouping, rows: Rows) -> Array | None:
    """(groups,) design effect of being above a threshold, the largest over places among the scores."""
    if sample.cluster is None:
        return None
    score = scores(sample)
    places = np.unique(np.quantile(score, _PLACES, method="inverted_cdf"))
    above = ((score >= place).astype(np.float64) for place in places)
    codes = np.where(inside, grouping.codes, -1)
    return effects_by_group(above, sample, codes, len(grouping.groups), rows.interval.level)


_PLACES = (0.1, 0.5, 0.9)


def _suffix(sample: Sample) -> str:
    return "_clustered" if sample.cluster is not None else "" if counts_rows(sample) else "_effective_n"


def _grid(sample: Sample, wanted: int) -> Array:
    at = spread_thresholds(scores(sample), wanted)
    return np.unique(at if sample.threshold is None else np.append(at, sample.threshold))


def _lines(part: _Part, at: Array, grouping: Grouping, rows: Rows) -> dict[str, Curve]:
    behind, found = part.rows(rows.sample), {}
    for g, group in enumerate(grouping.groups):
        if part.of[g] > 0:
            share = np.minimum(part.hits[g] / part.of[g], 1.0)
            low, high = wilson(share * behind[g], np.full(len(at), behind[g]), rows.interval.level)
            method = f"wilson{_suffix(rows.sample)}"
            found[group.key] = _curve(part.label, at, share, low, high, method)
    return found


def _impact(part: _Part, at: Array, grouping: Grouping, rows: Rows) -> Curve | None:
    """Least ratio between the judged groups at each threshold; thresholds at which nobody is selected are left out."""
    judged = [int(g) for g in grouping.judged if part.of[g] > 0]
    reference = grouping.reference
    if len(judged) < 2 or (reference is not None and reference not in judged):
        return None
    beside = None if reference is None else judged.index(reference)
    behind, points = part.rows(rows.sample), []
    for i, place in enumerate(at):
        share = Share(whole(part.hits[:, i], rows.sample), whole(part.of, rows.sample))
        value = float(GAPS["ratio"](share.values()[judged], beside))
        if np.isnan(value):
            continue
        # The very draws of the gap at the audit's threshold, so that both tell the same interval.
        seed = child_seed(rows.seed, f"fairness/{grouping.facts.key}/{share.hits.tolist()}/{share.of.tolist()}")
        drawn = share if not _suffix(rows.sample) else Share(share.values().astype(np.float64) * behind, behind)
        draws = draw_shares(drawn, rows.interval.resamples, np.random.default_rng(seed))[:, judged]
        gaps, slack = GAPS["ratio"](draws, beside), draw_slack("ratio", draws)
        most = 1.0 if value else draw_most(draws, beside, rows.interval.level)
        low, high = gap_interval("ratio", value, gaps, slack, rows.interval.level, most)
        points.append((float(place), value, low or 0.0, 1.0 if high is None else high))
    if not points:
        return None
    method = f"jeffreys_draws{_suffix(rows.sample)}"
    x, y, low_ends, high_ends = np.array(points).T
    return _curve("Impact ratio", x, y, low_ends, high_ends, method)


def _curve(label: str, x: Array, y: Array, low: Array, high: Array, method: str) -> Curve:
    xs, ys, lows, highs = (tuple(values.astype(float).tolist()) for values in (x, y, low, high))
    return Curve(x_label="Threshold", y_label=label, x=xs, y=ys, low=lows, high=highs, method=method)
