"""F1: the harmonic mean of precision and recall."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.harmonic import f1_forms

METRIC = Metric(
    name="f1",
    label="F1",
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Harmonic mean of precision and recall; blind to true negatives.",
    formula="2 TP / (2 TP + FP + FN)",
    source="van Rijsbergen (1979), Information Retrieval, chapter 7",
    per_class=True,
    **f1_forms(),
)
