"""A frequency weight is that many rows; a sampling weight moves the estimate and does not feign more rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import audit
from audit.records.audit import AuditRecord
from audit.records.measured import Estimate


def estimate(record: AuditRecord, id: str) -> Estimate:
    observation = record.observation(id)
    assert observation is not None, id
    assert isinstance(observation.measured, Estimate), observation
    return observation.measured


def audited(folder: Path, frame: pd.DataFrame, weight: dict[str, str] | None) -> AuditRecord:
    frame.to_csv(folder / "table.csv", index=False)
    spec = {
        "audit": 1,
        "model": {"predictions": {"label": "said"}},
        "data": {"test": "table.csv", "target": "y"} | ({"weight": weight} if weight else {}),
        "decision": {"positive": 1},
        "sensitive": {"features": ["group"]},
    }
    return audit.run(spec, folder=folder)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "y": generator.integers(0, 2, 240),
            "said": generator.integers(0, 2, 240),
            "group": generator.choice(["a", "b"], 240),
            "w": generator.integers(1, 4, 240),
        }
    )


IDS = ("performance/accuracy", "fairness/selection_rate/group=a", "fairness/impact_ratio/group=a")


def test_a_frequency_weight_is_that_many_rows(tmp_path: Path, frame: pd.DataFrame) -> None:
    weighted = audited(tmp_path, frame, {"column": "w", "kind": "frequency"})
    repeated = audited(tmp_path, frame.loc[frame.index.repeat(frame["w"])].drop(columns="w"), None)
    compared = [id for id in IDS if isinstance(repeated.observation(id).measured, Estimate)]
    assert len(compared) >= 2
    for id in compared:
        one, other = estimate(weighted, id), estimate(repeated, id)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high)), id


@pytest.mark.parametrize("id", IDS[:2])
def test_a_sampling_weight_feigns_no_rows(tmp_path: Path, frame: pd.DataFrame, id: str) -> None:
    sampling = estimate(audited(tmp_path, frame, {"column": "w", "kind": "sampling"}), id)
    frequency = estimate(audited(tmp_path, frame, {"column": "w", "kind": "frequency"}), id)
    assert sampling.value == pytest.approx(frequency.value)
    assert sampling.high - sampling.low > 1.2 * (frequency.high - frequency.low)
