"""Turns scores into what each of many thresholds would do, cost and be worth, with pointwise intervals."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.forms import Array, is_inclusion_weighted, scores, weights_of
from audit.estimation.shares import weighted_shares
from audit.estimation.thresholds import spread_thresholds
from audit.performance.cells import all_alike, cells_at, cells_of, effective_rows, method_of, worth_of
from audit.performance.peers import Peer
from audit.records.sections import Curve
from audit.records.spec import CostsSpec

POINTS = 101
"""Thresholds of a curve."""
TABLED = 11
"""Thresholds of the table, beside the audit's own."""


def decision_curves(
    sample: Sample, peers: tuple[Peer, ...], costs: CostsSpec | None, level: float
) -> dict[str, dict[str, Curve]]:
    """Return the threshold table, the net benefit and the cost over thresholds, by name and line."""
    at = _grid(sample)
    rival = next((p.sample for p in peers if p.facts.name == "challenger"), None)
    if rival is not None and (rival.score is None or rival.probability != sample.probability):
        rival = None
    found = {"threshold_table": _table(sample, costs, level)}
    if sample.probability:
        found["net_benefit"] = _benefit_curves(sample, rival, at[(at > 0) & (at < 1)], level)
    if costs is not None:
        found["cost"] = _worth_curves("Expected cost", sample, rival, at, np.array(worth_of(costs)), level)
    return found


def _worth_curves(
    label: str, sample: Sample, rival: Sample | None, at: Array, worth: Array, level: float
) -> dict[str, Curve]:
    return {
        name: _curve(at, *weighted_shares(cells_at(rows, at), worth, effective_rows(rows, level), level), label, rows)
        for name, rows in (("", sample), ("challenger", rival))
        if rows is not None
    }


def _benefit_curves(sample: Sample, rival: Sample | None, at: Array, level: float) -> dict[str, Curve]:
    odds = at / (1 - at)
    nothing = np.zeros_like(odds)
    worth = np.stack([nothing, -odds, nothing, nothing + 1], axis=-1)
    found = _worth_curves("Net benefit", sample, rival, at, worth, level)
    everybody = cells_of(all_alike(sample, True))
    value, low, high = weighted_shares(np.tile(everybody, (len(at), 1)), worth, effective_rows(sample, level), level)
    # Below nobody's zero it falls without bound; the first such point is enough to see that.
    kept = slice(0, int(np.argmax(value < 0)) + 1 if (value < 0).any() else len(at))
    found["treat all"] = _curve(at[kept], value[kept], low[kept], high[kept], "Net benefit", sample)
    found["treat none"] = _curve(at, nothing, nothing, nothing, "Net benefit", sample)
    return found


def _curve(at: Array, value: Array, low: Array, high: Array, label: str, sample: Sample) -> Curve:
    return Curve(
        x_label="Threshold",
        y_label=label,
        x=tuple(at.tolist()),
        y=tuple(value.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        method=method_of(sample),
    )


def _grid(sample: Sample) -> Array:
    score = scores(sample)
    low, high = (float(end) for end in np.quantile(score, [0.005, 0.995]))
    if sample.probability:
        low, high = max(np.floor(low * 100) / 100, 0.01), min(np.ceil(high * 100) / 100, 0.99)
    if not low < high:
        low, high = (0.01, 0.99) if sample.probability else (low - 1, low + 1)
    return np.unique(np.linspace(low, high, POINTS))


def _table(sample: Sample, costs: CostsSpec | None, level: float) -> dict[str, Curve]:
    """What a dozen thresholds would do, the audit's own among them, each measure with its interval."""
    at = spread_thresholds(scores(sample), TABLED)
    at = np.unique(at if sample.threshold is None else np.append(at, sample.threshold))
    cells, squares = cells_at(sample, at), cells_at(sample, at, squared=True)
    clustered = 1.0 if sample.cluster is None else effective_rows(sample, level) / float(weights_of(sample).sum())
    found = {}
    for name, (label, inside, curved) in _RATES.items():
        hits, trials = cells[:, inside[0]].sum(axis=1), cells[:, inside[1]].sum(axis=1)
        there = trials > 0
        rows = trials[there]
        if sample.cluster is not None:
            rows = rows * clustered
        elif is_inclusion_weighted(sample):
            rows = rows**2 / squares[there][:, inside[1]].sum(axis=1)
        share = hits[there] / trials[there]
        low, high = intervals.wilson(share * rows, rows, level)
        value, low, high = (2 * end / (1 + end) if curved else end for end in (share, low, high))
        method = method_of(sample).removeprefix("mover_")
        found[name] = _curve(at[there], value, low, high, label, sample).model_copy(update={"method": method})
    if costs is not None:
        ends = weighted_shares(cells, worth_of(costs), effective_rows(sample, level), level)
        found["expected_cost"] = _curve(at, *ends, "Expected cost", sample)
    return found


_RATES: dict[str, tuple[str, tuple[list[int], list[int]], bool]] = {
    "predicted_positive_rate": ("Predicted positive", ([1, 3], [0, 1, 2, 3]), False),
    "true_positive_rate": ("True positive rate", ([3], [2, 3]), False),
    "false_positive_rate": ("False positive rate", ([1], [0, 1]), False),
    "precision": ("Precision", ([3], [1, 3]), False),
    "f1": ("F1", ([3], [1, 2, 3]), True),
}
"""Label, cells that are hits and that are trials (TN, FP, FN, TP), and whether it is the Jaccard index of an F1."""
