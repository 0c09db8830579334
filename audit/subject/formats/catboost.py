"""Loads a CatBoost binary file (.cbm) after a check of its trees and of its tables of categories."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.errors import MissingDependencyError, ModelError, Problem
from audit.subject.boosters import adapted_catboost
from audit.subject.estimator import identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.flatbuffer import FlatBufferError, Table, root
from audit.subject.tree_arrays import fault_of_numbers

_MAGIC = b"CBM1"
_CORE = "FlabuffersModel_v1"  # the library's own spelling
_STATISTICS = "static_provider_v1"


def recognises(content: bytes) -> bool:
    """Whether the content begins as CatBoost's binary format does."""
    return content.startswith(_MAGIC)


def load(file: ModelFile) -> LoadedModel:
    """Check the file and have the library read it.

    Raises
    ------
    MissingDependencyError
        CatBoost is not installed.
    ModelError
        The file is damaged, or reads texts or embeddings.
    """
    try:
        from catboost import CatBoost
    except ImportError as missing:
        hint = "Run: pip install 'model-audit[catboost]'"
        raise MissingDependencyError(Problem(file.place, "needs catboost, which is not installed.", hint)) from missing
    try:
        fault = _fault(file.content)
    except (FlatBufferError, UnicodeDecodeError, OverflowError) as wrong:
        raise _damaged(file, guard.sentence(wrong)) from wrong
    if fault:
        raise _damaged(file, fault)
    model = guard.call(file.place, lambda: CatBoost().load_model(blob=file.content), heard=file.heard)
    return adapted_catboost(model, identity_of_file(file, "catboost"))


def _damaged(file: ModelFile, fault: str) -> ModelError:
    return ModelError(Problem(file.place, f"is a damaged CatBoost file: {fault}.", "Save the model again."))


# Fields by their place in the library's schemas model.fbs, features.fbs and ctr_data.fbs.
_DIMENSION, _SPLITS, _SIZES, _STARTS = range(4)
_CATEGORICAL, _NUMERIC, _ONE_HOT, _CTR = range(4, 8)
_LEAF_VALUES, _LEAF_WEIGHTS, _STEPS, _LEAF_OF_NODE = range(8, 12)
_TEXTS, _ESTIMATED, _SCALE, _BIAS, _BIASES, _BINS, _EMBEDDINGS = range(12, 19)
_BORDERS_A_BIN = 254
_DEEPEST = 16
_DEEPEST_UNEVEN = 5000


def _fault(content: bytes) -> str:
    if len(content) < 8:
        return "it is cut off"
    size = struct.unpack_from("<I", content, 4)[0]
    if 8 + size > len(content):
        return "it is cut off"
    core, rest = root(content[8 : 8 + size]), content[8 + size :]
    trees = core.table(1)
    if core.text(0) != _CORE or trees is None:
        return f"its version is {core.text(0)[:20]!r}, expected {_CORE!r}"
    parts = core.texts(3)
    if parts not in ([], [_STATISTICS]):
        return "it holds parts that are not read"
    if trees.tables(_TEXTS) or trees.tables(_EMBEDDINGS) or trees.tables(_ESTIMATED):
        return "it reads texts or embeddings, which are not audited"
    return _fault_of_features(trees) or _fault_of_trees(trees) or _fault_of_statistics(trees, parts, rest)


def _fault_of_features(trees: Table) -> str:
    numeric, categorical = trees.tables(_NUMERIC), trees.tables(_CATEGORICAL)
    places = [f.number(2, "i", -1) for f in numeric] + [f.number(1, "i", -1) for f in categorical]
    ranks = ([f.number(1, "i", -1) for f in numeric], [f.number(0, "i", -1) for f in categorical])
    if sorted(places) != list(range(len(places))) or any(sorted(r) != list(range(len(r))) for r in ranks):
        return "the places of its features do not agree"
    known = {f.number(0, "i", -1) for f in categorical if f.number(3, "?", True)}
    if any(f.number(0, "i", -1) not in known for f in trees.tables(_ONE_HOT)):
        return "a category belongs to no feature"
    borders = [f.array(3, "<f4") for f in numeric] + [f.array(1, "<f4") for f in trees.tables(_CTR)]
    # The last border of a feature with missing values may be the largest number of 32 bits, never infinite.
    return fault_of_numbers("border", *borders)


