"""The scale on which a bounded figure has no bounds, so that an interval made there never leaves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """An increasing map to the whole line, and back."""

    to: Callable[[Array], Array]
    """Figures inside the bounds; infinite or NaN at them and beyond."""
    back: Callable[[Array], Array]


def scale_of(bounds: tuple[float | None, float | None]) -> Scale:
    """Return the logit for two bounds, the logarithm for one, and the figure itself for none.

    Between -1 and 1 the logit of (1 + r) / 2 is twice Fisher's z.

    Examples
    --------
    >>> scale = scale_of((None, 1.0))
    >>> float(scale.back(scale.to(np.array(-3.0))))
    -3.0
    """
    low, high = bounds
    if low is None and high is None:
        return Scale(lambda v: v, lambda t: t)
    if high is None:
        least = low or 0.0
        return Scale(lambda v: _log(v - least), lambda t: least + np.exp(t))
    most = high
    if low is None:
        return Scale(lambda v: -_log(most - v), lambda t: most - np.exp(-t))
    least = low
    return Scale(
        lambda v: _log(v - least) - _log(most - v),
        lambda t: least + (most - least) / (1 + np.exp(-np.clip(t, -700, 700))),
    )


def _log(values: Array) -> Array:
    return np.log(values, out=np.full(np.shape(values), -np.inf), where=np.asarray(values) > 0)
