"""Files that can run code are not opened before the spec trusts them by name and pins their digest."""

import hashlib
import os
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from audit.errors import ModelError

FRAME = load_iris(as_frame=True).frame
MODEL = LogisticRegression(max_iter=5000).fit(FRAME.drop(columns="target"), FRAME["target"])
DATA = {"test": "t.parquet", "target": "target"}


class Planted:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def load(case, content, **model):
    spec = {"model": {"path": "m.pkl", **model}, "data": DATA}
    return case.subject(spec, model=("m.pkl", content), test=("t.parquet", FRAME))


def joblib_bytes(case, value, **options):
    joblib.dump(value, case.folder / "tmp.joblib", **options)
    return (case.folder / "tmp.joblib").read_bytes()


@pytest.mark.parametrize("form", ["pickle", "joblib"])
@pytest.mark.parametrize(
    "told", [{}, {"trust": ["skops"]}, {"trust": ["pickle"]}, {"trust": ["memory"], "sha256": "right"}]
)
def test_planted_command_does_not_run_without_trust_and_digest(case, form, told):
    mark = case.folder / "mark"
    planted = {"array": np.arange(3), "trap": Planted(mark)}
    content = pickle.dumps(planted) if form == "pickle" else joblib_bytes(case, planted, compress=True)
    told = {**told, "sha256": digest(content)} if "sha256" in told else told
    with pytest.raises(ModelError):
        load(case, content, **told)
    assert not mark.exists()


def test_planted_command_does_not_run_with_another_digest(case):
    mark = case.folder / "mark"
    with pytest.raises(ModelError) as error:
        load(case, pickle.dumps(Planted(mark)), trust=["pickle"], sha256="0" * 64)
    assert not mark.exists()
    assert str(error.value).startswith(f"model.path: m.pkl: expected sha256 {'0' * 64}, found ")


def test_planted_command_would_run_with_both(case):
    """The double of the tests above: the trap itself works."""
    mark = case.folder / "mark"
    content = pickle.dumps(Planted(mark))
    with pytest.raises(ModelError, match="expected a model, found NoneType"):
        load(case, content, trust=["pickle"], sha256=digest(content))
    assert mark.exists()


def test_refusal_tells_both_steps_at_once(case):
    content = pickle.dumps(MODEL)
    with pytest.raises(ModelError) as error:
        load(case, content)
    assert [str(p) for p in error.value.problems] == [
        "model.path: m.pkl: is a pickle file: loading it runs whatever code its author put there, so it was not "
        "loaded. If you trust its author, set model.trust: [pickle]; better, save the model with skops.",
        "model.path: m.pkl: a pickle file must be pinned by model.sha256. "
        f"The file read now has sha256 {digest(content)}.",
    ]


def test_wrong_digest_is_refused_for_safe_formats_too(case):
    import skops.io

    with pytest.raises(ModelError, match="expected sha256 0000"):
        load(case, skops.io.dumps(MODEL), sha256="0" * 64)


def test_dict_needs_a_key_and_lists_those_it_has(case):
    content = pickle.dumps({"model": MODEL, "version": "1.2"})
    told = {"trust": ["pickle"], "sha256": digest(content)}
    with pytest.raises(ModelError) as error:
        load(case, content, **told)
    assert str(error.value) == (
        "model.path: m.pkl: holds a dict with the keys model (LogisticRegression), version (str). "
        "Name the model's key under model.key."
    )
    with pytest.raises(ModelError, match="has no key 'modle'; it has model"):
        load(case, content, key="modle", **told)
    assert load(case, content, key="model", **told).model.classes == (0, 1, 2)
    with pytest.raises(ModelError, match=r"expected a model, found str without predict"):
        load(case, content, key="version", **told)


def test_key_for_a_file_that_is_no_dict(case):
    content = pickle.dumps(MODEL)
    with pytest.raises(ModelError, match="holds a LogisticRegression, no dict with keys"):
        load(case, content, key="model", trust=["pickle"], sha256=digest(content))


CODE = """
from sklearn.base import BaseEstimator, TransformerMixin

class Doubler(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self
    def transform(self, X):
        return X * 2
"""


@pytest.fixture
def own_module(case):
    """A module of the user's own, gone again before the model is loaded."""
    before = set(sys.modules)
    (case.folder / "steps.py").write_text(CODE)
    sys.path.insert(0, str(case.folder))
    yield "steps"
    sys.path.remove(str(case.folder))
    for name in set(sys.modules) - before:
        sys.modules.pop(name)


@pytest.mark.parametrize("module", ["steps", "__main__"])
def test_pipeline_with_own_transformer_loads_with_its_code(case, own_module, module, monkeypatch):
    import importlib

    steps = importlib.import_module("steps")
    monkeypatch.setattr(steps.Doubler, "__module__", module)
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "Doubler", steps.Doubler, raising=False)
    model = make_pipeline(steps.Doubler(), LogisticRegression(max_iter=5000))
    content = pickle.dumps(model.fit(FRAME.drop(columns="target"), FRAME["target"]))
    monkeypatch.delattr(main, "Doubler")
    del sys.modules["steps"]
    sys.path.remove(str(case.folder))
    told = {"path": "m.pkl", "trust": ["pickle"], "sha256": digest(content)}
    try:
        with pytest.raises(ModelError) as error:
            case.subject({"model": told, "data": DATA}, model=("m.pkl", content), test=("t.parquet", FRAME))
        assert str(error.value).endswith(
            "If it lacks a class or a module of yours, name its Python file under model.code."
        )
        spec = {"model": {**told, "code": ["steps.py"]}, "data": DATA}
        subject = case.subject(spec, model=("m.pkl", content), code="steps.py", test=("t.parquet", FRAME))
    finally:
        sys.path.insert(0, str(case.folder))
        if hasattr(main, "Doubler"):
            del main.Doubler
    assert subject.model.facts.type == "Pipeline(Doubler, LogisticRegression)"
    assert subject.model.facts.code == ("steps.py",)
    pd.testing.assert_index_equal(subject.test.features.columns, FRAME.columns[:4])


def test_code_that_fails_says_where(case):
    content = pickle.dumps(MODEL)
    case.write("steps.py", "raise RuntimeError('no licence')")
    told = {"path": "m.pkl", "trust": ["pickle"], "sha256": digest(content), "code": ["steps.py"]}
    with pytest.raises(ModelError, match=r"model.code: steps.py: RuntimeError: no licence"):
        case.subject(
            {"model": told, "data": DATA}, model=("m.pkl", content), code="steps.py", test=("t.parquet", FRAME)
        )
    sys.modules.pop("steps", None)


def test_code_does_not_run_when_the_digest_is_wrong(case):
    case.write("steps.py", f"import os; os.mkdir({str(case.folder / 'mark')!r})")
    told = {"path": "m.pkl", "trust": ["pickle"], "sha256": "0" * 64, "code": ["steps.py"]}
    with pytest.raises(ModelError):
        case.subject(
            {"model": told, "data": DATA},
            model=("m.pkl", pickle.dumps(MODEL)),
            code="steps.py",
            test=("t.parquet", FRAME),
        )
    assert not (case.folder / "mark").exists()
