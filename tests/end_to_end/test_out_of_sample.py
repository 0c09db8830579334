"""Headline figures are never in-sample, and rows that stand in both tables are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import audit
from audit.records.measured import Estimate

MEMORY = """
from sklearn.neighbors import KNeighborsClassifier


def make():
    return KNeighborsClassifier(n_neighbors=1)
"""


def coin_flips(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame({"a": generator.random(rows), "b": generator.random(rows), "y": generator.integers(0, 2, rows)})


def spec(**data: str) -> dict[str, object]:
    return {
        "audit": 1,
        "model": {"estimator": "memory:make"},
        "data": {"target": "y", **data},
        "decision": {"positive": 1},
        "attribution": False,
    }


@pytest.mark.parametrize("data", [{"train": "train.csv", "test": "test.csv"}, {"train": "train.csv"}])
def test_a_model_that_memorises_its_rows_is_measured_on_others(tmp_path: Path, data: dict[str, str]) -> None:
    (tmp_path / "memory.py").write_text(MEMORY, encoding="utf-8")
    coin_flips(400, 1).to_csv(tmp_path / "train.csv", index=False)
    coin_flips(400, 2).to_csv(tmp_path / "test.csv", index=False)
    record = audit.run(spec(**data), folder=tmp_path)
    headline = record.observation("performance/accuracy")
    in_sample = record.observation("performance/accuracy/train")
    assert headline is not None
    assert in_sample is not None
    assert isinstance(headline.measured, Estimate)
    assert headline.scope in ("held_out", "out_of_fold")
    assert in_sample.scope == "train"
    # The labels are coins: whoever reports more than chance has looked at them.
    assert in_sample.measured.value == 1.0
    assert headline.measured.low < 0.5 < headline.measured.high
    assert record.conclusion.outcome != "meets"


def test_rows_in_both_tables_are_reported_and_fail_the_gate(tmp_path: Path) -> None:
    (tmp_path / "memory.py").write_text(MEMORY, encoding="utf-8")
    train = coin_flips(400, 1)
    train.to_csv(tmp_path / "train.csv", index=False)
    pd.concat([coin_flips(200, 2), train.iloc[:200]]).to_csv(tmp_path / "test.csv", index=False)
    record = audit.run(spec(train="train.csv", test="test.csv"), folder=tmp_path)
    overlap = record.observation("robustness/train_test_overlap")
    assert overlap is not None
    assert overlap.measured.value == 200
    assert record.conclusion.outcome == "does_not_meet"
    assert record.conclusion.exit_code == 1
