"""Attributions of many rows to what a report draws and names: densities, single cases, values as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.explained import Explained
from audit.declarations.attribution import Ground
from audit.records.sections import Case, Contribution, Density
from audit.subject.named import is_number

_BINS = 41
_DRAWN = 20


def densities(values: NDArray[np.float64], rows: pd.DataFrame, order: list[int]) -> tuple[Density, ...]:
    """Bin the (n, d) attributions of one output on an axis that all columns share, most important column first."""
    drawn = order[:_DRAWN]
    low, high = float(values[:, drawn].min(initial=0.0)), float(values[:, drawn].max(initial=0.0))
    if high - low < 1e-12:
        low, high = low - 1e-6, high + 1e-6
    edges = np.linspace(low, high, _BINS + 1)
    return tuple(_density(str(rows.columns[j]), values[:, j], edges, _ranks(rows.iloc[:, j])) for j in drawn)


def cases(ground: Ground, explained: Explained) -> tuple[Case, ...]:
    """Tell each chosen row's prediction as its base value and what every column added."""
    typical = typical_texts(ground.background)
    return tuple(
        _case(number, row, why, ground, explained, typical) for number, (row, why) in enumerate(ground.chosen, start=1)
    )


def typical_texts(rows: pd.DataFrame) -> tuple[str, ...]:
    """Return the middle value of each column of numbers, and the most frequent of any other, as text.

    >>> typical_texts(pd.DataFrame({"a": [1, 2, 9], "b": ["x", "y", "x"], "c": [None, None, None]}))
    ('2', 'x', 'missing')
    """
    return tuple(_typical(rows.iloc[:, j]) for j in range(rows.shape[1]))


def explained_class(row: int, ground: Ground) -> int:
    """Return the place of the class whose output a row's case tells: the only one, or the predicted one."""
    if len(ground.classes) == 1:
        return 0
    if ground.label is not None:
        return int(ground.label[row])
    return int(np.argmax(ground.score[row])) if ground.score is not None else 0


def text_of(value: Any) -> str:
    """Return a cell as a reader would write it.

    >>> [text_of(v) for v in (0.123456, 3.0, 1234567.25, "north", None, True)]
    ['0.1235', '3', '1234567', 'north', 'missing', 'True']
    """
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "missing"
    if isinstance(value, bool | np.bool_ | str):
        return str(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:.0f}" if abs(number) >= 1000 or number.is_integer() else f"{number:.4g}"
    return str(value)


def _typical(column: pd.Series) -> str:
    held = column.dropna()
    if not len(held):
        return "missing"
    if is_number(column):
        return text_of(held.iloc[np.argsort(held.to_numpy(np.float64), kind="stable")[(len(held) - 1) // 2]])
    codes, distinct = pd.factorize(held)
    return text_of(distinct[int(np.bincount(codes).argmax())])


def _density(
    feature: str, values: NDArray[np.float64], edges: NDArray[np.float64], ranks: NDArray[np.float64] | None
) -> Density:
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
    counts = np.bincount(place, minlength=_BINS)
    colour: tuple[float | None, ...] = ()
    if ranks is not None:
        known = ~np.isnan(ranks)
        number = np.bincount(place[known], minlength=_BINS)
        total = np.bincount(place[known], weights=ranks[known], minlength=_BINS)
        colour = tuple(float(t / n) if n else None for t, n in zip(total, number, strict=True))
    return Density(feature=feature, edges=tuple(edges.tolist()), counts=tuple(counts.tolist()), colour=colour)


def _ranks(column: pd.Series) -> NDArray[np.float64] | None:
    # (n,) rank of the value from 0 low to 1 high, NaN where missing; None where values have no order.
    if not pd.api.types.is_numeric_dtype(column):
        return None
    known = int(column.notna().sum())
    ranks = column.astype(np.float64).rank(method="average").to_numpy(dtype=np.float64, na_value=np.nan)
    return (ranks - 1) / max(1, known - 1)


def _case(number: int, row: int, why: str, ground: Ground, explained: Explained, typical: tuple[str, ...]) -> Case:
    k = explained_class(row, ground)
    values = explained.values[row, :, k]
    order = np.argsort(-np.abs(values), kind="stable")
    return Case(
        number=number,
        chosen=why,
        class_=ground.classes[k] or _positive(ground),
        prediction=float(explained.base[k] + values.sum()),
        base=float(explained.base[k]),
        score=None if ground.score is None else float(ground.score[row, k]),
        decided=_class_text(ground, ground.label, row),
        actual=_class_text(ground, ground.target, row),
        contributions=tuple(
            Contribution(
                feature=str(ground.rows.columns[j]),
                value=text_of(ground.rows.iloc[row, j]),
                attribution=float(values[j]),
                typical=typical[j],
            )
            for j in order
        ),
    )


def _positive(ground: Ground) -> str | None:
    positive = ground.subject.positive
    return None if positive is None else ground.subject.classes[positive]


def _class_text(ground: Ground, values: NDArray[Any] | None, row: int) -> str:
    if values is None:
        return ""
    return ground.subject.classes[int(values[row])] if ground.subject.classes else text_of(float(values[row]))
