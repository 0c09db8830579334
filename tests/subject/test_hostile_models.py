"""Damaged and malicious model files are refused before a library can walk out of their arrays."""

import hashlib
import io
import json
import subprocess
import sys
import textwrap
import zipfile

import lightgbm
import numpy as np
import pytest
import skops.io
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from audit.errors import ModelError

FRAME = load_breast_cancer(as_frame=True).frame.iloc[:200, -5:]
FEATURES, TARGET = FRAME.drop(columns="target"), FRAME["target"]
SPEC = {"model": {"path": "m"}, "data": {"test": "t.parquet", "target": "target"}}


def tampered(content, field, change):
    """The archive with `change` applied to the first array of nodes that has more than one of them."""
    out, done = io.BytesIO(), False
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".npy") and not done:
                array = np.load(io.BytesIO(data))
                if field in (array.dtype.names or ()) and len(array) > 4:
                    array = change(array)
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    data, done = buffer.getvalue(), True
            new.writestr(name, data)
    assert done
    return out.getvalue()


def setting(field, index, value):
    def change(nodes):
        nodes[field][index] = value
        return nodes

    return change


def chain(nodes):
    """A branch as long as a stack is deep."""
    n = 20_001
    grown = np.zeros(n, dtype=nodes.dtype)
    grown[:] = nodes[0]
    inner = np.arange(0, n - 1, 2)
    for field in ("left_child", "right_child"):
        grown[field] = -1
    grown["left_child"][inner], grown["right_child"][inner] = inner + 1, inner + 2
    return grown


TREES = [
    DecisionTreeClassifier(random_state=0),
    RandomForestClassifier(2, random_state=0),
    GradientBoostingClassifier(n_estimators=2),
    make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
]


@pytest.mark.parametrize("model", TREES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (setting("left_child", 0, 10**6), "a child index lies outside its"),
        (setting("right_child", 0, -7), "a child index lies outside its"),
        (setting("left_child", 0, 0), "a node is the child of two nodes, or of itself"),
        (setting("right_child", 0, 1), "a node is the child of two nodes, or of itself"),
        (setting("feature", 0, 4), "a feature index lies outside its 4 features"),
        (setting("feature", 0, -2), "a feature index lies outside its 4 features"),
        (setting("threshold", 0, np.nan), "a threshold is not finite"),
        (lambda nodes: nodes[:-1], "its sizes do not agree"),
        (lambda nodes: nodes[:0], "its sizes do not agree"),
        (chain, "its sizes do not agree"),
    ],
)
def test_tampered_tree_is_refused(case, model, change, fault):
    content = tampered(skops.io.dumps(model.fit(FEATURES, TARGET)), "left_child", change)
    with pytest.raises(ModelError) as error:
        case.subject(SPEC, model=("m", content), test=("t.parquet", FRAME))
    assert f"model.path: m: holds a damaged tree: {fault}" in str(error.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (setting("left", 0, 10**6), "a child index lies outside its"),
        (setting("right", 0, 0), "a node is the child of two nodes, or of itself"),
        (setting("feature_idx", 0, 4), "wants 4 features, one of its trees another number"),
        (setting("feature_idx", 0, -1), "a feature index lies outside its"),
        (setting("value", 0, np.inf), "a value is not finite"),
        (setting("is_categorical", 0, 1), "a categorical split lies outside its bitsets"),
        (lambda nodes: nodes[:1], "a child index lies outside its"),
    ],
)
def test_tampered_histogram_tree_is_refused(case, change, fault):
    model = HistGradientBoostingClassifier(max_iter=2).fit(FEATURES, TARGET)
    with pytest.raises(ModelError) as error:
        case.subject(SPEC, model=("m", tampered(skops.io.dumps(model), "left", change)), test=("t.parquet", FRAME))
    assert f"model.path: m: holds a damaged tree: {fault}" in str(error.value).replace(
        "HistGradientBoostingClassifier ", ""
    )


def test_deep_tree_is_refused():
    from audit.subject.tree_arrays import fault_of_children

    nodes = chain(np.zeros(1, dtype=[("left_child", "i8"), ("right_child", "i8")]))
    left, right = nodes["left_child"], nodes["right_child"]
    assert fault_of_children(left, right, left != -1) == "it is deeper than 5000 levels"


