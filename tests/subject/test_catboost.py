"""A CatBoost file predicts as the model that wrote it, attributes its own trees exactly, and is checked first."""

import hashlib
import json
import pickle
import struct
import subprocess
import sys
import textwrap
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

from audit import catalogue
from audit.attribution.boosters import booster_of
from audit.declarations.model_format import ModelFile
from audit.efficiency.structure import structure
from audit.errors import DataError, MissingDependencyError, ModelError

catboost = pytest.importorskip("catboost")

SPEC = {"model": {"path": "m.cbm"}, "data": {"test": "t.parquet", "target": "target"}}
RNG = np.random.default_rng(5)
N = 240
FRAME = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "gap": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(size=N)),
        "kind": RNG.choice(list("uvwxyz"), N),
        "code": RNG.integers(0, 30, N),
        "two": RNG.choice(["p", "q"], N),
    }
)
SIGNAL = FRAME["a"] + (FRAME["kind"] == "u") - (FRAME["two"] == "p")
LABELS = {
    "binary": np.where(SIGNAL > 0, "yes", "no"),
    "multiclass": np.select([SIGNAL < -1, SIGNAL < 0.5], ["low", "middle"], "high"),
    "regression": SIGNAL.to_numpy(),
}
CATEGORIES = ["kind", "code", "two"]


def fitted(kind, frame=FRAME, categories=CATEGORIES, **options):
    make = catboost.CatBoostRegressor if kind == "regression" else catboost.CatBoostClassifier
    settings = {"iterations": 6, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1, **options}
    return make(**settings).fit(frame, options.pop("labels", LABELS[kind]), cat_features=categories)


def content_of(model, folder):
    model.save_model(str(folder / "saved.cbm"))
    return (folder / "saved.cbm").read_bytes()


def expected(model, kind):
    return model.predict(FRAME) if kind == "regression" else model.predict_proba(FRAME)


FLAVOURS = {
    "binary": {},
    "multiclass": {},
    "regression": {},
    "one against the rest": {"loss_function": "MultiClassOneVsAll"},
    "by leaf": {"grow_policy": "Lossguide"},
    "by depth": {"grow_policy": "Depthwise"},
    "counted": {"simple_ctr": ["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"]},
}


def kind_of(flavour):
    return {"one against the rest": "multiclass", "by depth": "multiclass"}.get(
        flavour, flavour if flavour in LABELS else "binary"
    )


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_file_predicts_as_the_model_that_wrote_it(case, flavour, suffix):
    kind = kind_of(flavour)
    model = fitted(kind, **FLAVOURS[flavour])
    table = (f"t.{suffix}", FRAME.assign(target=LABELS[kind]))
    spec = SPEC | {"data": {"test": table[0], "target": "target"}}
    if kind == "binary":
        spec = spec | {"decision": {"positive": "yes"}}
    evidence = case.evidence(spec, model=("m.cbm", content_of(model, case.folder)), test=table)
    subject, found = evidence.subject, evidence.headline.predictions
    wanted = expected(model, kind)
    order = [list(model.classes_).index(c) for c in subject.classes] if kind == "multiclass" else slice(None)
    wanted = wanted[:, 1] if kind == "binary" else wanted[:, order] if kind == "multiclass" else wanted
    np.testing.assert_allclose(found.score, wanted, rtol=1e-9)
    assert (subject.task, subject.facts.format, subject.facts.refittable) == (kind, "catboost", False)
    assert found.probability == (kind != "regression")
    if kind != "regression":
        said = np.asarray(subject.classes)[found.label]
        np.testing.assert_array_equal(said, np.ravel(model.predict(FRAME)))
    assert subject.facts.parameters["categorical columns"] == "kind, code, two"
    assert subject.facts.parameters["trees"] == "6"


def test_counts_are_told_as_counts(case):
    counts = np.random.default_rng(0).poisson(np.exp(FRAME["a"]))
    model = catboost.CatBoostRegressor(
        iterations=5, loss_function="Poisson", verbose=0, allow_writing_files=False, thread_count=1
    ).fit(FRAME[["a"]], counts)
    table = ("t.parquet", FRAME[["a"]].assign(target=counts))
    evidence = case.evidence(SPEC, model=("m.cbm", content_of(model, case.folder)), test=table)
    np.testing.assert_allclose(evidence.headline.predictions.score, model.predict(FRAME[["a"]]), rtol=1e-12)


@pytest.mark.parametrize("whole", ["estimator", "estimator fitted on an array", "model"])
def test_a_pickle_of_either_kind_loads_where_it_is_trusted(case, whole):
    frame = FRAME[["a", "gap"]]
    model = fitted("binary", frame.to_numpy() if "array" in whole else frame, [])
    if whole == "model":
        model = catboost.CatBoost().load_model(blob=content_of(model, case.folder))
    content = pickle.dumps(model)
    spec = SPEC | {
        "model": {"path": "m", "trust": ["pickle"], "sha256": hashlib.sha256(content).hexdigest()},
        "decision": {"positive": "yes"},
    }
    evidence = case.evidence(spec, model=("m", content), test=("t.parquet", frame.assign(target=LABELS["binary"])))
    wanted = np.asarray(model.predict(frame, prediction_type="Probability"))[:, 1]
    np.testing.assert_allclose(evidence.headline.predictions.score, wanted, rtol=1e-12)
    assert "tree" in evidence.subject.facts.capabilities


