"""The model's own output to a simple model that stands in for it, and how far that one can be believed.

A surrogate is fitted to what the model says, never to the truth, on rows of the training table; its fidelity is told of
rows that it was not fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from audit.attribution.observe import independent
from audit.attribution.output import output
from audit.attribution.shapes import text_of
from audit.attribution.shares import share_of_rows
from audit.declarations.attribution import Ground, MethodNotRunError
from audit.estimation.intervals import mean_and_error, student
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation, Scope

Array = NDArray[np.float64]

_ROWS = 5_000
_CATEGORIES = 20
_FEWEST = 50
_FITTED = 2 / 3


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """One column of numbers that a surrogate reads."""

    column: int
    """Position of the original column."""
    name: str
    category: str | None
    """The category that it is 1 for; None for the numbers of the column themselves."""

    def read(self, rows: pd.DataFrame) -> Array:
        """Return the (n,) numbers, NaN where a number is missing."""
        held = rows.iloc[:, self.column]
        if self.category is None:
            values = held.to_numpy(dtype=np.float64, na_value=np.nan)
            return np.where(np.isfinite(values), values, np.nan)
        return np.array([text_of(value) == self.category for value in held], dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a surrogate learns from, and what it is tried on."""

    columns: tuple[Encoded, ...]
    x: Array
    """(n, m)."""
    y: Array
    """(n, K) the model's output."""
    weight: Array
    label: NDArray[np.int64] | None
    """(n,) the model's decisions."""
    cluster: NDArray[np.int64] | None
    """(n,) cluster of each row; None where rows are independent."""
    held_x: Array
    held_y: Array
    held_weight: Array
    held_label: NDArray[np.int64] | None
    held_cluster: NDArray[np.int64] | None
    scale: str
    notes: tuple[str, ...]


def lesson_of(ground: Ground) -> Lesson:
    """Draw the rows to fit on and the rows to try on, and ask the model about both.

    Without a training table of its own, two thirds of the sampled rows are fitted on and the rest is held out.

    Raises
    ------
    MethodNotRunError
        There are too few rows.
    """
    n, train, said = ground.sampled, ground.subject.train, output(ground)
    sampled, weight = ground.rows.iloc[:n], ground.weight[:n]
    if train is not None and ground.scope != "train":
        most = max(_FEWEST, min(_ROWS, ground.budget - n))
        kept = np.sort(np.random.default_rng(ground.seed).permutation(train.n)[:most])
        rows = train.features.iloc[kept].reset_index(drop=True)
        fitted = np.ones(len(kept)) if train.weight is None else train.weight[kept]
        held, held_weight = sampled, weight
        cluster = None if train.cluster is None else train.cluster[kept]
        notes = (f"Fitted to the model's output for {len(rows)} of {train.n} training rows.",)
    else:
        cut = int(n * _FITTED)
        rows, held = sampled.iloc[:cut], sampled.iloc[cut:].reset_index(drop=True)
        fitted, held_weight = weight[:cut], weight[cut:]
        cluster = None if ground.cluster is None else ground.cluster[:cut]
        notes = (f"Fitted to the model's output for {cut} of the sampled rows, tried on the other {n - cut}.",)
    if len(rows) < _FEWEST or len(held) < _FEWEST or not fitted.sum() > 0 or not held_weight.sum() > 0:
        raise MethodNotRunError(f"It needs {_FEWEST} rows to fit on and {_FEWEST} to be tried on.")
    columns = encoded_columns(rows)
    if not columns:
        raise MethodNotRunError("No column has two values.")
    return Lesson(
        columns=columns,
        x=np.column_stack([column.read(rows) for column in columns]),
        y=said.compute(rows),
        weight=fitted,
        label=ground.predict(rows)[0],
        held_x=np.column_stack([column.read(held) for column in columns]),
        held_y=said.compute(held),
        held_weight=held_weight,
        held_label=None if ground.label is None else ground.label[n - len(held) : n],
        cluster=cluster,
        held_cluster=None if ground.cluster is None else ground.cluster[n - len(held) : n],
        scale=said.scale,
        notes=(*notes, *said.notes),
    )


def fidelity(name: str, label: str, ground: Ground, lesson: Lesson, fitted: Array, held: Array) -> list[Observation]:
    """Observe how far a surrogate says what the model says: `attribution/<name>/fidelity` and `.../agreement`.

    Parameters
    ----------
    fitted, held : ndarray (n, K)
        What the surrogate says of the rows that it was fitted on, and of those held out.
    """
    held_out = (lesson.held_y, held, lesson.held_weight, lesson.held_label, lesson.held_cluster)
    seen = (lesson.y, fitted, lesson.weight, lesson.label, lesson.cluster)
    return [
        *_side(name, label, ground, lesson, *held_out, tail="", scope=ground.scope),
        *_side(name, label, ground, lesson, *seen, tail="/train", scope="train"),
    ]


