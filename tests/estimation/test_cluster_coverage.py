"""A fast slice of the simulation of intervals of rows in clusters, and its double that ignores them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audit.catalogue import load

SIMULATION = Path(__file__).parents[1] / "simulations" / "cluster_coverage.py"
TABLES = 300


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cluster_coverage", SIMULATION)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cluster_coverage"] = module
    spec.loader.exec_module(module)
    module.POOL = 4000
    yield module
    del sys.modules["cluster_coverage"]


CELLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("accuracy", (50, "uneven", 0.2, 0.3)),
    ("prevalence", (30, "5", 0.05, 0.3)),
    ("true_positive_rate", (30, "uneven", 0.05, 0.3)),
    ("matthews_corrcoef", (50, "5", 0.5, 0.05)),
    ("log_loss", (30, "uneven", 0.2, 0.3)),
    ("roc_auc", (30, "uneven", 0.5, 0.3)),
)


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_intervals_of_clusters_hold_the_truth_as_often_as_they_say(
    name: str, cell: tuple[Any, ...], simulation: ModuleType
) -> None:
    found, method = simulation.simulate(load("metrics", name), simulation.Cell(*cell), TABLES, 1)
    # 300 tables: a true 95 % lands below 0.911 once in a thousand times.
    assert found >= 0.911 and method.endswith("_clustered")


def test_intervals_that_ignore_clusters_hold_it_too_rarely(simulation: ModuleType) -> None:
    cell = simulation.Cell(30, "uneven", 0.2, 0.3)
    assert simulation.simulate(load("metrics", "prevalence"), cell, TABLES, 1, ignored=True)[0] < 0.85
