"""Small audits that end-to-end tests start from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

FACTORY = """
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def make():
    return make_pipeline(StandardScaler(), LogisticRegression())
"""


def people(rows: int, seed: int) -> pd.DataFrame:
    """Rows with two columns that matter, one that does not, and two groups."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": generator.normal(3.0, 1.0, rows).round(4),
            "debt": generator.normal(0.0, 1.0, rows).round(4),
            "noise": generator.normal(0.0, 1.0, rows).round(4),
            "sex": generator.choice(["female", "male"], rows),
        }
    )
    logit = 1.5 * (frame["income"] - 3.0) - frame["debt"]
    frame["paid"] = np.where(generator.random(rows) < 1 / (1 + np.exp(-logit)), "yes", "no")
    return frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with tables, a factory and a spec that audits quickly."""
    people(400, 1).to_csv(tmp_path / "train.csv", index=False)
    people(300, 2).to_csv(tmp_path / "test.csv", index=False)
    (tmp_path / "factory.py").write_text(FACTORY, encoding="utf-8")
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump(quick_spec(), sort_keys=False), encoding="utf-8")
    return tmp_path


def quick_spec() -> dict[str, object]:
    """Everything switched on, with little to compute."""
    return {
        "audit": 1,
        "title": "Loans that are paid back",
        "model": {"estimator": "factory:make", "name": "loans"},
        "data": {"test": "test.csv", "train": "train.csv", "target": "paid", "features": ["income", "debt", "noise"]},
        "decision": {"positive": "yes", "favourable": "yes"},
        "sensitive": {"features": ["sex"]},
        "performance": {"cross_validation": {"folds": 3}, "interval": {"resamples": 200}},
        "attribution": {"rows": 100, "local": {"rows": 3}},
    }


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command() -> Command:
    """Run the command line in a process of its own."""

    def run(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from audit.cli.main import main; main()", *arguments],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return run
