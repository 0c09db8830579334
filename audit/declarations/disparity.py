"""What a disparity file declares: which rates by group are compared, and how their gaps become one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Combine = Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """(..., m) one gap a metric -> (...) one number."""

Form = Literal["difference", "ratio"]


def largest(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the widest gap: (..., m) -> (...)."""
    widest: NDArray[np.float64] = gaps.max(axis=-1)
    return widest


def smallest(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least ratio: (..., m) -> (...)."""
    least: NDArray[np.float64] = gaps.min(axis=-1)
    return least


def mean(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gap on average: (..., m) -> (...)."""
    average: NDArray[np.float64] = gaps.mean(axis=-1)
    return average


@dataclass(frozen=True, kw_only=True)
class Disparity:
    """A gap between groups; a file `audit/fairness/disparities/<name>.py` ends in `DISPARITY = Disparity(...)`.

    Examples
    --------
    >>> Disparity(name="demographic_parity", label="Demographic parity", metrics=("selection_rate",)).metrics
    ('selection_rate',)
    """

    name: str
    label: str
    metrics: tuple[str, ...]
    """Metrics by group whose gaps it takes together."""
    forms: tuple[Form, ...] = ("difference", "ratio")
    """How the gap is told; a ratio also needs metrics that cannot be negative."""
    per_class: bool = False
    """Whether the gaps are those of each class against the rest, its metrics being of two classes."""
    beside: Literal["one_another", "overall"] = "one_another"
    """What each group is compared with: the other groups, or all rows together; for that metrics are shares of rows."""
    usual: bool = True
    """Whether it is measured although nobody names it."""
    difference: Combine = largest
    """From the difference between groups of each metric to one number; 0 says that the groups are equal."""
    ratio: Combine = smallest
    """From the ratio between groups of each metric to one number; 1 says that the groups are equal."""
    tasks: tuple[Literal["binary", "multiclass", "regression", "ranking_score"], ...] = ("binary",)
    description: str = ""
    formula: str = ""
    source: str = ""
