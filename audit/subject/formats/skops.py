"""Loads a skops file: scikit-learn's types after a check of their trees, any other type only when the spec names it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.errors import ModelError, Problem
from audit.subject.estimator import adapted, identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.tree_arrays import fault_of_children, fault_of_features, fault_of_numbers


def recognises(content: bytes) -> bool:
    """Whether the content is a zip archive with a skops schema."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "schema.json" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def load(file: ModelFile) -> LoadedModel:
    """Check and build the estimator.

    Raises
    ------
    ModelError
        The archive is damaged, holds types that nobody trusts, or trees that lead out of their arrays.
    """
    _refuse_bomb(file)
    native = guard.call(
        file.place, _built, file, heard=file.heard, hint="Save the model again with the installed skops."
    )
    _refuse_other_width(file, native)
    trust = tuple(name for name in file.trust if name == FORMAT.name)
    return adapted(native, identity_of_file(file, "skops", trust))


_TREE = "sklearn.tree._tree.Tree"
_PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
# Plain containers of scikit-learn and numpy that skops has not listed: they hold values, no code and no indices.
_SPLITTERS = ("KFold", "StratifiedKFold", "GroupKFold", "StratifiedGroupKFold", "TimeSeriesSplit", "ShuffleSplit")
_PLAIN = (
    *(f"sklearn.model_selection._split.{name}" for name in _SPLITTERS),
    "sklearn.metrics._scorer._PassthroughScorer",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.utils._bunch.Bunch",
)
# Gradient boosting by histograms keeps a partial of this one function; no other partial is trusted.
_PARTIAL, _CHECK = "functools.partial", "sklearn.utils.validation.check_array"
_KNOWN = (*_PLAIN, _TREE, _PREDICTOR, _PARTIAL, _CHECK)
_LARGEST = 4 * 2**30


def _refuse_bomb(file: ModelFile) -> None:
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _LARGEST:
        raise ModelError(
            Problem(file.place, f"unpacks to {size:,} bytes, more than {_LARGEST:,}.", "Save a smaller model.")
        )


def _built(file: ModelFile) -> Any:
    # The nodes that skops itself will build from are checked, not a second reading of the same archive: two readers of
    # one file can be made to see different things.
    from skops.io._audit import audit_tree, get_tree
    from skops.io._utils import read_schema

    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        schema, context = read_schema(archive)
        unknown = _untrusted(get_tree(schema, context, trusted=None))
    if unknown and FORMAT.name not in file.trust:
        raise _refusal(file, unknown)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        schema, context = read_schema(archive)
        trusted = sorted({*_KNOWN, *unknown}) if FORMAT.name in file.trust else list(_KNOWN)
        root = get_tree(schema, context, trusted=trusted)
        audit_tree(root, trusted=trusted)
        faults = sorted({fault for node in _nodes(root) if (fault := _fault(node))})
        if faults:
            raise ModelError(
                *(Problem(file.place, f"holds a damaged tree: {fault}.", "Do not use this file.") for fault in faults)
            )
        return root.construct()


def _untrusted(root: Any) -> list[str]:
    """Types that neither skops nor this module knows to be harmless."""
    known = set(_KNOWN)
    if any(_type(node) == _PARTIAL and _type(node.children.get("func")) != _CHECK for node in _nodes(root)):
        known.remove(_PARTIAL)
    return sorted(root.get_unsafe_set() - known)


def _refusal(file: ModelFile, types: list[str]) -> ModelError:
    return ModelError(
        Problem(
            file.place,
            f"holds types that are not trusted: {', '.join(types)}.",
            f"If you trust its author, set {file.section}.trust: [skops] and {file.section}.sha256: {file.sha256}, "
            f"with {file.section}.code for types of your own.",
        )
    )


