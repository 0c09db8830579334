"""Loads a LightGBM text file after a check of every tree: the library gets it written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.errors import MissingDependencyError, ModelError, Problem
from audit.subject.boosters import Categories, adapted_lightgbm, lightgbm_categories
from audit.subject.estimator import identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.tree_arrays import fault_of_children, fault_of_features, fault_of_numbers


def recognises(content: bytes) -> bool:
    """Whether the content is the text that LightGBM saves."""
    return content.startswith((b"tree\n", b"tree\r\n")) and b"\nmax_feature_idx=" in content[:4096]


def load(file: ModelFile) -> LoadedModel:
    """Check the text and build the booster.

    Raises
    ------
    MissingDependencyError
        LightGBM is not installed.
    ModelError
        The text is damaged, or holds linear trees.
    """
    try:
        from lightgbm import Booster
    except ImportError as missing:
        hint = "Run: pip install 'model-audit[lightgbm]'"
        raise MissingDependencyError(Problem(file.place, "needs lightgbm, which is not installed.", hint)) from missing
    try:
        text, categories, by_code = _checked(file.content.decode("utf-8").replace("\r\n", "\n"))
    except (_DamagedError, ValueError, KeyError, OverflowError) as wrong:
        raise ModelError(
            Problem(file.place, f"is a damaged LightGBM file: {wrong}.", "Save the model again.")
        ) from wrong
    booster = guard.call(file.place, lambda: Booster(model_str=text), heard=file.heard)
    return adapted_lightgbm(booster, identity_of_file(file, "lightgbm"), categories, by_code)


class _DamagedError(Exception):
    """What is wrong with the text."""


def _checked(text: str) -> tuple[str, Categories, tuple[str, ...]]:
    """The text written anew, the values of categorical columns, and the categorical columns without values."""
    head, *sections = re.split(r"^Tree=", text, flags=re.MULTILINE)
    header = _pairs(head.split("\n")[1:])
    if not sections:
        raise _DamagedError("it holds no tree")
    last, _, tail = sections[-1].partition("end of trees")
    sections[-1] = last
    names, infos = header["feature_names"].split(" "), header["feature_infos"].split(" ")
    width, groups = int(header["max_feature_idx"]) + 1, int(header["num_tree_per_iteration"])
    if not len(names) == len(infos) == width or len(set(names)) != width:
        raise _DamagedError("the number of features and their names do not agree")
    if not 1 <= groups <= len(sections) or len(sections) % groups or int(header["num_class"]) != groups:
        raise _DamagedError("the number of trees and of classes do not agree")
    lines = ["tree", *_header(header, groups), ""]
    for number, section in enumerate(sections):
        lines += [f"Tree={number}", *_tree(number, _pairs(section.split("\n")[1:]), width), "", ""]
    lines += [
        "end of trees",
        "",
        "parameters:",
        f"[objective: {header.get('objective', 'none').split(' ')[0]}]",
        "",
        "end of parameters",
        "",
    ]
    listed = re.search(r"^pandas_categorical:(.*)$", tail, flags=re.MULTILINE)
    values, by_code = lightgbm_categories(names, infos, json.loads(listed[1]) if listed else None)
    return "\n".join(lines), values, by_code


_VERSIONS = ("v2", "v3", "v4")
_OBJECTIVE = re.compile(r"[a-z_0-9]+( (sqrt|[a-z_]+:[-+.e0-9]+))*")
_FLAG = "average_output"
_Check = Callable[[str], object]
_INNER: Mapping[str, tuple[_Check, bool]] = {
    "split_feature": (int, True),
    "split_gain": (float, False),
    "threshold": (float, True),
    "decision_type": (int, True),
    "left_child": (int, True),
    "right_child": (int, True),
    "internal_value": (float, False),
    "internal_weight": (float, False),
    "internal_count": (int, False),
}
_LEAF: Mapping[str, tuple[_Check, bool]] = {
    "leaf_value": (float, True),
    "leaf_weight": (float, False),
    "leaf_count": (int, False),
}


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, lines):
        key, _, value = line.partition("=")
        if key in found:
            raise _DamagedError(f"{key[:40]!r} stands twice")
        found[key] = value
    return found


def _header(header: Mapping[str, str], groups: int) -> list[str]:
    if header["version"] not in _VERSIONS:
        raise _DamagedError(f"its version is {header['version'][:20]!r}, expected one of {', '.join(_VERSIONS)}")
    kept = [f"{key}={header[key]}" for key in ("version", "num_class", "num_tree_per_iteration")]
    kept += ["label_index=0", f"max_feature_idx={int(header['max_feature_idx'])}"]
    if "objective" in header:
        if not _OBJECTIVE.fullmatch(header["objective"]):
            raise _DamagedError(f"its objective is {header['objective'][:40]!r}")
        classes = re.search(r" num_class:(\d+)", header["objective"])
        if header["objective"].startswith("multiclass") and (classes is None or int(classes[1]) != groups):
            raise _DamagedError("the number of classes and its objective do not agree")
        kept.append(f"objective={header['objective']}")
    kept += [_FLAG] * (_FLAG in header)
    return [*kept, f"feature_names={header['feature_names']}", f"feature_infos={header['feature_infos']}"]


def _tree(number: int, tree: Mapping[str, str], width: int) -> list[str]:
    place = f"tree {number}"
    if tree.get("is_linear", "0") != "0":
        raise _DamagedError(f"{place} is a linear tree, which is not read")
    leaves, categorical = int(tree["num_leaves"]), int(tree["num_cat"])
    if leaves < 1 or categorical < 0:
        raise _DamagedError(f"{place}: its sizes do not agree")
    columns = {**_columns(place, tree, _INNER, leaves - 1), **_columns(place, tree, _LEAF, leaves)}
    sets = _bitsets(place, tree, categorical) if categorical else {}
    if leaves > 1:
        _refuse_faults(place, columns, leaves, width, categorical)
    lines = [f"num_leaves={leaves}", f"num_cat={categorical}"]
    lines += [f"{key}={' '.join(tokens)}" for key, tokens in {**columns, **sets}.items()]
    shrinkage = float(tree.get("shrinkage", "1"))
    if not np.isfinite(shrinkage):
        raise _DamagedError(f"{place}: its shrinkage is not finite")
    return [*lines, "is_linear=0", f"shrinkage={tree.get('shrinkage', '1')}"]


def _columns(
    place: str, tree: Mapping[str, str], wanted: Mapping[str, tuple[_Check, bool]], size: int
) -> dict[str, list[str]]:
    found = {}
    for key, (check, needed) in wanted.items():
        tokens = tree.get(key, "").split()
        if not tokens and (not needed or size == 0):
            continue
        if len(tokens) != size:
            raise _DamagedError(f"{place}: expected {size} values of {key}, found {len(tokens)}")
        for token in tokens:
            check(token)
        found[key] = tokens
    return found


def _bitsets(place: str, tree: Mapping[str, str], categorical: int) -> dict[str, list[str]]:
    tokens = {key: tree[key].split() for key in ("cat_boundaries", "cat_threshold")}
    bounds, words = ([int(t) for t in tokens[key]] for key in ("cat_boundaries", "cat_threshold"))
    rising = all(a <= b for a, b in pairwise(bounds))
    if len(bounds) != categorical + 1 or bounds[0] != 0 or bounds[-1] != len(words) or not rising:
        raise _DamagedError(f"{place}: a categorical split lies outside its bitsets")
    if any(not 0 <= w < 2**32 for w in words):
        raise _DamagedError(f"{place}: a bitset is no 32-bit number")
    return tokens


def _refuse_faults(place: str, columns: Mapping[str, Sequence[str]], leaves: int, width: int, categorical: int) -> None:
    left, right = (_nodes(columns[key], leaves) for key in ("left_child", "right_child"))
    inner = np.arange(2 * leaves - 1) < leaves - 1
    padding = np.zeros(leaves, dtype=np.int64)
    threshold = np.array(columns["threshold"], dtype=np.float64)
    kinds = np.array(columns["decision_type"], dtype=np.int64)
    by_set = (kinds & 1).astype(bool)
    sets = threshold[by_set]
    fault = (
        fault_of_children(np.concatenate([left, padding]), np.concatenate([right, padding]), inner)
        or fault_of_features(np.array(columns["split_feature"], dtype=np.int64), inner[: leaves - 1], width)
        or fault_of_numbers("threshold", threshold)
        or fault_of_numbers("leaf value", np.array(columns["leaf_value"], dtype=np.float64))
        or ("a decision type is unknown" if ((kinds < 0) | (kinds >> 2 > 2)).any() else "")
        or (
            "a categorical split lies outside its bitsets"
            if ((sets < 0) | (sets >= categorical) | (sets % 1 != 0)).any()
            else ""
        )
    )
    if fault:
        raise _DamagedError(f"{place}: {fault}")


def _nodes(tokens: Sequence[str], leaves: int) -> NDArray[np.int64]:
    """Children as indices into inner nodes followed by leaves; -1 for what is neither."""
    found = np.array(tokens, dtype=np.int64)
    return np.where(
        found >= 0, np.where(found < leaves - 1, found, -1), np.where(~found < leaves, leaves - 1 + ~found, -1)
    )


FORMAT = ModelFormat(name="lightgbm", label="LightGBM text", recognises=recognises, load=load)
