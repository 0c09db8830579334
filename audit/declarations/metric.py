"""What a metric file declares, and the rows that a metric sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from audit.declarations.argument import Argument
from audit.records.observation import arguments_key, arguments_text
from audit.records.sections import MeasureFacts
from audit.records.spec import Scalar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Response = Literal["label", "score", "probability", "value", "interval", "target"]
"""What a metric reads beside the truth.

label: predicted classes; score: any number that orders rows; probability: calibrated scale in [0, 1];
value: regression; interval: prediction intervals of a regression; target: nothing, it describes the rows themselves.
"""


class UndefinedMeasureError(Exception):
    """A measure has no value on these rows; the text is the reason that the report prints."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Rows to measure: what was true beside what was predicted."""

    target: NDArray[np.float64] | NDArray[np.int64] | None
    """(n,) class codes 0..K-1 as int64, or values as float64; None when there are no labels."""
    label: NDArray[np.int64] | None = None
    """(n,) predicted class codes."""
    score: NDArray[np.float64] | None = None
    """(n,) score of the positive class, or (n, K) one column a class; in regression (n,) predicted values."""
    weight: NDArray[np.float64] | None = None
    """(n,) non-negative weights; None for all one."""
    weight_kind: Literal["frequency", "sampling"] = "frequency"
    """frequency: a row stands for that many equal rows; sampling: an inverse inclusion probability."""
    classes: int = 0
    """K; 0 in regression."""
    positive: int | None = None
    """Code of the positive class; None in multiclass and regression."""
    favourable: int | None = None
    """Code of the label that is good for the person."""
    probability: bool = False
    """Whether `score` holds probabilities."""
    threshold: float | None = None
    low: NDArray[np.float64] | None = None
    """(n,) lower ends of prediction intervals that came with the predictions."""
    high: NDArray[np.float64] | None = None
    """(n,) upper ends."""
    interval_level: float | None = None
    """Share of rows that these intervals are meant to hold."""
    cluster: NDArray[np.int64] | None = None
    """(n,) code 0..G-1 of the cluster of each row; rows of different clusters are independent. None: all rows are."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A measure of predictions; a file `audit/metrics/<name>.py` ends in `METRIC = Metric(...)`."""

    name: str
    label: str
    compute: Callable[[Sample], float]
    """The point value; raises UndefinedMeasureError where there is none.

    One of the forms in `audit.estimation.forms` where it can be: its interval is then exact or fast. A plain
    function is measured too, by a bootstrap that calls it once a replicate with the counts as weights.
    """
    response: Response
    higher_is_better: bool | None
    tasks: tuple[Literal["binary", "multiclass", "regression", "ranking_score"], ...]
    bounds: tuple[float | None, float | None] = (None, None)
    description: str = ""
    formula: str = ""
    source: str = ""
    needs_target: bool = True
    """Whether it needs to know what was true."""
    per_class: bool = False
    """Whether a multiclass audit also measures each class against the rest."""
    averages: Mapping[str, Callable[[Sample], float]] = field(default_factory=dict)
    """Name of an average over classes to its form; in multiclass these replace `compute`, the first one leading."""

    arguments: Mapping[str, Argument] = field(default_factory=dict)
    """Name to default and range of each argument; the fields beside it are those of the defaults."""
    vary: Callable[..., Mapping[str, Any]] | None = None
    """Every argument by keyword -> the fields that depend on them, such as `compute` and `averages`."""
    given: Mapping[str, int | float | str] = field(default_factory=dict)
    """Value of each argument, where it was asked for with arguments."""

    def of(self, arguments: Mapping[str, Scalar]) -> Metric:
        """Return the same metric for other values of its arguments, under the name that its ids carry.

        Values have no problem: see `audit.declarations.argument.problems_of`. Those equal to their default leave no
        trace in the name.
        """
        values = {name: declared.default for name, declared in self.arguments.items()}
        values |= {name: self.arguments[name].read(value) for name, value in arguments.items()}
        other = {name: value for name, value in values.items() if value != self.arguments[name].default}
        if not other or self.vary is None:
            return self
        return replace(
            self,
            name=f"{self.name}{arguments_key(other)}",
            label=f"{self.label} ({arguments_text(other)})",
            given=values,
            **self.vary(**values),
        )

    @property
    def facts(self) -> MeasureFacts:
        """What the record tells of it."""
        return MeasureFacts(
            name=self.name,
            label=self.label,
            higher_is_better=self.higher_is_better,
            bounds=self.bounds,
            description=self.description,
            formula=self.formula,
            source=self.source,
            arguments={name: self.given.get(name, declared.default) for name, declared in self.arguments.items()},
        )
