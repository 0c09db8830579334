"""A model and rows to attributions on the original columns: exactly where its kind allows, else by coalitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit import guard
from audit.attribution.boosters import Booster, booster_of
from audit.attribution.coalitions import coalition_values, predictions_per_row
from audit.attribution.encoding import UntraceableError, origins
from audit.attribution.explained import Explained, identity
from audit.attribution.forests import Forest, forest_of
from audit.attribution.ground import reduced
from audit.attribution.linear import Linear, linear_of
from audit.declarations.attribution import Ground
from audit.errors import AuditError
from audit.subject.evidence import LoadedModel
from audit.subject.labels import code_of

# Budgets count operations and predictions, never seconds: two runs explain the same rows.
_OPERATIONS = 4e10
_FEWEST_BACKGROUND = 10
_FEWEST_ROWS = 150
_ADDITIVE = 1e-3


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


def explain(ground: Ground) -> tuple[Ground, Explained]:
    """Attribute the model's output to its columns, on as many of the ground's rows as the budget allows.

    Returns
    -------
    Ground
        The rows that were explained.
    Explained
        Their attributions, with notes on everything that a reader would not expect.
    """
    split = split_of(ground.model)
    exact = guard.attempt(_exact, ground, split)
    if isinstance(exact, AuditError):
        return _by_coalitions(ground, f"the exact method failed ({exact})")
    return _by_coalitions(ground, exact) if isinstance(exact, str) else exact


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


def within_budget(ground: Ground, each: int) -> Ground:
    """Return the ground with as many rows and background rows as the budget of predictions allows.

    Parameters
    ----------
    each : int
        Predictions that one row costs against one background row.
    """
    # Fewer background rows rather than fewer than a few hundred explained ones.
    background = min(len(ground.background), max(_FEWEST_BACKGROUND, ground.budget // (_FEWEST_ROWS * each)))
    fewer = reduced(ground, max(1, ground.budget // (each * background)))
    return replace(fewer, background=ground.background.iloc[:background].reset_index(drop=True))


def output_of(ground: Ground, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the (n, K) output that is explained: the score, or whether the label is the class."""
    label, score = ground.predict(rows)
    if score is not None:
        return score
    assert label is not None
    classes = range(len(ground.classes)) if len(ground.classes) > 1 else [ground.subject.positive]
    return np.stack([(label == k).astype(np.float64) for k in classes], axis=1)


def scale_of(ground: Ground) -> str:
    """Return the scale of `output_of` in words."""
    if ground.score is None:
        return "predicted label (1 for the class, 0 for another)"
    if ground.subject.task == "regression":
        return "unit of the target"
    return "probability" if ground.probability else "score"


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


def _exact(ground: Ground, split: Split) -> tuple[Ground, Explained] | str:
    # The exact attributions, or why there are none.
    columns = explained_columns(ground)
    model = split.predictor
    kind: Forest | Booster | Linear | None = (
        booster_of(model, columns) or forest_of(model, columns) or linear_of(model, columns)
    )
    if kind is None or bool(columns) != bool(ground.subject.classes):
        return f"{type(model).__name__} has no exact method here"
    try:
        owners = split.origins(ground.rows.shape[1])
    except UntraceableError as reason:
        return str(reason)
    if not isinstance(kind, Linear):
        ground = reduced(ground, max(1, int(_OPERATIONS // max(1, kind.cost()))))
    explained = _run(kind, ground, split, len(owners))
    if isinstance(explained, str):
        return explained
    if explained.values.shape[1] != len(owners):
        return "the encoded columns could not be counted"
    return ground, _summed_back(explained, owners, ground)


def _run(kind: Forest | Booster | Linear, ground: Ground, split: Split, width: int) -> Explained | str:
    encoded = split.encode(ground.rows)
    match kind:
        case Forest():
            explained = kind.explain(encoded, width)
        case Booster():
            explained = kind.explain(encoded)
        case Linear():
            if not kind.holds(encoded):
                return f"the output of {type(split.predictor).__name__} is not a weighted sum of its columns"
            explained = kind.explain(encoded, split.encode(ground.background))
    size = float(np.abs(explained.output).max(initial=1.0))
    if explained.additivity_error() > _ADDITIVE * size:
        return "the exact attributions did not add up to the model's output"
    if ground.score is not None and not explained.reports(ground.score):
        return f"the model's scores are not those of its {type(split.predictor).__name__}"
    return explained


def _summed_back(explained: Explained, owners: list[int], ground: Ground) -> Explained:
    width = ground.rows.shape[1]
    membership = np.zeros((width, len(owners)))
    membership[owners, np.arange(len(owners))] = 1.0
    values = np.einsum("dm,nmk->ndk", membership, explained.values)
    notes = explained.notes
    if len(owners) != width:
        notes += (
            f"The {len(owners)} encoded columns were attributed one by one, and summed back to the {width} original "
            "ones.",
        )
    return replace(explained, values=values, notes=notes)


def _by_coalitions(ground: Ground, why: str) -> tuple[Ground, Explained]:
    ground = within_budget(ground, predictions_per_row(ground.rows.shape[1], 1))
    found = coalition_values(
        lambda frame: output_of(ground, frame), ground.rows, ground.background, np.random.default_rng(ground.seed)
    )
    notes = [f"Explained through its predictions alone, because {why}."]
    if found.error is not None:
        notes.append(
            f"Sampled: each of the {found.background_rows} background rows is met by one random order of the columns "
            f"and its reverse. The standard error of one attribution is {np.median(found.error):.2g} in the median and "
            f"{found.error.max(initial=0.0):.2g} at most."
        )
    game = "interventional Shapley values (absent columns come from background rows), "
    return ground, Explained(
        values=found.values,
        base=found.base,
        output=output_of(ground, ground.rows),
        game=game + ("exact" if found.error is None else "sampled by permutations of the columns"),
        scale=scale_of(ground),
        inverse=identity,
        background_rows=found.background_rows,
        error=found.error,
        notes=tuple(notes),
    )
