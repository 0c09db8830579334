"""What an attribution method declares, and the ground that every method stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from audit.records.spec import LimeSpec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from audit.records.observation import Observation, Scope
    from audit.records.sections import AttributionMethodFacts
    from audit.subject.evidence import Capability, LoadedModel, Subject


class MethodNotRunError(Exception):
    """A method does not fit this model or these rows; the text is the reason that the report prints."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The rows, the background and the predictions that all methods share, so that their figures compare."""

    subject: Subject
    model: LoadedModel
    scope: Scope
    """train where the model has seen the rows, whatever the headline figures rest on."""
    rows: pd.DataFrame
    """(n, d) the sampled rows, then the rows of single cases that the sample does not hold."""
    sampled: int
    """How many of `rows` are the sample that global figures rest on."""
    available: int
    """Rows that the sample was drawn from."""
    target: NDArray[np.int64] | NDArray[np.float64] | None
    """(n,) class codes or values; None without labels."""
    weight: NDArray[np.float64]
    """(n,) non-negative weights."""
    sampling_weights: bool
    """Whether they are inverse inclusion probabilities rather than counts of equal rows."""
    label: NDArray[np.int64] | None
    """(n,) predicted class codes; None in regression and ranking_score."""
    score: NDArray[np.float64] | None
    """(n, K) the model's scores of `rows`, one column a class that is explained; None where it gives only labels."""
    probability: bool
    """Whether `score` holds probabilities."""
    classes: tuple[str, ...]
    """The K classes that are explained: ("",) where there is only one output."""
    background: pd.DataFrame
    """(b, d) rows that stand for an absent feature."""
    background_from: str
    """The table that they come from, in words."""
    chosen: tuple[tuple[int, str], ...]
    """(position in `rows`, reason in words) of each single case."""
    predict: Callable[[pd.DataFrame], tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]]
    """(m, d) -> labels (m,) and scores (m, K), as in `label` and `score`."""
    level: float
    """Confidence level of intervals."""
    seed: int
    sensitive: pd.DataFrame
    """(n, s) group of each row by sensitive feature, as text; a missing value is "unknown"."""
    budget: int
    """Predictions, in rows, that one method may ask of the model."""
    scale: Literal["probability", "log_odds", "raw"] | None = None
    """Scale that was asked for; None for the one that is natural to the model and the method."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a group of columns to those in it, as the spec declares them."""
    monotone: Mapping[str, Literal["increasing", "decreasing"]] = field(default_factory=dict)
    """Column to the direction that the spec declares for it."""
    refits: int = 30
    """Models that one method may fit anew."""
    lime: LimeSpec = field(default_factory=LimeSpec)
    """How local surrogates are fitted."""
    cluster: NDArray[np.int64] | None = None
    """(n,) cluster of each row; None where rows are independent."""


@dataclass(frozen=True, kw_only=True)
class Attributed:
    """What a method found: what the report prints, and the arrays behind it, by which the method is itself audited."""

    facts: AttributionMethodFacts
    observations: tuple[Observation, ...] = ()
    ground: Ground | None = None
    """The rows that were attributed, fewer where the budget did not reach further; None without `values`."""
    values: NDArray[np.float64] | None = None
    """(n, d, K) attribution of each original column of each of those rows; None where single rows have none."""
    base: NDArray[np.float64] | None = None
    """(K,) base value of `values`."""
    error: NDArray[np.float64] | None = None
    """(n, d, K) standard error of each value where it was sampled; None where it is exact."""
    importance: NDArray[np.float64] | None = None
    """(d,) global size of each original column on the method's own scale; None where it has none."""


@dataclass(frozen=True, kw_only=True)
class AttributionMethod:
    """A way of attributing predictions; a file `audit/attribution/tabular/<name>.py` ends in `METHOD = ...`."""

    name: str
    label: str
    game: str
    """What is attributed, in one phrase; a run may say more exactly."""
    attribute: Callable[[Ground], Attributed]
    """Raises MethodNotRunError with the reason where the method does not fit."""
    needs: frozenset[Capability]
    """What the model must be able to do."""
    needs_labels: bool = False
    axioms: Literal["shapley", "owen"] | None = None
    """Which values it gives, by which its common tests hold it to account: both add up and give a column that nothing
    reads exactly nothing; Shapley values also treat columns that do the same alike, and solve the published games."""
    default: bool = True
    """Whether it runs where the spec names no methods."""
    order: int = 100
    """Place in the report, low first."""
