"""A fitted preprocessing step to the original column behind each of its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class UntraceableError(Exception):
    """An output of preprocessing mixes columns, or does not say where it comes from."""


def origins(step: Any, inputs: Sequence[int]) -> list[int]:
    """Trace each output column of a fitted transformer to the original column that alone decides it.

    Parameters
    ----------
    step : transformer, "passthrough", "drop" or None
        A fitted scikit-learn transformer.
    inputs : sequence of int
        Original column behind each input column.

    Returns
    -------
    list of int
        Original column behind each output column.

    Raises
    ------
    UntraceableError
        Some output depends on more than one original column, or the transformer is unknown.
    """
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return list(inputs)
    if isinstance(step, str) and step == "drop":
        return []
    tracer = _tracer(step)
    if tracer is not None:
        return tracer(step, inputs)
    if len(set(inputs)) == 1:
        # Whatever it does, it sees one column only.
        return [inputs[0]] * _width(step)
    raise UntraceableError(f"{type(step).__name__} mixes columns or does not say where its outputs come from")


Tracer = Callable[[Any, Sequence[int]], list[int]]


def _tracer(step: Any) -> Tracer | None:
    # Only scikit-learn's own classes are trusted to keep columns apart: a subclass may do anything.
    if not type(step).__module__.startswith("sklearn."):
        return None
    name = type(step).__name__
    if name in _ONE_TO_ONE:
        return lambda _, inputs: list(inputs)
    if name in _BY_NAME:
        return _BY_NAME[name]
    return _selector if hasattr(step, "get_support") else None


_ONE_TO_ONE = frozenset({
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "QuantileTransformer", "PowerTransformer",
    "OrdinalEncoder", "Binarizer",
})  # fmt: skip


def _pipeline(step: Any, inputs: Sequence[int]) -> list[int]:
    columns = list(inputs)
    for _, inner in step.steps:
        columns = origins(inner, columns)
    return columns


def _column_transformer(step: Any, inputs: Sequence[int]) -> list[int]:
    width = max((part.stop for part in step.output_indices_.values()), default=0)
    result = np.full(width, -1)
    for name, inner, columns in step.transformers_:
        part, positions = step.output_indices_[name], _positions(step, columns)
        if not positions:
            continue  # what was given no column was never fitted, and has no output
        traced = origins(inner, [inputs[i] for i in positions])
        if len(traced) != part.stop - part.start:
            raise UntraceableError(f"the outputs of {name} in a ColumnTransformer do not match its columns")
        result[part] = traced
    return [int(i) for i in result]


def _positions(step: Any, columns: Any) -> list[int]:
    if callable(columns):
        raise UntraceableError("a ColumnTransformer chooses its columns by a function")
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):
            names = list(step.feature_names_in_)
            start = 0 if columns.start is None else names.index(columns.start)
            stop = len(names) if columns.stop is None else names.index(columns.stop) + 1
            return list(range(start, stop))[:: columns.step]
        return list(range(step.n_features_in_))[columns]
    listed: list[Any] = [columns] if isinstance(columns, str | int) else list(columns)
    if listed and all(isinstance(c, bool | np.bool_) for c in listed):
        return [i for i, chosen in enumerate(listed) if chosen]
    if any(isinstance(c, str) for c in listed):
        names = list(step.feature_names_in_)
        return [names.index(c) for c in listed]
    return [int(c) % step.n_features_in_ for c in listed]


def _union(step: Any, inputs: Sequence[int]) -> list[int]:
    return [column for _, inner in step.transformer_list for column in origins(inner, inputs)]


def _one_hot(step: Any, inputs: Sequence[int]) -> list[int]:
    result: list[int] = []
    infrequent = getattr(step, "infrequent_categories_", [None] * len(step.categories_))
    for i, categories in enumerate(step.categories_):
        rare = 0 if infrequent[i] is None else len(infrequent[i]) - 1
        dropped = int(step.drop_idx_ is not None and step.drop_idx_[i] is not None)
        result += [inputs[i]] * (len(categories) - rare - dropped)
    return result


def _target_encoder(step: Any, inputs: Sequence[int]) -> list[int]:
    classes = len(step.classes_) if step.target_type_ == "multiclass" else 1
    return [column for column in inputs for _ in range(classes)]


def _simple_imputer(step: Any, inputs: Sequence[int]) -> list[int]:
    kept = [
        column
        for column, statistic in zip(inputs, step.statistics_, strict=True)
        if step.keep_empty_features or not _is_missing(statistic)
    ]
    return kept + (_missing_indicator(step.indicator_, inputs) if step.add_indicator else [])


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _missing_indicator(step: Any, inputs: Sequence[int]) -> list[int]:
    return [inputs[i] for i in step.features_]


def _bins(step: Any, inputs: Sequence[int]) -> list[int]:
    if step.encode == "ordinal":
        return list(inputs)
    return [column for column, bins in zip(inputs, step.n_bins_, strict=True) for _ in range(int(bins))]


def _splines(step: Any, inputs: Sequence[int]) -> list[int]:
    each, rest = divmod(step.n_features_out_, step.n_features_in_)
    if rest:
        raise UntraceableError("SplineTransformer has more splines for some columns than for others")
    return [column for column in inputs for _ in range(each)]


def _selector(step: Any, inputs: Sequence[int]) -> list[int]:
    support: NDArray[np.bool_] = step.get_support()
    return [column for column, kept in zip(inputs, support, strict=True) if kept]


def _function(step: Any, inputs: Sequence[int]) -> list[int]:
    if step.func is None:
        return list(inputs)
    if len(set(inputs)) == 1:
        return [inputs[0]] * _width(step)
    raise UntraceableError("FunctionTransformer applies a function that may mix columns")


def _width(step: Any) -> int:
    try:
        return len(step.get_feature_names_out())
    except (AttributeError, ValueError) as error:
        raise UntraceableError(f"{type(step).__name__} does not name its outputs") from error


_BY_NAME: dict[str, Tracer] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _column_transformer,
    "FeatureUnion": _union,
    "OneHotEncoder": _one_hot,
    "TargetEncoder": _target_encoder,
    "SimpleImputer": _simple_imputer,
    "MissingIndicator": _missing_indicator,
    "KBinsDiscretizer": _bins,
    "SplineTransformer": _splines,
    "FunctionTransformer": _function,
}
