"""Turns a model into its size: bytes of its file, columns that it reads, trees, leaves and parameters."""

from __future__ import annotations

from audit.efficiency.structure import structure
from audit.guard import defined
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import EfficiencySection
from audit.subject.evidence import Evidence, LoadedModel, Tell


def measure(evidence: Evidence, plan: Plan, tell: Tell) -> tuple[EfficiencySection, tuple[Observation, ...]]:
    """Return sizes as observations; times differ between equal runs and are told apart from them (`latencies`).

    Returns
    -------
    section : EfficiencySection
        Notes on what is not known and why.
    observations : tuple of Observation
        `efficiency/file_size` in bytes, `efficiency/features`, and `efficiency/trees`, `/leaves` or `/parameters`.
    """
    del plan, tell  # nothing to choose, and done at once
    model = evidence.subject.model
    if model is None:
        note = "Only predictions were supplied: the size and speed of the model behind them are not known."
        return EfficiencySection(notes=(note,)), (_observed("file_size", Undefined(reason=note)),)
    parts = defined("The model's structure cannot be read", structure, model.native)
    if isinstance(parts, Undefined):
        return EfficiencySection(notes=(parts.reason,)), _sizes(evidence, model)
    counted = tuple(_observed(name, Exact(value=count, n=0)) for name, count in parts.items())
    notes = () if parts else ("What the model is made of cannot be counted: neither trees nor coefficients are known.",)
    return EfficiencySection(notes=notes), (*_sizes(evidence, model), *counted)


def _sizes(evidence: Evidence, model: LoadedModel) -> tuple[Observation, ...]:
    size: Measured = Undefined(reason="The model was fitted inside the audit: it has no file.")
    if model.facts.size is not None:
        size = Exact(value=model.facts.size, unit="bytes", n=0)
    columns = evidence.headline.table.features.shape[1]
    return (_observed("file_size", size), _observed("features", Exact(value=columns, n=0)))


def _observed(name: str, measured: Measured) -> Observation:
    return Observation(id=f"efficiency/{name}", label=_LABELS[name], measured=measured)


_LABELS = {
    "file_size": "Size of the model file",
    "features": "Columns that the model reads",
    "trees": "Trees",
    "leaves": "Leaves of all trees",
    "parameters": "Fitted parameters",
}