def rewritten(content, change):
    """The archive with `change` applied to its schema."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(data))) if name == "schema.json" else data)
    return out.getvalue()


def test_tree_with_fewer_features_than_its_owner_lets_through(case):
    def narrower(schema):
        attributes = schema["content"]["content"]
        attributes["n_features_in_"]["content"] = "3"
        # Equal small integers share an id, and the first of them would count.
        del attributes["n_features_in_"]["__id__"]
        return schema

    content = rewritten(skops.io.dumps(DecisionTreeClassifier().fit(FEATURES, TARGET)), narrower)
    with pytest.raises(ModelError, match="DecisionTreeClassifier wants 3 features, its tree 4"):
        case.subject(SPEC, model=("m", content), test=("t.parquet", FRAME))


def test_tree_built_by_another_loader_is_refused(case):
    def disguised(schema):
        tree = schema["content"]["content"]["tree_"]
        tree["__loader__"] = "LossNode"
        return schema

    content = rewritten(skops.io.dumps(DecisionTreeClassifier().fit(FEATURES, TARGET)), disguised)
    with pytest.raises(ModelError, match=r"sklearn\.tree\._tree\.Tree is kept as LossNode"):
        case.subject(SPEC, model=("m", content), test=("t.parquet", FRAME))


def digest_of(case):
    return hashlib.sha256((case.folder / "m").read_bytes()).hexdigest()


def test_types_that_skops_does_not_know_are_listed_with_the_next_step(case):
    model = make_pipeline(FunctionTransformer(np.tile, kw_args={"reps": 1}), DecisionTreeClassifier())
    with pytest.raises(ModelError) as error:
        case.subject(SPEC, model=("m", model.fit(FEATURES, TARGET)), test=("t.parquet", FRAME))
    assert str(error.value) == (
        "model.path: m: holds types that are not trusted: numpy.tile. "
        f"If you trust its author, set model.trust: [skops] and model.sha256: {digest_of(case)}, "
        "with model.code for types of your own."
    )


def test_types_are_trusted_in_one_very_file_only(case):
    model = make_pipeline(FunctionTransformer(np.negative), DecisionTreeClassifier()).fit(FEATURES, TARGET)
    assert case.subject(SPEC, model=("m", model), test=("t.parquet", FRAME)).model is not None
    model = make_pipeline(FunctionTransformer(np.tile, kw_args={"reps": 1}), DecisionTreeClassifier())
    case.write("m", model.fit(FEATURES, TARGET))
    with pytest.raises(ModelError, match="not trusted"):
        case.subject(SPEC | {"model": {"path": "m", "trust": ["skops"]}}, model="m", test=("t.parquet", FRAME))
    spec = SPEC | {"model": {"path": "m", "trust": ["skops"], "sha256": digest_of(case)}}
    subject = case.subject(spec, model="m", test=("t.parquet", FRAME))
    assert subject.model.predict(FEATURES).shape == (200,)
    assert subject.facts.trust == ("skops",)


def test_partial_of_another_function_is_not_trusted(case):
    def other(schema):
        text = json.dumps(schema)
        assert '"__class__": "check_array", "__module__": "sklearn.utils.validation"' in text
        text = text.replace('"__class__": "check_array", "__module__": "sklearn.utils.validation"',
                            '"__class__": "exp", "__module__": "numpy"')  # fmt: skip
        return json.loads(text)

    frame = FRAME.assign(kind=np.arange(len(FRAME)) % 3)
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features=["kind"])
    content = skops.io.dumps(model.fit(frame.drop(columns="target"), TARGET))
    assert case.subject(SPEC, model=("m", content), test=("t.parquet", frame)).model is not None
    with pytest.raises(ModelError, match=r"not trusted: functools.partial"):
        case.subject(SPEC, model=("m", rewritten(content, other)), test=("t.parquet", frame))


def test_outlier_forest_loads(case):
    content = skops.io.dumps(IsolationForest(n_estimators=3).fit(FEATURES))
    subject = case.subject(SPEC | {"task": "ranking_score"}, model=("m", content), test=("t.parquet", FRAME))
    assert subject.model.facts.type == "IsolationForest"


def test_archive_that_unpacks_to_more_than_memory_is_refused(case, monkeypatch):
    import audit.subject.formats.skops as form

    monkeypatch.setattr(form, "_LARGEST", 1000)
    with pytest.raises(ModelError, match=r"unpacks to [\d,]+ bytes, more than 1,000"):
        case.subject(SPEC, model=("m", skops.io.dumps(TREES[0].fit(FEATURES, TARGET))), test=("t.parquet", FRAME))


LIGHTGBM = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=6, verbose=-1)


def lightgbm_text():
    features = FEATURES.assign(kind=np.arange(len(FRAME)) % 7).astype({"kind": "category"})
    model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=6, min_data_per_group=1, cat_smooth=0, verbose=-1)
    return model.fit(features, TARGET ^ (np.arange(len(FRAME)) % 7 == 3)).booster_.model_to_string()


@pytest.mark.parametrize(
    ("line", "value", "fault"),
    [
        ("left_child", "99 1 2 3 4", "a child index lies outside its 11 nodes"),
        ("left_child", "-99 1 2 3 4", "a child index lies outside its 11 nodes"),
        ("left_child", "0 1 2 3 4", "a node is the child of two nodes, or of itself"),
        ("left_child", "1 2", "expected 5 values of left_child, found 2"),
        ("split_feature", "9 0 0 0 0", "a feature index lies outside its 5 features"),
        ("split_feature", "-1 0 0 0 0", "a feature index lies outside its 5 features"),
        ("threshold", "nan 0 0 0 0", "a threshold is not finite"),
        ("leaf_value", "1 2 3 4 5 inf", "a leaf value is not finite"),
        ("decision_type", "64 2 2 2 2", "a decision type is unknown"),
        ("decision_type", "1 1 1 1 1", "a categorical split lies outside its bitsets"),
        ("num_leaves", "1000000", "expected 999999 values of"),
        ("num_leaves", "-1", "its sizes do not agree"),
        ("is_linear", "1", "is a linear tree, which is not read"),
        ("max_feature_idx", "2", "the number of features and their names do not agree"),
        ("num_class", "7", "the number of trees and of classes do not agree"),
        ("version", "v9", "its version is 'v9'"),
        ("objective", "multiclass num_class:3", "the number of classes and its objective do not agree"),
        ("cat_boundaries", "0 5", "a categorical split lies outside its bitsets"),
    ],
)  # fmt: skip
def test_tampered_lightgbm_text_is_refused(case, line, value, fault):
    text = lightgbm_text()
    start = text.index(f"\n{line}=") + 1
    content = text[:start] + f"{line}={value}" + text[text.index("\n", start) :]
    frame = FRAME.assign(kind=0)
    with pytest.raises(ModelError) as error:
        case.subject(SPEC, model=("m", content), test=("t.parquet", frame))
    assert str(error.value).startswith("model.path: m: is a damaged LightGBM file: ")
    assert fault in str(error.value)


def xgboost_model(case):
    xgboost.XGBClassifier(n_estimators=2, max_depth=3).fit(FEATURES, TARGET).save_model(case.folder / "m.json")
    return json.loads((case.folder / "m.json").read_text())


def in_tree(key, index, value):
    def change(model):
        model["learner"]["gradient_booster"]["model"]["trees"][0][key][index] = value

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (in_tree("left_children", 0, 10**6), "a child index lies outside its"),
        (in_tree("right_children", 0, 0), "a node is the child of two nodes, or of itself"),
        (in_tree("split_indices", 0, 77), "a feature index lies outside its 4 features"),
        (in_tree("split_type", 0, 1), "a categorical split lies outside its categories"),
        (in_tree("parents", 1, 2), "a child has another parent"),
        (lambda m: m["learner"]["gradient_booster"]["model"]["tree_info"].pop(), "the number of trees does not agree"),
        (lambda m: m["learner"]["gradient_booster"].update(name="gblinear"), "its booster is 'gblinear'"),
        (lambda m: m["learner"].pop("learner_model_param"), "KeyError"),
    ],
)
def test_tampered_xgboost_json_is_refused(case, change, fault):
    model = xgboost_model(case)
    change(model)
    with pytest.raises(ModelError) as error:
        case.subject(SPEC, model=("m", json.dumps(model)), test=("t.parquet", FRAME))
    assert str(error.value).startswith("model.path: m: is a damaged XGBoost file: ")
    assert fault in str(error.value)


MUTATE = """
    import io, sys, warnings, zipfile
    import numpy as np, pandas as pd
    from audit import catalogue
    from audit.declarations.model_format import ModelFile
    from audit.errors import AuditError
    warnings.simplefilter("ignore")
    name, path, table = sys.argv[1:]
    form, rows = catalogue.load("model_formats", name), pd.read_parquet(table)
    good = open(path, "rb").read()
    rng = np.random.default_rng(0)

    def mutated():
        if name != "skops":
            return changed(good)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
            hit = rng.choice([n for n in old.namelist() if n.endswith(".npy")])
            for n in old.namelist():
                new.writestr(n, changed(old.read(n)) if n == hit else old.read(n))
        return out.getvalue()

    def changed(content):
        content = bytearray(content)
        for at in rng.integers(0, len(content), rng.integers(1, 4)):
            content[at] = rng.choice(list(b"0123456789- ")) if name != "skops" else rng.integers(0, 256)
        return bytes(content)

    ends = {"refused": 0, "predicted": 0}
    for _ in range(120):
        content = mutated()
        try:
            model = form.load(ModelFile(place="m", name="m", content=content, sha256="", heard=lambda text: None))
            (model.predict_score or model.predict)(rows)
            if name == "lightgbm":
                model.native.predict(rows.to_numpy(dtype=float), pred_contrib=True)
            ends["predicted"] += 1
        except AuditError:
            ends["refused"] += 1
    print(ends)
"""


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "skops"])
def test_random_mutations_never_end_the_process(case, name):
    """A mutation may be refused or be harmless; a signal would show as a negative status."""
    if name == "lightgbm":
        path = case.write("m", LIGHTGBM.fit(FEATURES, TARGET).booster_.model_to_string())
    elif name == "xgboost":
        path = case.folder / "m.json"
        xgboost_model(case)
    else:
        path = case.write("m", skops.io.dumps(RandomForestClassifier(2, max_depth=4).fit(FEATURES, TARGET)))
    table = case.write("t.parquet", FEATURES)
    command = [sys.executable, "-c", textwrap.dedent(MUTATE), name, str(path), str(table)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    ends = json.loads(ended.stdout.replace("'", '"'))
    assert ends["refused"] > 20
    assert ends["predicted"] > 10
