"""Turns what each row adds to a figure into an interval: Student's t on the scale on which the figure has no bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.declarations.metric import Sample
from audit.estimation.forms import AtPositives, Sums, is_inclusion_weighted, is_positive, weights_of
from audit.estimation.intervals import clopper_pearson, wilson
from audit.estimation.scales import Scale, scale_of

Array = NDArray[np.float64]
Ends = tuple[float | None, float | None]
Bounds = tuple[float | None, float | None]

FEW_POSITIVES = 3.5
"""Positive rows under which an average over them is bounded by the exact interval of a share of them alone."""
SOME_POSITIVES = 50
"""Positive rows under which an average over them is at least as uncertain as a share of them."""


class Spread(NamedTuple):
    """How far a figure strays."""

    error: float
    """Standard error."""
    freedom: float
    """Degrees of freedom of that error, after Satterthwaite: fewer than the rows where some rows weigh heavily."""


def spread_of(pulls: Array, times: Array) -> Spread:
    """Return the standard error of a mean of pulls, and its degrees of freedom.

    Parameters
    ----------
    pulls : (n,) what a row adds to the figure, times the number of rows
    times : (n,) how many equal rows each stands for

    Notes
    -----
    The variance of a variance is (kurtosis - 1) / n of its square, which 2 / freedom of it is under normality.
    """
    n = float(times.sum())
    away = pulls - times @ pulls / n
    square = float(times @ away**2)
    if n <= 1 or square <= 0:
        return Spread(0.0 if square <= 0 else np.inf, max(n - 1, 0.0))
    kurtosis = n * float(times @ away**4) / square**2
    freedom = min(n - 1, max(2 * n / max(kurtosis - 1, 1e-9) - 1, 1.0))
    return Spread(float(np.sqrt(square / (n - 1) / n)), freedom)


def jackknife_ends(form: Sums, sample: Sample, bounds: Bounds, level: float) -> Ends:
    """Return the jackknife's interval of a smooth function of sums: each row is left out once.

    Source: Efron and Stein (1981), doi:10.1214/aos/1176345462: its variance is too large on average, never too small.
    """
    weight, sampling, scale = weights_of(sample), is_inclusion_weighted(sample), scale_of(bounds)
    features = form.features(sample)[weight > 0]
    weight = weight[weight > 0]
    times = np.ones(len(weight)) if sampling else weight
    dropped = weight[:, None] * features if sampling else features
    total = weight @ features
    value, without = scale.to(form.value(total)), scale.to(form.value(total - dropped))
    if not np.isfinite(without).all():
        return None, None
    n = float(times.sum())
    error, freedom = spread_of((n - 1) * -without, times)
    # The jackknife divides by (n - 1) / n where a mean divides by 1 / n (n - 1).
    return _student(scale, float(value), error, freedom, level)


def average_ends(form: AtPositives, sample: Sample, level: float) -> tuple[str, Ends]:
    """Return the interval of an average over positive rows that depends on the ranks of all rows.

    The linearised error on the logit (Boyd, Eng and Page (2013), doi:10.1007/978-3-642-40994-3_29, with the influence
    of every row in place of the binomial bound) and Student's t with one degree of freedom less than there are
    positive rows; with few of them no narrower than Wilson's interval of a share of them, with hardly any the exact
    one.
    """
    weight, sampling = weights_of(sample), is_inclusion_weighted(sample)
    mine = weight[is_positive(sample)]
    count = float(mine.sum() ** 2 / (mine @ mine)) if sampling else float(mine.sum())
    value, pulls = form.pulls(sample)
    hits, trials = np.array(value * count), np.array(count)
    if count < FEW_POSITIVES:
        return "clopper_pearson_positives", _plain(clopper_pearson(hits, trials, level))
    variance = float((weight**2 if sampling else weight) @ pulls**2) * count / (count - 1)
    scale = scale_of((0.0, 1.0))
    ends: Ends = (value, value)
    if 0 < value < 1:
        error = float(np.sqrt(variance)) / (value * (1 - value))
        ends = _student(scale, float(scale.to(np.array(value))), error, count - 1, level)
    if count >= SOME_POSITIVES and 0 < value < 1:
        return "linearised_logit_t", ends
    low, high = _plain(wilson(hits, trials, level))
    assert ends[0] is not None and ends[1] is not None
    return "linearised_logit_t_wilson", (min(low, ends[0]), max(high, ends[1]))


def _student(scale: Scale, centre: float, error: float, freedom: float, level: float) -> Ends:
    if not np.isfinite(error) or freedom <= 0:
        return None, None
    reach = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    return _plain(scale.back(np.array([centre - reach, centre + reach])))


def _plain(ends: tuple[Array, Array] | Array) -> tuple[float, float]:
    low, high = ends
    return float(low), float(high)
