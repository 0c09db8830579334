"""Keeps a number of a row to rows on which it is defined."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample, UndefinedMeasureError
from audit.estimation.forms import Array, weights_of


def within(sample: Sample, values: Array, fit: NDArray[np.bool_], reason: str) -> Array:
    """(n,) values, 0 on unfit rows, which must have no weight.

    Raises
    ------
    UndefinedMeasureError
        A row that counts is unfit: `reason` says how.
    """
    bad = int(np.count_nonzero(~fit & (weights_of(sample) > 0)))
    if bad:
        raise UndefinedMeasureError(f"{reason} ({bad} such rows)" if bad > 1 else reason)
    return np.where(fit, values, 0.0)
