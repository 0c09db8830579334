"""Measures one figure on one set of rows, with the interval that the spec asks for."""

from __future__ import annotations

from dataclasses import dataclass

from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import applies, estimate
from audit.performance.choice import Choice, Figure
from audit.records.measured import Measured, Undefined
from audit.records.observation import Observation
from audit.records.spec import IntervalSpec, Task
from audit.subject.evidence import Evaluation

BESIDE = 500
"""Bootstrap replicates of figures that stand beside the headline ones: training rows, peers, single folds."""


@dataclass(frozen=True)
class Gauge:
    """How figures are measured in this audit."""

    task: Task
    interval: IntervalSpec
    seed: int

    def measured(self, figure: Figure, sample: Sample, *, beside: bool = False) -> Measured:
        """Measure a figure on rows, or say why it cannot be."""
        lacking = applies(figure.metric, sample, self.task)
        if lacking:
            return Undefined(reason=lacking)
        return estimate(figure.metric, figure.rows(sample), self.beside if beside else self.interval, self.seed)

    def value(self, figure: Figure, sample: Sample) -> float | None:
        """Return a figure alone, without the cost of its interval; None where it has no value."""
        found = estimate(
            figure.metric, figure.rows(sample), self.interval.model_copy(update={"resamples": 2}), self.seed
        )
        return None if isinstance(found, Undefined) else float(found.value)

    @property
    def beside(self) -> IntervalSpec:
        """The interval of figures beside the headline ones."""
        return self.interval.model_copy(update={"resamples": min(self.interval.resamples, BESIDE)})


def observed(figure: Figure, name: str, label: str, measured: Measured, rows: Evaluation) -> Observation:
    """Return a figure, or what comes of it, under its public name."""
    return Observation(
        id=f"performance/{name}",
        label=label,
        measured=measured,
        higher_is_better=figure.metric.higher_is_better,
        scope=rows.scope,
    )


def directed(choice: Choice, sample: Sample, gauge: Gauge) -> tuple[Metric, ...]:
    """Return the metrics of which more, or less, is better, and that can be measured here."""
    return tuple(m for m in choice.metrics if m.higher_is_better is not None and not applies(m, sample, gauge.task))
