"""Turns a model into its size: bytes of its file and object, columns that it reads, trees, parameters, operations."""

from __future__ import annotations

import pickle
from typing import Any

from audit.efficiency.operations import depth, operations
from audit.efficiency.structure import structure
from audit.guard import defined
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import EfficiencySection
from audit.subject.evidence import Evidence, LoadedModel, Tell


def measure(evidence: Evidence, plan: Plan, tell: Tell) -> tuple[EfficiencySection, tuple[Observation, ...]]:
    """Return sizes as observations; times differ between equal runs and are told apart from them (`costs_of`).

    Returns
    -------
    section : EfficiencySection
        Notes on what is not known and why.
    observations : tuple of Observation
        `efficiency/file_size` and `efficiency/object_size` in bytes, `efficiency/features`, `efficiency/trees`,
        `/leaves` and `/depth` or `/parameters`, and `efficiency/operations` of one prediction.
    """
    del plan, tell  # nothing to choose, and done at once
    model = evidence.subject.model
    if model is None:
        note = "Only predictions were supplied: the size and speed of the model behind them are not known."
        return EfficiencySection(notes=(note,)), (_observed("file_size", Undefined(reason=note)),)
    parts = defined("The model's structure cannot be read", _parts, model.native)
    if isinstance(parts, Undefined):
        return EfficiencySection(notes=(parts.reason,)), _sizes(evidence, model)
    made_of = tuple(_observed(name, measured) for name, measured in parts.items())
    unknown = "What the model is made of cannot be counted: neither trees nor coefficients are known."
    return EfficiencySection(notes=(unknown,) if len(parts) == 1 else ()), (*_sizes(evidence, model), *made_of)


def _parts(native: Any) -> dict[str, Measured]:
    found: dict[str, Measured] = {name: Exact(value=count, n=0) for name, count in structure(native).items()}
    deepest, work = depth(native), operations(native)
    if deepest is not None:
        found["depth"] = Exact(value=deepest, n=0)
    found["operations"] = Undefined(reason="What one prediction costs is not counted for a model of this kind.")
    if work is not None:
        found["operations"] = Exact(value=work.count, unit=work.unit, n=0)
    return found


def _sizes(evidence: Evidence, model: LoadedModel) -> tuple[Observation, ...]:
    size: Measured = Undefined(reason="The model was fitted inside the audit: it has no file.")
    if model.facts.size is not None:
        size = Exact(value=model.facts.size, unit="bytes", n=0)
    kept = defined("The model cannot be pickled", _pickled, model.native)
    columns = evidence.headline.table.features.shape[1]
    return (
        _observed("file_size", size),
        _observed("object_size", kept if isinstance(kept, Undefined) else Exact(value=kept, unit="bytes", n=0)),
        _observed("features", Exact(value=columns, n=0)),
    )


class _Scale:
    """A file that keeps nothing but its length."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, part: Any) -> int:
        length = memoryview(part).nbytes
        self.size += length
        return length


def _pickled(native: Any) -> int:
    scale = _Scale()
    pickle.Pickler(scale, protocol=5).dump(native)
    return scale.size


def _observed(name: str, measured: Measured) -> Observation:
    return Observation(id=f"efficiency/{name}", label=_LABELS[name], measured=measured)


_LABELS = {
    "file_size": "Size of the model file",
    "object_size": "Size of the fitted object, pickled",
    "features": "Columns that the model reads",
    "trees": "Trees",
    "leaves": "Leaves of all trees",
    "depth": "Depth of the deepest tree",
    "parameters": "Fitted parameters",
    "operations": "Work of one prediction, preparation of the columns aside",
}
