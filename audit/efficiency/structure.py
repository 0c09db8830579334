"""Counts what a fitted model is made of: trees and leaves, or coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def structure(native: Any) -> dict[str, int]:
    """Return the number of trees and leaves, or of parameters; empty where the model does not say.

    Parameters
    ----------
    native : Any
        A fitted scikit-learn estimator or pipeline, a LightGBM, an XGBoost or a CatBoost booster.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> structure(LinearRegression().fit([[0, 1], [1, 0], [2, 2]], [0, 1, 2]))
    {'parameters': 3}
    """
    model = last_step(native)
    leaves = list(_leaves(model))
    if leaves:
        return {"trees": len(leaves), "leaves": sum(leaves)}
    parameters = sum(np.asarray(array).size for array in _arrays(model))
    return {"parameters": parameters} if parameters else {}


def last_step(native: Any) -> Any:
    """Return the estimator that decides: the end of a pipeline, the inside of a search, the booster of a wrapper."""
    for name in ("best_estimator_", "_final_estimator"):
        if hasattr(native, name):
            return last_step(getattr(native, name))
    for name in ("get_booster", "booster_"):
        if hasattr(native, name):
            found = getattr(native, name)
            return found() if callable(found) else found
    return native


def _leaves(model: Any) -> Iterator[int]:
    """Yield the number of leaves of each tree."""
    if hasattr(model, "tree_"):
        yield int(model.tree_.n_leaves)
    elif hasattr(model, "get_dump"):
        yield from (text.count("leaf=") for text in model.get_dump())
    elif hasattr(model, "dump_model"):
        yield from (int(tree["num_leaves"]) for tree in model.dump_model()["tree_info"])
    elif hasattr(model, "get_tree_leaf_counts"):
        yield from (int(count) for count in model.get_tree_leaf_counts())
    elif hasattr(model, "_predictors"):
        yield from (int(tree.get_n_leaf_nodes()) for stage in model._predictors for tree in stage)
    elif hasattr(model, "estimators_"):
        for member in np.asarray(model.estimators_, dtype=object).ravel():
            yield from _leaves(member)


def _arrays(model: Any) -> Iterator[Any]:
    """Yield the arrays that a linear model, a support vector machine or a neural network learned."""
    # A kernel machine has no coefficients of features; it is made of weighted support vectors.
    learned = ("coef_",) if hasattr(model, "coef_") else ("support_vectors_", "dual_coef_")
    yield from (getattr(model, name) for name in (*learned, "intercept_") if hasattr(model, name))
    for name in ("coefs_", "intercepts_"):
        yield from getattr(model, name, ())
