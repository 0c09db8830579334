"""Turns scores into the share of a group that scores above the median of all rows, and that share beside the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Median, Rate, scores, weights_of
from audit.fairness.compare import Reference, observe_against
from audit.fairness.disaggregate import Disaggregated, Rows
from audit.records.observation import Observation, encoded

SCORING_RATE = "scoring_rate"
RATE_ARGUMENT = {"rate": SCORING_RATE}
"""What a pack writes to have the ratio of scoring rates: `fairness/impact_ratio;rate=scoring_rate/sex=female`."""


def is_scored(sample: Sample) -> bool:
    """Say whether there is one finite score a row, and weight behind the rows."""
    score = sample.score
    return score is not None and score.ndim == 1 and bool(np.isfinite(score).all()) and weights_of(sample).sum() > 0


def above_median(rows: Rows) -> Rows:
    """Return the same rows with one decision each: whether the score lies above the median score of all rows.

    A score equal to the median is not above it. The median is weighted, and two middle scores are averaged.
    """
    sample = rows.sample
    label = (scores(sample) > Median(scores)(sample)).astype(np.int64)
    decided = replace(sample, target=None, label=label, score=None, classes=2, positive=1, favourable=1)
    return replace(rows, sample=decided)


def observe_scoring(result: Disaggregated, beside: Reference, argument: str | None) -> Iterator[Observation]:
    """Yield the impact ratio of each known group in its scoring rate, to the reference group."""
    suffix = f";rate={SCORING_RATE}" + ("" if argument is None else f";reference={encoded(argument)}")
    known = [group for group in result.grouping.groups if not group.unknown]
    for group, found in zip(known, observe_against(result, beside, ("ratio",)), strict=True):
        yield found.model_copy(
            update={
                "id": f"fairness/impact_ratio{suffix}/{group.key}",
                "label": f"Impact ratio of scoring rates: {group.label}",
                "higher_is_better": True,
            }
        )


def _above(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> rows above the median, and all rows."""
    decided = cells.sum(axis=-2)
    return decided[..., 1], decided.sum(axis=-1)


METRIC = Metric(
    name=SCORING_RATE,
    label="Scoring rate",
    compute=Rate(_above, undefined="there are no rows"),
    response="label",
    higher_is_better=None,
    tasks=("binary", "regression", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Share of a group that scores above the median score of all audited rows, rows of unknown groups among "
    "them; a score equal to the median is not above it. The interval takes that median as given.",
    formula="#(score > median score of all rows) / n",
    source="6 RCNY 5-300, 5-301(c) (New York City, Local Law 144 of 2021)",
    needs_target=False,
)