def _nodes(root: Any) -> Iterator[Any]:
    """Every node that skops would build, each once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        node = _resolved(node)
        if id(node) in seen or not hasattr(node, "children"):
            continue
        seen.add(id(node))
        yield node
        for child in node.children.values():
            waiting += child if isinstance(child, list) else child.values() if isinstance(child, dict) else [child]


def _resolved(node: Any) -> Any:
    # A reference may claim any type: what counts is what it refers to.
    while hasattr(node, "cached"):
        node = node.cached
    return node


def _type(node: Any) -> str:
    node = _resolved(node)
    return f"{getattr(node, 'module_name', '')}.{getattr(node, 'class_name', '')}"


def _fault(node: Any) -> str:
    """What is wrong with a node that holds a tree, or "" for a sound one and for any other node."""
    from skops.io._general import ObjectNode, TypeNode
    from skops.io._sklearn import TreeNode

    name = _type(node)
    if name not in (_TREE, _PREDICTOR) or type(node) is TypeNode:
        return ""
    # Another kind of node could build the same type from parts that are not checked.
    if type(node) is not (TreeNode if name == _TREE else ObjectNode):
        return f"{name} is kept as {type(node).__name__}"
    # `construct` keeps what it builds: the arrays checked here are the arrays that the tree gets.
    if name == _TREE:
        return _fault_of_tree(node.args.construct(), node.attrs.construct())
    return _fault_of_predictor(node.attrs.construct())


def _fault_of_tree(args: Any, state: Any) -> str:
    try:
        width, classes, outputs = args
        nodes, values, count, depth = (state[k] for k in ("nodes", "values", "node_count", "max_depth"))
        left, right, feature = (nodes[k] for k in ("left_child", "right_child", "feature"))
        inner = left != -1
        sizes_agree = (
            type(width) is type(outputs) is type(count) is type(depth) is int
            and isinstance(classes, np.ndarray)
            and classes.dtype == np.intp
            and classes.shape == (outputs,)
            and count == len(nodes)
            and len(values) == count
            and 0 <= depth < max(count, 1)
        )
        return (
            (not sizes_agree and "its sizes do not agree")
            or fault_of_children(left, right, inner)
            or fault_of_features(feature, inner, width)
            or fault_of_numbers("threshold", nodes["threshold"][inner])
            or fault_of_numbers("value", values)
        )
    except (KeyError, TypeError, ValueError, IndexError) as wrong:
        return f"it lacks a part ({guard.sentence(wrong)})"


def _fault_of_predictor(state: Any) -> str:
    try:
        nodes, binned, raw = (state[k] for k in ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets"))
        inner = nodes["is_leaf"] == 0
        chosen = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
        bitsets_agree = all(b.dtype == np.uint32 and b.ndim == 2 and b.shape[1] == 8 for b in (binned, raw)) and (
            not len(chosen) or int(chosen.max()) < min(len(binned), len(raw))
        )
        return (
            fault_of_children(nodes["left"], nodes["right"], inner)
            or (nodes.ndim != 1 and "its sizes do not agree")
            or fault_of_features(nodes["feature_idx"], inner, _ANY_WIDTH)
            or (not bitsets_agree and "a categorical split lies outside its bitsets")
            or fault_of_numbers("value", nodes["value"])
        ) or ""
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as wrong:
        return f"it lacks a part ({guard.sentence(wrong)})"


# A predictor does not know its number of features: its owner does, and is held against it once built.
_ANY_WIDTH = 2**31


def _refuse_other_width(file: ModelFile, native: Any) -> None:
    """Refuse an estimator that lets rows through to a tree that reads more columns than they have."""
    faults = sorted({fault for owner in _objects(native) if (fault := _fault_of_owner(owner))})
    if faults:
        raise ModelError(
            *(Problem(file.place, f"holds a damaged tree: {fault}.", "Do not use this file.") for fault in faults)
        )


def _fault_of_owner(owner: Any) -> str:
    state = getattr(owner, "__dict__", {})
    width = state.get("n_features_in_")
    name = type(owner).__name__
    if "tree_" in state and state["tree_"].n_features != width:
        return f"{name} wants {width} features, its tree {state['tree_'].n_features}"
    if "_predictors" in state:
        return _fault_of_predictors(name, state)
    if not hasattr(owner, "estimators_features_"):
        members = np.asarray(state.get("estimators_", []), dtype=object).ravel() if _is_sum_of_trees(owner) else ()
        if any(getattr(m, "n_features_in_", width) != width for m in members):
            return f"{name} wants {width} features, one of its trees another number"
    return ""


def _is_sum_of_trees(owner: Any) -> bool:
    return any(c.__name__ in ("BaseForest", "BaseGradientBoosting") for c in type(owner).__mro__)


def _fault_of_predictors(name: str, state: dict[str, Any]) -> str:
    width = state.get("n_features_in_")
    categorical = np.asarray(getattr(state.get("_bin_mapper"), "is_categorical_", np.zeros(0)), dtype=bool)
    # With a preprocessor the columns are reordered, never added to.
    if len(categorical) != width:
        return f"{name} wants {width} features, its bins {len(categorical)}"
    for predictor in (p for row in state["_predictors"] for p in row):
        nodes = predictor.nodes[predictor.nodes["is_leaf"] == 0]
        if len(nodes) and int(nodes["feature_idx"].max()) >= width:
            return f"{name} wants {width} features, one of its trees another number"
        if not categorical[nodes["feature_idx"][nodes["is_categorical"] != 0]].all():
            return f"{name} splits a numeric feature by category"
    return ""


def _objects(native: Any) -> Iterator[Any]:
    """The estimator and everything inside it that has attributes."""
    seen: set[int] = set()
    waiting = [native]
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, dict):
            waiting += found.values()
        elif isinstance(found, list | tuple) or (isinstance(found, np.ndarray) and found.dtype == object):
            waiting += list(found)
        elif hasattr(found, "__dict__"):
            yield found
            waiting += vars(found).values()


FORMAT = ModelFormat(name="skops", label="skops", recognises=recognises, load=load)
