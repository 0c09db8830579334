"""Resolution of probabilities: the part of the outcome's uncertainty that the bins take away."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.forms import Array, ratio
from audit.estimation.means import FEW_EVENTS
from audit.estimation.probability_bins import Binned, norm_ends, rarer, shares
from audit.estimation.proportions import share_ends


def resolution(sums: Array) -> Array:
    """(..., B, 4) sums -> mean square over bins of their frequency less that of all rows."""
    rate = ratio(sums[..., 1], sums[..., 0])
    whole = ratio(sums[..., 1].sum(axis=-1, keepdims=True), sums[..., 0].sum(axis=-1, keepdims=True))
    square: Array = (shares(sums) * np.nan_to_num(rate - whole) ** 2).sum(axis=-1)
    return square


def ends(sums: Array, _: Array, level: float) -> tuple[float, float]:
    """(B, 4) sums -> interval, squared from that of the root.

    The variance in a bin is the larger of that of its frequency, one half added to each count, and that of its mean
    probability: a bin of a single row shows no variance of its own. With under five rows of one class the upper end is
    no less than the uncertainty of the outcome can be, of which the resolution is a part.
    """
    rows = sums[:, 3]
    rate = ratio(np.nan_to_num(ratio(sums[:, 1], sums[:, 0])) * rows + 0.5, rows + 1)
    given = np.nan_to_num(ratio(sums[:, 2], sums[:, 0]))
    variance = np.nan_to_num(ratio(np.maximum(rate * (1 - rate), given * (1 - given)), rows))
    low, high = norm_ends(float(np.sqrt(resolution(sums))), shares(sums) * variance, level)
    return low**2, max(high**2, most_uncertain(sums, level)) if rarer(sums) < FEW_EVENTS else high**2


def most_uncertain(sums: Array, level: float) -> float:
    """Return rate times one minus rate at the end of the rate's interval that is nearer to one half."""
    n = float(sums[:, 3].sum())
    share = sums[:, 1].sum() / sums[:, 0].sum()
    _, _, high = share_ends(np.array(min(share, 1 - share) * n), np.array(n), level)
    most = min(float(high), 0.5)
    return most * (1 - most)


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins."""
    return {"compute": Binned(bins, strategy, resolution, ends, "norm_bounded")}


METRIC = Metric(
    name="brier_resolution",
    label="Brier resolution",
    response="probability",
    higher_is_better=True,
    tasks=("binary",),
    bounds=(0.0, 0.25),
    description="How far observed frequencies of the bins lie from that of all rows: what the probabilities take from "
    "the uncertainty of the outcome. Small samples push it up.",
    formula="sum over bins of n_b / n (mean y in b - mean y)^2",
    source="Murphy (1973), doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2",
    arguments={
        "bins": Argument(10, least=1, most=1000),
        "strategy": Argument("uniform", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(10, "uniform"),
)