def _fault_of_trees(trees: Table) -> str:
    dimension = trees.number(_DIMENSION, "i", 0)
    splits, sizes = trees.array(_SPLITS, "<i4"), trees.array(_SIZES, "<i4").astype(np.int64)
    values, weights = trees.array(_LEAF_VALUES, "<f8"), trees.array(_LEAF_WEIGHTS, "<f8")
    counts = list(_values_of_features(trees))
    if not 1 <= dimension <= len(values) or not len(sizes):
        return "it holds no tree"
    starts, bins = trees.array(_STARTS, "<i4"), trees.array(_BINS, _BIN)
    if sizes.min() < 0 or sizes.sum() != len(splits) or not np.array_equal(starts, np.cumsum(sizes) - sizes):
        return "the sizes of its trees do not agree"
    if len(splits) and not 0 <= splits.min() <= splits.max() < sum(counts):
        return "a split lies outside its features"
    buckets = sum(-(-count // _BORDERS_A_BIN) for count in counts)
    if len(bins) and (len(bins) != len(splits) or int(bins["feature"].max()) >= buckets):
        return "a split lies outside its features"
    if len(values) % dimension or len(weights) not in (0, len(values) // dimension):
        return "the number of its leaves does not agree"
    if len(trees.array(_STEPS, _STEP)):
        fault = _fault_of_uneven(trees, sizes, starts.astype(np.int64), len(values), dimension)
    else:
        even = sizes.max() <= _DEEPEST and int((2**sizes).sum()) * dimension == len(values)
        fault = "" if even else "the number of its leaves does not agree"
    if len(trees.array(_BIASES, "<f8")) not in (0, dimension):
        fault = fault or "the number of its base values does not agree"
    ends = np.array([trees.number(_SCALE, "d", 1.0), trees.number(_BIAS, "d", 0.0)])
    return fault or fault_of_numbers("leaf value", values, weights, ends, trees.array(_BIASES, "<f8"))


_BIN = np.dtype([("feature", "<u2"), ("mask", "u1"), ("split", "u1")])
_STEP = np.dtype([("left", "<u2"), ("right", "<u2")])


def _values_of_features(trees: Table) -> Iterator[int]:
    """Yield how many different splits each feature offers, in the library's order."""
    yield from (len(f.array(3, "<f4")) for f in trees.tables(_NUMERIC))
    yield from (len(f.array(1, "<i4")) for f in trees.tables(_ONE_HOT))
    yield from (len(f.array(1, "<f4")) for f in trees.tables(_CTR))


def _fault_of_uneven(
    trees: Table, sizes: NDArray[np.int64], starts: NDArray[np.int64], values: int, dimension: int
) -> str:
    """Return what is wrong with trees whose nodes say how far behind them their children stand."""
    steps, leaf = trees.array(_STEPS, _STEP), trees.array(_LEAF_OF_NODE, "<u4").astype(np.int64)
    if not len(steps) == len(leaf) == int(sizes.sum()) or sizes.min() < 1:
        return "the sizes of its trees do not agree"
    node = np.arange(len(steps))
    ways = [steps[side].astype(np.int64) for side in ("left", "right")]
    ends = np.repeat(starts + sizes, sizes)
    children = np.concatenate([(node + way)[way > 0] for way in ways])
    if any((node + way >= ends).any() for way in ways):
        return "a child index lies outside its tree"
    parents = np.bincount(children, minlength=len(steps))
    if parents.max(initial=0) > 1 or parents[starts].any():
        return "a node is the child of two nodes"
    terminal = (ways[0] == 0) | (ways[1] == 0)
    if (leaf[terminal] + dimension > values).any() or (leaf[terminal] % dimension).any():
        return "a leaf lies outside its values"
    return "" if _is_shallow(starts, ways) else f"it is deeper than {_DEEPEST_UNEVEN} levels"


def _is_shallow(roots: NDArray[np.int64], ways: Sequence[NDArray[np.int64]]) -> bool:
    level = roots
    for _ in range(_DEEPEST_UNEVEN):
        level = np.concatenate([(level + way[level])[way[level] > 0] for way in ways])
        if not len(level):
            return True
    return False


_BUCKET = np.dtype([("hash", "<u8"), ("index", "<u4")])
_EMPTY = 2**64 - 1
_BY_CLASS = (0, 1)
_OF_MEANS = (2, 3)
_KINDS = 6
_Key = tuple[bytes, bytes, bytes, int]


def _fault_of_statistics(trees: Table, parts: Sequence[str], rest: bytes) -> str:
    """Return what is wrong with the tables that turn categories into numbers."""
    features = trees.tables(_CTR)
    if not parts:
        return "the numbers of its categories are missing" if features or rest else ""
    sections = list(_sections(rest))
    tables = [root(section) for section in sections]
    classes: dict[_Key, int] = {}
    for table in tables:
        base = table.table(0)
        if base is None:
            return "a table of categories has no feature"
        key = _key(base)
        if key in classes or not 0 <= key[3] < _KINDS:
            return "a table of categories stands twice, or is of no known kind"
        classes[key] = table.number(4, "i", 0)
        if fault := _fault_of_table(table, key[3], classes[key]):
            return fault
    known = {f.number(0, "i", -1) for f in trees.tables(_CATEGORICAL) if f.number(3, "?", True)}
    for feature in features:
        used = feature.table(0)
        base = None if used is None else used.table(0)
        if used is None or base is None or _key(base) not in classes:
            return "a feature has no table of categories"
        if not set(np.frombuffer(_key(base)[0], dtype="<i4").tolist()) <= known:
            return "a category belongs to no feature"
        if _key(base)[3] in _BY_CLASS and not 0 <= used.number(1, "i", 0) < classes[_key(base)]:
            return "a feature counts a class that there is not"
    return ""


def _sections(rest: bytes) -> Iterator[bytes]:
    ends = [4]
    if len(rest) < 4:
        raise FlatBufferError("it is cut off")
    for _ in range(struct.unpack_from("<I", rest, 0)[0]):
        if ends[-1] + 4 > len(rest):
            raise FlatBufferError("it is cut off")
        ends.append(ends[-1] + 4 + struct.unpack_from("<I", rest, ends[-1])[0])
    if ends[-1] != len(rest):
        raise FlatBufferError("it is cut off, or goes on after its end")
    yield from (rest[start + 4 : end] for start, end in pairwise(ends))


def _key(base: Table) -> _Key:
    combination = base.table(0)
    if combination is None:
        raise FlatBufferError("a table of categories has no feature")
    parts = [combination.array(field, kind).tobytes() for field, kind in enumerate(("<i4", "<i8", "<i8"))]
    return parts[0], parts[1], parts[2], int(base.number(1, "b", 0))


def _fault_of_table(table: Table, kind: int, classes: int) -> str:
    raw, blob = table.array(1, "u1").tobytes(), table.array(2, "u1")
    count = len(raw) // _BUCKET.itemsize
    if len(raw) % _BUCKET.itemsize or count < 1 or count & (count - 1):
        return "the size of a table of categories does not agree"
    buckets = np.frombuffer(raw, dtype=_BUCKET)
    filled = buckets["hash"] != _EMPTY
    # A search for a category that is not there ends at an empty place: without any it would never end.
    if filled.all():
        return "a table of categories is full"
    if kind in _BY_CLASS and classes < 1:
        return "the size of a table of categories does not agree"
    width = 4 * classes if kind in _BY_CLASS else 8 if kind in _OF_MEANS else 4
    found = buckets["index"][filled].astype(np.int64)
    if len(blob) % width or ((found + 1) * width > len(blob)).any():
        return "a category lies outside its table"
    return ""


FORMAT = ModelFormat(name="catboost", label="CatBoost binary", recognises=recognises, load=load)
