"""Objects in memory go through files of a private folder."""

import shutil
import stat
import threading

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from audit.errors import DataError, ModelError
from audit.subject.memory import spill

FRAME = load_iris(as_frame=True).frame
FEATURES, TARGET = FRAME.drop(columns="target"), FRAME["target"]


class Halved(TransformerMixin, BaseEstimator):
    """A step of the caller's own, in a module that no other process can import."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X / 2


@pytest.fixture
def evidence_of(case):
    folders = []

    def take(model, **tables):
        spec, folder = spill(model, tables)
        folders.append(folder)
        spec["data"]["target"] = "target"
        files = {role: folder / name for role, name in spec["data"].items() if role in tables}
        if "model" in spec:
            files["model"] = folder / spec["model"]["path"]
        return case.evidence(spec, **files)

    yield take
    for folder in folders:
        shutil.rmtree(folder)


def test_fitted_model_and_frames(evidence_of):
    model = LogisticRegression(max_iter=5000).fit(FEATURES, TARGET)
    evidence = evidence_of(model, test=FRAME, train=FRAME)
    np.testing.assert_allclose(evidence.held_out.predictions.score, model.predict_proba(FEATURES), rtol=1e-12)
    assert evidence.subject.facts.format == "memory"
    assert evidence.subject.facts.name == "LogisticRegression"
    assert evidence.subject.facts.trust == ()
    assert evidence.out_of_fold is not None


def test_booster_and_categories(evidence_of):
    frame = FRAME.assign(kind=pd.Categorical(np.where(np.arange(150) % 2, "u", "v")))
    model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(frame.drop(columns="target"), TARGET)
    evidence = evidence_of(model, test=frame)
    np.testing.assert_allclose(evidence.headline.predictions.score, model.predict_proba(frame.drop(columns="target")))


def test_folder_is_private_and_the_model_is_pinned():
    spec, folder = spill(LogisticRegression(max_iter=5000).fit(FEATURES, TARGET), {"test": FRAME})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert spec["data"] == {"test": "test.parquet"}
    assert spec["model"]["trust"] == ["memory"]
    assert len(spec["model"]["sha256"]) == 64
    shutil.rmtree(folder)


def test_step_of_the_callers_own_travels_with_the_model():
    import subprocess
    import sys

    model = make_pipeline(Halved(), LogisticRegression(max_iter=5000)).fit(FEATURES, TARGET)
    _, folder = spill(model, {"test": FRAME})
    code = (
        "import pickle, sys, pandas as pd\n"
        "from audit.subject.memory import MARK\n"
        "model = pickle.loads(open(sys.argv[1] + '/Pipeline.memory', 'rb').read().removeprefix(MARK))\n"
        "print(model.score(pd.read_parquet(sys.argv[1] + '/test.parquet').drop(columns='target'), "
        "pd.read_parquet(sys.argv[1] + '/test.parquet')['target']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert float(done.stdout) == model.score(FEATURES, TARGET), done.stderr
    shutil.rmtree(folder)


def test_what_cannot_be_kept_is_told():
    with pytest.raises(ModelError, match="model: TypeError: cannot pickle"):
        spill(make_pipeline(threading.Lock()), {})
    with pytest.raises(DataError, match="test table: "):
        spill(None, {"test": pd.DataFrame({"a": [object(), 1]})})


@pytest.mark.parametrize("table", [FRAME.to_numpy(), "test.csv"])
def test_a_table_that_is_no_frame_is_refused(table):
    with pytest.raises(DataError, match=r"expected a pandas DataFrame, found (ndarray|str)"):
        spill(None, {"test": table})
