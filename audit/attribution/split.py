"""A model cut into what encodes its columns and what predicts from the encoded ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from audit.attribution.encoding import origins
from audit.declarations.attribution import Ground
from audit.subject.evidence import LoadedModel
from audit.subject.labels import code_of


@dataclass(frozen=True)
class Split:
    """A model cut into what encodes its columns and what predicts from the encoded ones."""

    steps: tuple[Any, ...]
    predictor: Any
    read: Callable[[pd.DataFrame], Any]
    """The table as the first step reads it."""

    def encode(self, rows: pd.DataFrame) -> Any:
        """Return rows as the predictor sees them."""
        encoded: Any = self.read(rows)
        for step in self.steps:
            encoded = step.transform(encoded)
        return encoded

    def origins(self, width: int) -> list[int]:
        """Return the original column behind each encoded one."""
        columns = list(range(width))
        for step in self.steps:
            columns = origins(step, columns)
        return columns

    def names(self, columns: Sequence[str], width: int) -> list[str]:
        """Return the names of the `width` encoded columns, numbered where a step does not name them."""
        found: Any = list(columns)
        for step in self.steps:
            if not hasattr(step, "get_feature_names_out"):
                return [f"encoded column {j + 1}" for j in range(width)]
            found = step.get_feature_names_out(None if hasattr(step, "feature_names_in_") else found)
        return [str(name) for name in found]


def split_of(model: LoadedModel) -> Split:
    """Cut a pipeline, or the pipeline inside a search or a threshold, before its last step."""
    steps, predictor = _cut(model.native)
    return Split(steps, predictor, model.encode or (_as_table if model.features is not None else _as_array))


def explained_columns(ground: Ground) -> tuple[int, ...]:
    """Return the positions in the model's own classes of the classes that are explained; empty in regression."""
    subject = ground.subject
    if not subject.classes:
        return ()
    wanted = range(len(subject.classes)) if len(ground.classes) > 1 else [subject.positive or 0]
    if ground.model.classes is None:
        return tuple(wanted)
    found = [code_of(subject.classes[k], ground.model.classes) for k in wanted]
    return tuple(code for code in found if code is not None) if None not in found else ()


def _cut(native: Any) -> tuple[tuple[Any, ...], Any]:
    if hasattr(native, "best_estimator_"):
        return _cut(native.best_estimator_)
    if type(native).__name__ in ("FixedThresholdClassifier", "TunedThresholdClassifierCV"):
        return _cut(native.estimator_)
    if type(native).__name__ == "Pipeline" and isinstance(getattr(native, "steps", None), list):
        inner, predictor = _cut(native.steps[-1][1])
        before = tuple(step for _, step in native.steps[:-1] if step is not None and not isinstance(step, str))
        return (*before, *inner), predictor
    return (), native


def _as_table(rows: pd.DataFrame) -> Any:
    return rows


def _as_array(rows: pd.DataFrame) -> Any:
    return rows.to_numpy()
