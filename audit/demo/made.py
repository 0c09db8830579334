"""What a demo consists of, and how it is written as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Demo:
    """A fitted model, the rows it was and was not fitted on, and the spec that audits it."""

    model: BaseEstimator
    train: pd.DataFrame
    test: pd.DataFrame
    spec: str
    """Commented YAML that names model.skops, train.csv and test.csv."""
    statements: str = ""
    """Commented YAML of attestations that the spec names; empty where its packs ask for none."""


def write_demo(demo: Demo, folder: Path) -> None:
    """Write audit.yaml, model.skops, train.csv, test.csv and, where there are any, attestations.yaml into a folder."""
    skops.io.dump(demo.model, folder / "model.skops")
    demo.train.to_csv(folder / "train.csv", index=False)
    demo.test.to_csv(folder / "test.csv", index=False)
    (folder / "audit.yaml").write_text(demo.spec, encoding="utf-8")
    if demo.statements:
        (folder / "attestations.yaml").write_text(demo.statements, encoding="utf-8")
