"""scikit-learn's trees, forests and boosted trees to flat trees, and their exact path-dependent Shapley values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.attribution.explained import (
    Explained,
    Inverse,
    exponential,
    identity,
    logistic,
    softmax_of_rows,
)
from audit.attribution.paths import path_operations, path_values
from audit.attribution.quadrature import operations, tree_values
from audit.attribution.shallow import library_operations, library_values
from audit.attribution.trees import FlatTree, expected, positive, signs_of

_CATEGORIES = 256
# Up to here plain arrays are through before a library is loaded, and up to there that library before a compiler is.
# Counted, not timed: equal runs take equal ways.
_FEW_OPERATIONS = 5e7
_SOME_OPERATIONS = 8e8


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Trees whose sum, up to a constant, is the model's output."""

    trees: tuple[FlatTree, ...]
    read: Callable[[Any], NDArray[np.float64]]
    """Encoded rows -> (n, m) the numbers that the trees test."""
    columns: tuple[int, ...] | None
    """Encoded column behind each tested column; None where they are the same."""
    output: Callable[[Any], NDArray[np.float64]]
    """Encoded rows -> (n, K) the model's own output."""
    constant: bool
    """Whether the model adds a constant to its trees."""
    scale: str
    inverse: Inverse

    def cost(self) -> int:
        """Return the operations that one row costs."""
        return operations(self.trees)

    def explain(self, encoded: Any, width: int) -> Explained:
        """Attribute the output of `encoded` rows to their `width` columns."""
        seen = self.read(encoded)
        found = self._way(len(seen))(self.trees, seen)
        values = found
        if self.columns is not None:
            values = np.zeros((len(found), width, found.shape[2]))
            values[:, list(self.columns)] = found
        output = self.output(encoded)
        base = np.sum([expected(tree) for tree in self.trees], axis=0)
        if self.constant:
            # The first row tells the constant; that the others agree with it is what the additivity error tests.
            base = base + (output[0] - base - values[0].sum(axis=0))
        return Explained(
            values=values,
            base=base,
            output=output,
            game="path-dependent Shapley values (absent columns follow the training weights of the trees), exact",
            scale=self.scale,
            inverse=self.inverse,
        )

    def _way(self, rows: int) -> Callable[[tuple[FlatTree, ...], NDArray[np.float64]], NDArray[np.float64]]:
        if path_operations(self.trees) * rows <= _FEW_OPERATIONS:
            return path_values
        some = library_operations(self.trees) * rows <= _SOME_OPERATIONS
        return library_values if some else tree_values


def forest_of(model: Any, columns: tuple[int, ...]) -> Forest | None:
    """Return the trees of a fitted scikit-learn estimator, or None where it is no ensemble of trees.

    Parameters
    ----------
    columns : tuple of int
        Positions in `classes_` of the classes to explain; empty in regression.
    """
    from sklearn import ensemble as e
    from sklearn import tree as t

    if getattr(model, "n_outputs_", 1) != 1:
        return None
    match model:
        case t.DecisionTreeClassifier() | t.DecisionTreeRegressor():
            return _averaged([model], model, columns)
        case e.RandomForestClassifier() | e.ExtraTreesClassifier():
            return _averaged(model.estimators_, model, columns)
        case e.RandomForestRegressor() | e.ExtraTreesRegressor():
            return _averaged(model.estimators_, model, columns)
        case e.GradientBoostingClassifier() | e.GradientBoostingRegressor():
            return _boosted(model, columns) if _starts_constant(model) else None
        case e.HistGradientBoostingClassifier() | e.HistGradientBoostingRegressor():
            return _histogram(model, columns)
    return None


def _averaged(members: Any, model: Any, columns: tuple[int, ...]) -> Forest:
    share = 1 / len(members)
    trees = tuple(_flat(member.tree_, _leaf_values(member.tree_, columns) * share) for member in members)
    return Forest(
        trees=trees,
        read=_single_precision,
        columns=None,
        output=lambda rows: model.predict_proba(rows)[:, list(columns)] if columns else model.predict(rows)[:, None],
        constant=False,
        scale="probability" if columns else "unit of the target",
        inverse=identity,
    )


def _leaf_values(tree: Any, columns: tuple[int, ...]) -> NDArray[np.float64]:
    values = tree.value[:, 0, :]
    if not columns:
        return np.asarray(values, dtype=np.float64)
    return np.asarray((values / values.sum(axis=1, keepdims=True))[:, list(columns)], dtype=np.float64)


