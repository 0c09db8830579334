"""Flat decision trees and some rows to their Shapley values by the code of shap, which is compiled as it comes.

For jobs in between: too large for plain arrays, too small for the compiler that `quadrature` loads to pay off.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.attribution.trees import FlatTree


def library_operations(trees: tuple[FlatTree, ...]) -> float:
    """Return the multiplications that one row costs, up to a constant; none where a test is not of a threshold."""
    if any((tree.category >= 0).any() for tree in trees):
        return float("inf")
    return float(sum(((tree.widths + 1) ** 2).sum() for tree in trees))


def library_values(trees: tuple[FlatTree, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Attribute the sum of trees to the columns of `x`, as `quadrature.tree_values` does."""
    with warnings.catch_warnings():
        # What it says of its own imports is no matter of the model's.
        warnings.simplefilter("ignore")
        import shap

    model = {"trees": [_tree(tree) for tree in trees], "internal_dtype": np.float64, "input_dtype": np.float64}
    found = shap.TreeExplainer(model).shap_values(x, check_additivity=False)
    return np.asarray(found, dtype=np.float64).reshape(*x.shape, -1)


def _tree(tree: FlatTree) -> dict[str, Any]:
    return {
        "children_left": tree.left,
        "children_right": tree.right,
        "children_default": np.where(tree.missing_left, tree.left, tree.right),
        "features": tree.feature,
        "thresholds": tree.threshold,
        "values": tree.value,
        "node_sample_weight": tree.cover,
    }
