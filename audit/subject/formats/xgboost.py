"""Loads an XGBoost JSON or UBJSON file after a check of every tree: the library gets it written anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.errors import MissingDependencyError, ModelError, Problem
from audit.subject.boosters import adapted_xgboost
from audit.subject.estimator import identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.tree_arrays import fault_of_children, fault_of_features, fault_of_numbers
from audit.subject.ubjson import decoded


def recognises(content: bytes) -> bool:
    """Whether the content is what XGBoost saves, as JSON or as UBJSON."""
    return content.lstrip()[:1] == b"{" and b"learner" in content[:4096] + content[-4096:]


def load(file: ModelFile) -> LoadedModel:
    """Check the trees and build the booster.

    Raises
    ------
    MissingDependencyError
        XGBoost is not installed.
    ModelError
        The file is damaged, or holds another booster than one of trees.
    """
    try:
        from xgboost import Booster
    except ImportError as missing:
        hint = "Run: pip install 'model-audit[xgboost]'"
        raise MissingDependencyError(Problem(file.place, "needs xgboost, which is not installed.", hint)) from missing
    try:
        model = _read(file.content)
        fault = _fault(model)
        objective = str(model["learner"]["objective"]["name"])
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as wrong:
        raise _damaged(file, guard.sentence(wrong)) from wrong
    if fault:
        raise _damaged(file, fault)
    text = bytearray(json.dumps(model, allow_nan=False), "utf-8")
    booster = guard.call(file.place, lambda: Booster(model_file=text), heard=file.heard)
    return adapted_xgboost(booster, identity_of_file(file, "xgboost"), objective)


def _damaged(file: ModelFile, fault: str) -> ModelError:
    return ModelError(Problem(file.place, f"is a damaged XGBoost file: {fault}.", "Save the model again."))


def _read(content: bytes) -> Any:
    if content.lstrip()[1:2] in (b'"', b" ", b"\n", b"\t", b"\r"):
        return json.loads(content, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)
    return decoded(content)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _fault(model: Mapping[str, Any]) -> str:
    learner = model["learner"]
    shape, booster = learner["learner_model_param"], learner["gradient_booster"]
    groups = max(int(shape["num_class"]), int(shape.get("num_target", "1")), 1)
    if int(shape.get("num_target", "1")) > 1:
        return "it predicts several targets at once"
    kind, width = booster["name"], int(shape["num_feature"])
    if kind not in ("gbtree", "dart"):
        return f"its booster is {kind!r}, only trees are read"
    names, types = learner.get("feature_names", []), learner.get("feature_types", [])
    if any(len(listed) not in (0, width) or not all(isinstance(x, str) for x in listed) for listed in (names, types)):
        return "the number of features and their names do not agree"
    inner = booster["gbtree"] if kind == "dart" else booster
    trees, info = inner["model"]["trees"], inner["model"]["tree_info"]
    if not trees or int(inner["model"]["gbtree_model_param"]["num_trees"]) != len(trees) or len(info) != len(trees):
        return "the number of trees does not agree with its lists"
    if any(type(group) is not int or not 0 <= group < groups for group in info):
        return "a tree belongs to no class"
    if kind == "dart" and len(booster["weight_drop"]) != len(trees):
        return "the number of trees does not agree with its lists"
    bounds = inner["model"].get("iteration_indptr")
    if bounds is not None and (bounds[0] != 0 or bounds[-1] != len(trees) or any(a > b for a, b in pairwise(bounds))):
        return "the number of trees does not agree with its rounds"
    faults = (f"tree {i}: {fault}" for i, tree in enumerate(trees) if (fault := _fault_of_tree(tree, width)))
    return next(faults, "")


_PER_NODE = (
    "base_weights", "default_left", "left_children", "loss_changes", "parents", "right_children", "split_conditions",
    "split_indices", "split_type", "sum_hessian",
)  # fmt: skip


def _fault_of_tree(tree: Mapping[str, Any], width: int) -> str:
    param = tree["tree_param"]
    count = int(param["num_nodes"])
    if any(len(tree[key]) != count for key in _PER_NODE) or int(param["num_feature"]) != width:
        return "its sizes do not agree"
    if int(param.get("size_leaf_vector", "1")) > 1:
        return "its leaves hold vectors"
    left, right, feature, parents, kinds = (
        np.array(tree[key], dtype=np.int64)
        for key in ("left_children", "right_children", "split_indices", "parents", "split_type")
    )
    inner = left != -1
    numbers = [np.array(tree[key], dtype=np.float64) for key in ("split_conditions", "base_weights")]
    children = np.concatenate([left[inner], right[inner]])
    return (
        fault_of_children(left, right, inner)
        or fault_of_features(feature, inner, width)
        or ("a leaf has one child" if (right[~inner] != -1).any() else "")
        or ("a child has another parent" if (parents[children] != np.tile(np.flatnonzero(inner), 2)).any() else "")
        or fault_of_numbers("number", *numbers)
        or _fault_of_categories(tree, kinds, count)
    )


def _fault_of_categories(tree: Mapping[str, Any], kinds: Any, count: int) -> str:
    nodes, starts, sizes = (
        np.array(tree[key], dtype=np.int64) for key in ("categories_nodes", "categories_segments", "categories_sizes")
    )
    values = np.array(tree["categories"], dtype=np.int64)
    sound = (
        len(nodes) == len(starts) == len(sizes)
        and ((kinds == 0) | (kinds == 1)).all()
        and np.array_equal(np.sort(nodes), np.flatnonzero(kinds == 1))
        and (starts == np.cumsum(sizes) - sizes).all()
        and (sizes > 0).all()
        and int(sizes.sum()) == len(values)
        and (not len(values) or (values.min() >= 0 and values.max() < 2**24))
        and (not len(nodes) or nodes.max() < count)
    )
    return "" if sound else "a categorical split lies outside its categories"


FORMAT = ModelFormat(name="xgboost", label="XGBoost JSON", recognises=recognises, load=load)