def _flat(tree: Any, value: NDArray[np.float64]) -> FlatTree:
    return FlatTree(
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        feature=np.maximum(tree.feature, 0).astype(np.int64),
        threshold=tree.threshold.astype(np.float64),
        missing_left=tree.missing_go_to_left.astype(np.bool_),
        category=np.full(tree.node_count, -1),
        categories=np.zeros((1, _CATEGORIES), dtype=np.bool_),
        cover=positive(tree.weighted_n_node_samples),
        value=np.ascontiguousarray(value),
    )


def _single_precision(rows: Any) -> NDArray[np.float64]:
    # scikit-learn compares in single precision; comparing in double would send rows near a threshold the other way.
    return np.asarray(rows, dtype=np.float32).astype(np.float64)


def _starts_constant(model: Any) -> bool:
    return isinstance(model.init_, str) or type(model.init_).__name__ in ("DummyClassifier", "DummyRegressor")


def _boosted(model: Any, columns: tuple[int, ...]) -> Forest:
    signs = signs_of(model.estimators_.shape[1], columns)
    trees = tuple(
        _flat(member.tree_, model.learning_rate * member.tree_.value[:, 0, :1] * signs[k])
        for stage in model.estimators_
        for k, member in enumerate(stage)
    )
    scale, inverse = _margin(columns)
    if getattr(model, "loss", "") == "exponential":
        scale, inverse = "raw score (half the log-odds)", lambda output: logistic(2 * output)
    return Forest(
        trees=trees,
        read=_single_precision,
        columns=None,
        output=_raw_output(model, signs, columns),
        constant=True,
        scale=scale,
        inverse=inverse,
    )


def _histogram(model: Any, columns: tuple[int, ...]) -> Forest | None:
    stages = model._predictors  # no public name leads to the fitted trees
    signs = signs_of(len(stages[0]), columns)
    trees = tuple(_flat_histogram(member, signs[k]) for stage in stages for k, member in enumerate(stage))
    scale, inverse = _margin(columns)
    if not columns and model.loss in ("poisson", "gamma"):
        scale, inverse = "log of the target", exponential
    categorical = model.is_categorical_
    order = None
    if categorical is not None:
        order = (*np.flatnonzero(categorical).tolist(), *np.flatnonzero(~categorical).tolist())
    raw = _raw_output(model, signs, columns)
    return Forest(
        trees=trees,
        read=lambda rows: np.asarray(model._preprocess_X(rows, reset=False), dtype=np.float64),
        columns=order,
        output=(lambda rows: np.log(raw(rows))) if inverse is exponential else raw,
        constant=True,
        scale=scale,
        inverse=inverse,
    )


def _flat_histogram(member: Any, sign: NDArray[np.float64]) -> FlatTree:
    nodes, leaf = member.nodes, member.nodes["is_leaf"].astype(np.bool_)
    bits = member.raw_left_cat_bitsets
    categories = np.zeros((max(1, len(bits)), _CATEGORIES), dtype=np.bool_)
    for i, words in enumerate(bits):
        categories[i] = (words[:, None] >> np.arange(32, dtype=np.uint32) & np.uint32(1)).ravel().astype(np.bool_)
    return FlatTree(
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(np.bool_),
        category=np.where(nodes["is_categorical"] == 1, nodes["bitset_idx"].astype(np.int64), -1),
        categories=categories,
        cover=positive(nodes["count"]),
        value=np.ascontiguousarray(nodes["value"][:, None] * sign),
    )


def _raw_output(
    model: Any, signs: NDArray[np.float64], columns: tuple[int, ...]
) -> Callable[[Any], NDArray[np.float64]]:
    def output(rows: Any) -> NDArray[np.float64]:
        raw = model.decision_function(rows) if columns else model.predict(rows)
        turned: NDArray[np.float64] = np.asarray(raw, dtype=np.float64).reshape(len(raw), -1) @ signs
        return turned

    return output


def _margin(columns: tuple[int, ...]) -> tuple[str, Inverse]:
    if not columns:
        return "unit of the target", identity
    return ("log-odds", logistic) if len(columns) == 1 else ("raw score (before softmax)", softmax_of_rows)
