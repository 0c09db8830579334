"""Turns scores of two classes into the interval of the area under the ROC curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.forms import Auc, is_inclusion_weighted, one_against_rest, weights_of
from audit.estimation.scales import scale_of

Array = NDArray[np.float64]
Ends = tuple[float | None, float | None]

FEW = 3.5
"""Rows of the smaller class under which the area is bounded by the interval of a share of them alone."""
SOME = 20
"""Rows of the smaller class from which the normal limits of DeLong hold."""
FAR = 4.5
"""Standard errors between the area and its nearer bound from which they hold."""
FAR_WEIGHTED = 10.0
"""The same under sampling weights, where some rows weigh more than others."""


_ROUNDING = 1e-12
"""Standard error under which every row is placed alike, and the rest is rounding of weights."""


def area_ends(form: Auc, sample: Sample, level: float) -> tuple[str, Ends]:
    """Return the method and the interval of an area, or of the plain mean of every class against the rest.

    - `delong`: the area -+ z standard errors, where the smaller class has 20 rows or more and the area lies 4.5
      standard errors or more from 0 and from 1 (10 under sampling weights). Elsewhere these limits hold the truth too
      rarely: nine times in ten where 1,000 rows have 20 positives.
    - `newcombe`: the score-type interval of Newcombe's method 5, for fewer rows or an area nearer to its bound; under
      sampling weights, and for the mean over classes, no narrower than DeLong's on the logit with Student's t
      (`newcombe_delong_logit`, under sampling weights `newcombe_delong_logit_effective_n`).
    - `wilson_smaller_class`: with three rows of a class or fewer, Wilson's interval of a share of that class.
    """
    weight, sampling = weights_of(sample), is_inclusion_weighted(sample)
    sides = one_against_rest(sample)
    found = [intervals.auc_influence(positive, score, weight, sampling) for positive, score in sides]
    area = float(np.mean([value for value, _ in found]))
    counts = [(_count(weight[positive], sampling), _count(weight[~positive], sampling)) for positive, _ in sides]
    # Weights that are all equal, or 0, draw no row more often than another.
    uneven = sampling and bool(np.ptp(weight[weight > 0]) > 0)
    method, ends = _ends(area, np.mean([part for _, part in found], axis=0), counts, uneven, level)
    low, high = form.curve(np.clip(np.array(ends), 0.0, 1.0))
    return method, (float(low), float(high))


def _ends(
    area: float, influence: Array, counts: list[tuple[float, float]], uneven: bool, level: float
) -> tuple[str, tuple[float, float]]:
    fewest = min(min(pair) for pair in counts)
    if fewest < FEW:
        least, most = intervals.wilson(np.array(area * fewest), np.array(fewest), level)
        return "wilson_smaller_class", (float(least), float(most))
    error = float(np.sqrt(influence @ influence))
    error = error if error > _ROUNDING else 0.0
    if fewest >= SOME and min(area, 1 - area) >= (FAR_WEIGHTED if uneven else FAR) * error > 0:
        half = intervals.normal_quantile(level) * error
        return "delong", (area - half, area + half)
    smallest = min(counts, key=min)
    score_type = intervals.newcombe_auc(area, *smallest, level)
    if not uneven and len(counts) == 1:
        return "newcombe", score_type
    low, high = _on_logit(area, error, fewest - 1, level)
    method = "newcombe_delong_logit_effective_n" if uneven else "newcombe_delong_logit"
    return method, (min(low, score_type[0]), max(high, score_type[1]))


def _on_logit(area: float, error: float, freedom: float, level: float) -> tuple[float, float]:
    if not 0 < area < 1:
        return area, area
    scale = scale_of((0.0, 1.0))
    reach = float(stats.t.ppf(0.5 + level / 2, freedom)) * error / (area * (1 - area))
    low, high = scale.back(scale.to(np.array(area)) + np.array([-reach, reach]))
    return float(low), float(high)


def _count(weight: Array, sampling: bool) -> float:
    """Rows; under sampling weights Kish's effective number."""
    total = float(weight.sum())
    return total**2 / float(weight @ weight) if sampling and total > 0 else total
