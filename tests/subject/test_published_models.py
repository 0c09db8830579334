"""Models made by others predict what their makers published."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from audit.errors import ModelError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the published models are not here")


def toy():
    folder = SHARED / "treelite_toy_categorical"
    rows = [line.split() for line in (folder / "toy_categorical.test").read_text().splitlines() if line.strip()]
    cells = [dict(cell.split(":") for cell in row[1:]) for row in rows]
    frame = pd.DataFrame({f"Column_{i}": [int(c[str(i)]) for c in cells] for i in range(2)})
    published = np.loadtxt(folder / "toy_categorical.test.pred")
    return folder / "toy_categorical_model.txt", frame.assign(y=[float(r[0]) for r in rows]), published


@pytest.mark.parametrize("names", [("Column_0", "Column_1"), ("shop", "day")])
def test_lightgbm_text_with_categorical_splits(case, names):
    model, frame, published = toy()
    frame = frame.rename(columns=dict(zip(("Column_0", "Column_1"), names, strict=True)))
    spec = {"model": {"path": "m.txt"}, "data": {"test": "t.csv", "target": "y"}}
    evidence = case.evidence(spec, model=model, test=("t.csv", frame))
    np.testing.assert_array_equal(evidence.headline.predictions.score, published)
    assert published[:2].tolist() == [-20.738507080549652528, 1.319734514567587835]
    assert evidence.subject.facts.parameters["categorical column Column_0"] == "integer codes as in the data"
    said = "The model does not name its columns: 'shop', 'day' were given to it in this order."
    assert (said in case.heard.warnings) == (names[0] == "shop")


def credit(case, **told):
    folder = SHARED / "glassalpha_lr"
    frame = pd.concat([pd.read_csv(folder / "test_data.csv"), pd.read_csv(folder / "test_labels.csv")], axis=1)
    spec = {"model": {"path": "quickstart_model.pkl", **told}, "data": {"test": "t.csv", "target": "target"}}
    return case.evidence(spec, model=folder / "quickstart_model.pkl", test=("t.csv", frame))


def test_pickle_in_a_dict_is_refused_clearly(case):
    with pytest.raises(ModelError, match="loading it runs whatever code its author put there"):
        credit(case)


def test_pickle_in_a_dict_with_trust_and_key(case):
    digest = hashlib.sha256((SHARED / "glassalpha_lr" / "quickstart_model.pkl").read_bytes()).hexdigest()
    with pytest.raises(ModelError, match=r"holds a dict with the keys model \(LogisticRegression\), feature_names"):
        credit(case, trust=["pickle"], sha256=digest)
    evidence = credit(case, trust=["pickle"], sha256=digest, key="model")
    auc = roc_auc_score(evidence.headline.sample.target, evidence.headline.sample.score)
    assert round(auc, 6) == 0.834019
    assert any("InconsistentVersionWarning" in warning for warning in case.heard.warnings)