def test_columns_without_names_are_taken_in_order(case):
    frame = FRAME[["a", "gap"]]
    model = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(
        frame.to_numpy(), LABELS["binary"]
    )
    evidence = case.evidence(
        SPEC, model=("m.cbm", content_of(model, case.folder)), test=("t.parquet", frame.assign(target=LABELS["binary"]))
    )
    assert list(evidence.headline.table.features) == ["a", "gap"]


def test_a_column_that_cannot_be_read_is_named(case):
    model = fitted("binary")
    table = FRAME.assign(target=LABELS["binary"], a="x", kind=FRAME["kind"].where(FRAME["kind"] != "u"))
    with pytest.raises(DataError) as error:
        case.evidence(SPEC, model=("m.cbm", content_of(model, case.folder)), test=("t.parquet", table))
    assert "column 'a': expected numbers, found 'x'" in str(error.value)
    assert "column 'kind': expected categories without missing values" in str(error.value)


def test_what_is_not_audited_is_refused_by_name(case):
    several = catboost.CatBoostRegressor(
        loss_function="MultiRMSE", iterations=2, verbose=0, allow_writing_files=False
    ).fit(FRAME[["a"]], np.column_stack([SIGNAL, -SIGNAL]))
    with pytest.raises(ModelError, match="has the objective MultiRMSE, which is not audited"):
        case.subject(SPEC, model=("m.cbm", content_of(several, case.folder)), test=("t.parquet", FRAME))
    words = pd.DataFrame({"text": ["good film", "bad film", "good", "bad"] * 20, "a": np.arange(80.0)})
    reader = catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False)
    reader.fit(words, [1, 0, 1, 0] * 20, text_features=["text"])
    with pytest.raises(ModelError, match="holds parts that are not read"):
        case.subject(SPEC, model=("m.cbm", content_of(reader, case.folder)), test=("t.parquet", words))


