"""Turns numbers of rows into the interval of their median: between two of them, whatever their law."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Sample
from audit.estimation.forms import Median, is_inclusion_weighted, weights_of
from audit.estimation.proportions import share_ends


def median_ends(form: Median, sample: Sample, level: float) -> tuple[float, float]:
    """Return the interval of a median from the interval of the share of rows that lie below it.

    Woodruff (1952), doi:10.1080/01621459.1952.10483443: half of all rows lie below the median, give or take what the
    interval of such a share allows; where it ends, a row is read. Without weights this is the classic interval between
    two order statistics. Under sampling weights the share has Kish's effective number of rows.
    """
    values, weight = form.values(sample), weights_of(sample)
    order = np.argsort(values, kind="stable")
    ranked, below = values[order], np.cumsum(weight[order])
    total = float(below[-1])
    count = total**2 / float(weight @ weight) if is_inclusion_weighted(sample) else total
    _, low, high = share_ends(np.array(count / 2), np.array(count), level)
    least, most = np.searchsorted(below, np.array([low, high]) * total * (1 - 1e-12), side="left")
    last = len(ranked) - 1
    return float(ranked[min(least, last)]), float(ranked[min(most, last)])