def _side(
    name: str,
    label: str,
    ground: Ground,
    lesson: Lesson,
    model: Array,
    says: Array,
    weight: Array,
    decided: NDArray[np.int64] | None,
    cluster: NDArray[np.int64] | None,
    *,
    tail: str,
    scope: Scope,
) -> list[Observation]:
    where = "on the rows that it was fitted on" if tail else "on rows that it was not fitted on"
    found = [
        Observation(
            id=f"attribution/{name}/fidelity{tail}",
            label=f"{label}: share of the model's variation that it follows (R2), {where}",
            measured=explained_share(model, says, weight, ground.sampling_weights, ground.level, cluster),
            higher_is_better=True,
            scope=scope,
        )
    ]
    if decided is not None:
        found.append(
            Observation(
                id=f"attribution/{name}/agreement{tail}",
                label=f"{label}: share of the model's decisions that it makes too, {where}",
                measured=_agreement(says, decided, weight, cluster, ground, lesson.scale),
                higher_is_better=True,
                scope=scope,
            )
        )
    return found


def explained_share(
    model: Array,
    says: Array,
    weight: Array,
    sampling: bool,
    level: float,
    cluster: NDArray[np.int64] | None = None,
) -> Measured:
    """Return R2 of (n, K) outputs, all outputs taken together, with its linearised interval.

    1 - (sum of squared differences) / (sum of squared deviations of the model's output from its mean), by weight.
    """
    share = weight / weight.sum()
    spread = ((model - share @ model) ** 2).sum(axis=1)
    missed = ((model - says) ** 2).sum(axis=1)
    whole = float(share @ spread)
    if not whole > 1e-24 * max(1.0, float(share @ (model**2).sum(axis=1))):
        return Undefined(reason="The model gives these rows one and the same output: there is nothing to follow.")
    part = float(share @ missed) / whole
    pull = (missed - part * spread) / whole
    each, counts, added = independent(pull, weight, sampling, cluster, level)
    _, error, freedom = mean_and_error(pull, each, counts)
    low, high = student(1 - part, error, freedom, level) if freedom >= 1 else (None, None)
    capped = None if high is None else min(1.0, high)
    return Estimate(value=1 - part, low=low, high=capped, level=level, method=f"linearised_t{added}", n=len(model))


def encoded_columns(rows: pd.DataFrame) -> tuple[Encoded, ...]:
    """Return the columns of numbers that a simple model reads: numbers as they are, and the commonest categories."""
    found: list[Encoded] = []
    for j, name in enumerate(map(str, rows.columns)):
        held = rows.iloc[:, j]
        if pd.api.types.is_numeric_dtype(held.dtype) and not pd.api.types.is_bool_dtype(held.dtype):
            if held.nunique() > 1 or held.isna().any():
                found.append(Encoded(column=j, name=name, category=None))
        elif not pd.api.types.is_datetime64_any_dtype(held.dtype):
            counts = pd.Series([text_of(value) for value in held]).value_counts()
            common = sorted(counts.index, key=lambda text: (-int(counts[text]), text))[:_CATEGORIES]
            # One of two categories says all.
            kept = common[:0] if len(common) < 2 else common[:1] if len(common) == 2 else common
            found += [Encoded(column=j, name=name, category=text) for text in kept]
    return tuple(found)


def _agreement(
    says: Array,
    decided: NDArray[np.int64],
    weight: Array,
    cluster: NDArray[np.int64] | None,
    ground: Ground,
    scale: str,
) -> Measured:
    own = _decisions(says, ground, scale)
    if own is None:
        return Undefined(reason=f"On the scale {scale} no threshold turns the surrogate's answer into a decision.")
    return share_of_rows((own == decided).astype(np.float64), weight, replace(ground, cluster=cluster))


def _decisions(says: Array, ground: Ground, scale: str) -> NDArray[np.int64] | None:
    if says.shape[1] > 1:
        return np.asarray(says.argmax(axis=1), dtype=np.int64)
    threshold = 0.5 if ground.subject.threshold is None or ground.score is None else ground.subject.threshold
    if scale == "log-odds":
        threshold = float(logit(np.clip(threshold, 1e-12, 1 - 1e-12)))
    elif scale != "probability" and ground.score is not None:
        return None
    positive = ground.subject.positive or 0
    return np.where(says[:, 0] >= threshold, positive, 1 - positive).astype(np.int64)
