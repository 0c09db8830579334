"""A default random forest, on which other tools hang or take 14 GB, is audited whole within bounds."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from sklearn.datasets import make_classification

FOREST = """
from sklearn.ensemble import RandomForestClassifier


def make():
    return RandomForestClassifier(n_estimators=200, random_state=0)
"""


@pytest.mark.heavy
def test_a_default_forest_is_audited_within_three_minutes_and_one_gigabyte(tmp_path: Path, command: Any) -> None:
    values, labels = make_classification(18_000, 20, n_informative=10, flip_y=0.1, random_state=0)
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(20)]).assign(y=labels)
    frame.iloc[:14_000].to_csv(tmp_path / "train.csv", index=False)
    frame.iloc[14_000:].to_csv(tmp_path / "test.csv", index=False)
    (tmp_path / "forest.py").write_text(FOREST, encoding="utf-8")
    spec = {
        "audit": 1,
        "model": {"estimator": "forest:make"},
        "data": {"test": "test.csv", "train": "train.csv", "target": "y"},
        "decision": {"positive": 1},
        "performance": {"cross_validation": False},
    }
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    done = command("run", "audit.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode in (0, 1, 3), done.stderr
    record = json.loads((tmp_path / "out/record.json").read_text(encoding="utf-8"))
    shap = next(m for m in record["attribution"]["methods"] if m["name"] == "shap")
    assert shap["status"] == "done"
    assert 0 < shap["rows"] <= shap["rows_available"] == 4000
    assert sum(record["run"]["durations"].values()) < 180
    assert record["run"]["peak_memory"] < 2**30
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 2**30
