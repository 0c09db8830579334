"""Saved LightGBM and XGBoost models to flat trees, and their rows to the numbers that those trees test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.trees import LEAF, FlatTree, positive

_ZERO = float(np.float32(1e-35))
_WORD = np.arange(32, dtype=np.uint32)


@dataclass(frozen=True)
class LightGBMTrees:
    """The trees of a LightGBM model, and what its columns make of a missing value."""

    trees: tuple[FlatTree, ...]
    known: NDArray[np.intp]
    """Columns in which a missing value is zero."""
    zero: NDArray[np.intp]
    """Columns in which zero is a missing value."""
    categories: list[list[Any]]
    """Categories of each categorical column of a table, in their order."""

    def read(self, rows: Any) -> NDArray[np.float64]:
        """Return rows as the trees test them."""
        x = _coded(rows, iter(self.categories)) if isinstance(rows, pd.DataFrame) else np.array(rows, dtype=np.float64)
        x[:, self.known] = np.nan_to_num(x[:, self.known], nan=0.0, posinf=np.inf, neginf=-np.inf)
        x[:, self.zero] = np.where(np.abs(x[:, self.zero]) <= _ZERO, np.nan, x[:, self.zero])
        return x


@dataclass(frozen=True)
class XGBoostTrees:
    """The trees of an XGBoost model, and the categories of its columns."""

    trees: tuple[FlatTree, ...]
    categories: list[list[Any] | None]
    """Categories of each column in their order; None where it has none or they were not kept."""
    missing: float

    def read(self, rows: Any) -> NDArray[np.float64]:
        """Return rows as the trees test them."""
        if isinstance(rows, pd.DataFrame):
            listed = (c for c, kind in zip(self.categories, rows.dtypes, strict=True) if _categorical(kind))
            rows = _coded(rows, listed)
        x = np.asarray(rows, dtype=np.float32).astype(np.float64)
        return np.where(x == self.missing, np.nan, x)


def lightgbm_trees(text: str, signs: NDArray[np.float64], share: float = 1.0) -> LightGBMTrees | None:
    """Read the text of a LightGBM model.

    Parameters
    ----------
    signs : ndarray of shape (outputs, K), float64
        What a unit of each raw output adds to each explained one.
    share : float
        What a tree's value is multiplied by.

    Returns
    -------
    LightGBMTrees or None
        None where a tree is linear in its leaves, or trees do not agree on what is missing.
    """
    _, *parts = text.split("\nTree=")
    sections = [_keys(part) for part in parts]
    if any(s.get("is_linear", "0") != "0" for s in sections):
        return None
    kinds: dict[int, set[int]] = {}
    trees = []
    for i, section in enumerate(sections):
        trees.append(_lightgbm_tree(section, signs[i % len(signs)] * share))
        decisions = _numbers(section, "decision_type", np.int64)
        for feature, kind in {
            *zip(_numbers(section, "split_feature", np.int64).tolist(), decisions.tolist(), strict=True)
        }:
            if not kind & 1:
                kinds.setdefault(feature, set()).add(kind >> 2 & 3)
    if not trees or any(len(found) > 1 for found in kinds.values()):
        return None
    known, zero = (
        np.array(sorted(f for f, found in kinds.items() if found == {kind}), dtype=np.intp) for kind in (0, 1)
    )
    tail = text.rpartition("\npandas_categorical:")[2].partition("\n")[0]
    return LightGBMTrees(tuple(trees), known, zero, json.loads(tail) or [] if "pandas_categorical:" in text else [])


def xgboost_trees(saved: Any, signs: NDArray[np.float64], rounds: int | None, missing: float) -> XGBoostTrees | None:
    """Read a saved XGBoost model.

    Parameters
    ----------
    saved : dict
        The model as JSON.
    signs : ndarray of shape (outputs, K), float64
        What a unit of each raw output adds to each explained one.
    rounds : int or None
        Rounds that take part in predictions; None for all.

    Returns
    -------
    XGBoostTrees or None
        None where a leaf holds a vector.
    """
    booster = saved["learner"]["gradient_booster"]
    dropped = booster.get("weight_drop")
    model = booster.get("gbtree", booster)["model"]
    last = None if rounds is None else model["iteration_indptr"][rounds]
    trees = []
    for i, tree in enumerate(model["trees"][:last]):
        if int(tree["tree_param"]["size_leaf_vector"]) > 1:
            return None
        trees.append(_xgboost_tree(tree, signs[model["tree_info"][i]] * (1.0 if dropped is None else dropped[i])))
    width = int(saved["learner"]["learner_model_param"]["num_feature"])
    listed = [_names(enc) for enc in model.get("cats", {}).get("enc", [])]
    return XGBoostTrees(tuple(trees), listed or [None] * width, missing) if trees else None


def _keys(section: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in section.splitlines() if "=" in line)


def _numbers(section: dict[str, str], name: str, dtype: Any) -> NDArray[Any]:
    return np.array(section.get(name, "").split(), dtype=dtype)


def _lightgbm_tree(section: dict[str, str], sign: NDArray[np.float64]) -> FlatTree:
    left, right = _numbers(section, "left_child", np.int64), _numbers(section, "right_child", np.int64)
    inner, leaves = len(left), int(section["num_leaves"])
    none, blank = np.full(leaves, LEAF), np.zeros(leaves)
    decision = _numbers(section, "decision_type", np.int64)
    threshold = _numbers(section, "threshold", np.float64)
    listed = decision & 1 == 1
    cover = np.concatenate(
        [_numbers(section, "internal_count", np.float64), _numbers(section, "leaf_count", np.float64)]
    )
    value = np.concatenate([np.zeros(inner), _numbers(section, "leaf_value", np.float64)])

    def child(side: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.concatenate([np.where(side < 0, inner + ~side, side), none])

    # A missing value is known to be zero, or goes the default way; among categories it is in no list.
    default = np.where(decision >> 2 & 3 == 0, threshold >= 0, decision & 2 == 2) & ~listed
    bounds = _numbers(section, "cat_boundaries", np.int64)
    words = _numbers(section, "cat_threshold", np.uint32)
    return FlatTree(
        left=child(left),
        right=child(right),
        feature=np.concatenate([_numbers(section, "split_feature", np.int64), np.zeros(leaves, dtype=np.int64)]),
        threshold=np.concatenate([np.where(listed, 0.0, threshold), blank]),
        missing_left=np.concatenate([default, blank.astype(np.bool_)]),
        category=np.concatenate([np.where(listed, threshold, -1).astype(np.int64), none]),
        categories=_table([_bits(words[a:b]) for a, b in pairwise(bounds)]),
        cover=positive(cover) if inner else np.ones(1),
        value=value[:, None] * sign,
    )


def _bits(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.asarray((words[:, None] >> _WORD & np.uint32(1)).ravel(), dtype=np.bool_)


def _table(rows: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    table = np.zeros((max(1, len(rows)), max([1, *map(len, rows)])), dtype=np.bool_)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def _xgboost_tree(tree: Any, sign: NDArray[np.float64]) -> FlatTree:
    left, right = np.array(tree["left_children"], dtype=np.int64), np.array(tree["right_children"], dtype=np.int64)
    limit = np.array(tree["split_conditions"], dtype=np.float32)
    listed = (np.array(tree["split_type"]) == 1) & (left != LEAF)
    default = np.array(tree["default_left"], dtype=np.bool_)
    category = np.full(len(left), -1)
    category[np.array(tree["categories_nodes"], dtype=np.intp)] = np.arange(len(tree["categories_nodes"]))
    rows = []
    for at, size in zip(tree["categories_segments"], tree["categories_sizes"], strict=True):
        chosen = np.array(tree["categories"][at : at + size], dtype=np.intp)
        rows.append(np.bincount(chosen, minlength=1) > 0)
    return FlatTree(
        # The listed categories go right there, and left here.
        left=np.where(listed, right, left),
        right=np.where(listed, left, right),
        feature=np.where(left == LEAF, 0, np.array(tree["split_indices"], dtype=np.int64)),
        # Below the limit is at most the number before it.
        threshold=np.nextafter(limit, np.float32(-np.inf)).astype(np.float64),
        missing_left=default != listed,
        category=np.where(listed, category, -1),
        categories=_table(rows),
        cover=positive(np.array(tree["sum_hessian"], dtype=np.float64)),
        value=np.where(left == LEAF, limit.astype(np.float64), 0.0)[:, None] * sign,
    )


def _names(enc: Any) -> list[Any] | None:
    values = enc["values"]
    if not enc.get("offsets"):
        return values or None
    text = bytes(v & 255 for v in values)
    return [text[a:b].decode() for a, b in pairwise(enc["offsets"])]


def _categorical(dtype: Any) -> bool:
    return isinstance(dtype, pd.CategoricalDtype)


def _coded(rows: pd.DataFrame, categories: Iterator[list[Any] | None]) -> NDArray[np.float64]:
    # (n, m) numbers as they are, and each categorical column as the places of its values in the next list.
    x = np.empty(rows.shape)
    for j, kind in enumerate(rows.dtypes):
        column = rows.iloc[:, j]
        if _categorical(kind):
            listed = next(categories)
            codes = column.cat.codes if listed is None else column.cat.set_categories(listed).cat.codes
            x[:, j] = np.where(codes < 0, np.nan, codes)
        else:
            x[:, j] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return x