def test_a_missing_library_names_the_command(case, monkeypatch):
    monkeypatch.setitem(sys.modules, "catboost", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'model-audit\[catboost\]'"):
        case.subject(SPEC, model=("m", b"CBM1\x00\x00\x00\x00"), test=("t.parquet", FRAME))


def test_the_leaves_are_those_of_its_own_count():
    model = fitted("binary")
    assert structure(model) == {"trees": 6, "leaves": int(model.get_tree_leaf_counts().sum())}


def test_attributions_are_those_of_every_coalition_enumerated(tmp_path):
    """The oracle walks the exported trees: an absent column follows the weights of the leaves on either side."""
    frame = FRAME[["a", "gap"]].fillna(0.0).assign(b=FRAME["code"].astype(float))
    model = fitted("regression", frame, [], iterations=4)
    model.save_model(str(tmp_path / "m.json"), format="json")
    told = json.loads((tmp_path / "m.json").read_text())
    rows, d = frame.iloc[:6].to_numpy(), 3

    def value(row, present):
        total = told["scale_and_bias"][1][0]
        for tree in told["oblivious_trees"]:
            total += told["scale_and_bias"][0] * mean(tree, row, present, len(tree["splits"]) - 1, 0)
        return total

    def weight(tree, level, start):
        return sum(tree["leaf_weights"][start : start + 2 ** (level + 1)])

    def mean(tree, row, present, level, start):
        if level < 0:
            return tree["leaf_values"][start]
        split = tree["splits"][level]
        ends = [start, start + 2**level]
        if split["float_feature_index"] in present:
            # CatBoost compares in 32 bits.
            right = np.float32(row[split["float_feature_index"]]) > np.float32(split["border"])
            return mean(tree, row, present, level - 1, ends[int(right)])
        weights = [weight(tree, level - 1, e) for e in ends]
        if not sum(weights):
            return 0.0
        parts = [w * mean(tree, row, present, level - 1, e) for w, e in zip(weights, ends, strict=True) if w]
        return sum(parts) / sum(weights)

    def shapley(row, j):
        others = [k for k in range(d) if k != j]
        return sum(
            factorial(s) * factorial(d - s - 1) / factorial(d) * (value(row, {*part, j}) - value(row, set(part)))
            for s in range(d)
            for part in combinations(others, s)
        )

    wanted = np.array([[shapley(row, j) for j in range(d)] for row in rows])
    found = booster_of(model, ()).explain(frame.iloc[:6])
    np.testing.assert_allclose(found.values[:, :, 0], wanted, atol=1e-6)
    assert found.additivity_error() < 1e-6


@pytest.mark.parametrize("kind", LABELS)
def test_attributions_of_a_file_are_those_of_the_model(case, kind):
    model = fitted(kind)
    bare = catboost.CatBoost().load_model(blob=content_of(model, case.folder))
    columns = {"binary": (1,), "multiclass": (0, 1, 2), "regression": ()}[kind]
    whole, read = booster_of(model, columns), booster_of(bare, columns)
    rows = FRAME.assign(code=FRAME["code"].astype(str)).iloc[:20]
    np.testing.assert_allclose(read.explain(rows).values, whole.explain(rows).values, atol=1e-12)
    assert read.explain(rows).additivity_error() < 1e-6
    np.testing.assert_allclose(
        read.inverse(read.explain(rows).output)[:, 0],
        expected(model, kind)[:20] if kind == "regression" else expected(model, kind)[:20, columns[0]],
        rtol=1e-6,
    )


def loaded(content):
    form = catalogue.load("model_formats", "catboost")
    return form.load(ModelFile(place="m", name="m", content=content, sha256="", heard=lambda text: None))


def test_a_file_that_is_cut_off_is_refused_wherever_it_ends(tmp_path):
    content = content_of(fitted("binary"), tmp_path)
    for end in [4, 8, 20, *range(40, len(content), 397), len(content) - 1]:
        with pytest.raises(ModelError, match="is a damaged CatBoost file"):
            loaded(content[:end])
    with pytest.raises(ModelError, match="goes on after its end"):
        loaded(content + b"\x00")


def vector(content, *numbers):
    """The place of the first number of a vector of 32-bit numbers."""
    sought = struct.pack(f"<{len(numbers) + 1}i", len(numbers), *numbers)
    assert content.count(sought) >= 1
    return content.index(sought) + 4


@pytest.mark.parametrize("to", [-1, 2**30, 9_999])
def test_a_split_outside_the_features_is_refused(tmp_path, to):
    model = fitted("regression", FRAME[["a"]], [], iterations=2)
    model.save_model(str(tmp_path / "m.json"), format="json")
    trees = json.loads((tmp_path / "m.json").read_text())["oblivious_trees"]
    splits = [s["split_index"] for tree in trees for s in tree["splits"]]
    content = bytearray(content_of(model, tmp_path))
    at = vector(bytes(content), *splits)
    loaded(bytes(content))
    content[at : at + 4] = struct.pack("<i", to)
    with pytest.raises(ModelError, match="a split lies outside its features"):
        loaded(bytes(content))


def test_a_table_of_categories_that_is_full_or_points_outside_is_refused(tmp_path):
    content = content_of(fitted("binary"), tmp_path)
    core = struct.unpack_from("<I", content, 4)[0] + 8
    empty = struct.pack("<QI", 2**64 - 1, 0)
    full = content[:core] + content[core:].replace(empty, struct.pack("<QI", 5, 0))
    assert full != content
    with pytest.raises(ModelError, match="a table of categories is full"):
        loaded(full)
    outside = content[:core] + content[core:].replace(empty, struct.pack("<QI", 5, 2**31), 1)
    with pytest.raises(ModelError, match="a category lies outside its table"):
        loaded(outside)


MUTATE = """
    import sys
    import numpy as np, pandas as pd
    from audit import catalogue
    from catboost import CatBoostError
    from audit.attribution.boosters import booster_of
    from audit.declarations.model_format import ModelFile
    from audit.errors import AuditError

    content, rows = open(sys.argv[1], "rb").read(), pd.read_parquet(sys.argv[2])
    form = catalogue.load("model_formats", "catboost")
    rng = np.random.default_rng(int(sys.argv[3]))
    # The parameters are text that no tree depends on: only what stands after the last of it is hit.
    start = content.rindex(b'"}') + 2
    ends = {"refused": 0, "predicted": 0}
    for _ in range(150):
        hit = bytearray(content)
        for at in rng.integers(start, len(hit), rng.integers(1, 4)):
            hit[at] = rng.integers(0, 256)
        try:
            model = form.load(ModelFile(place="m", name="m", content=bytes(hit), sha256="", heard=lambda text: None))
            model.predict_score(rows)
            booster_of(model.native, (1,)).contributions(model.encode(rows))
            ends["predicted"] += 1
        except (AuditError, CatBoostError):
            ends["refused"] += 1
    print(ends["refused"], ends["predicted"])
"""


@pytest.mark.parametrize("flavour", ["binary", "by leaf"])
def test_random_mutations_never_end_the_process(case, flavour):
    path = case.write("m.cbm", content_of(fitted(kind_of(flavour), **FLAVOURS[flavour]), case.folder))
    table = case.write("t.parquet", FRAME.iloc[:20])
    command = [sys.executable, "-c", textwrap.dedent(MUTATE), str(path), str(table), "3"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    refused, predicted = map(int, ended.stdout.split())
    assert refused > 20 and predicted > 10
