"""Numbers between 0 and 1 of rows to their mean, with an interval that does not close where all of them are 0 or 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.attribution.observe import independent
from audit.declarations.attribution import Ground
from audit.estimation.proportions import effective, share_ends
from audit.records.measured import Estimate, Measured, Undefined


def share_of_rows(share: NDArray[np.float64], weight: NDArray[np.float64], ground: Ground) -> Measured:
    """Return the mean of (n,) shares with the interval of a share of rows: shares spread no wider than yes and no."""
    if not weight.sum() > 0:
        return Undefined(reason="All rows weigh nothing.")
    own = None if ground.cluster is None else ground.cluster[: len(share)]
    each, sampling, added = independent(share, weight, ground.sampling_weights, own, ground.level)
    hits, trials = np.array(each @ share), np.array(each.sum())
    if sampling:
        hits, trials = effective(hits, trials, np.array(each**2 @ share), np.array(each @ each))
        added = "_effective_n"
    method, low, high = share_ends(hits, trials, ground.level)
    return Estimate(
        value=float(weight @ share / weight.sum()),
        low=float(low),
        high=float(high),
        level=ground.level,
        method=f"{method}{added}",
        n=len(share),
    )
