"""A fast slice of the simulation of coverage, of the cells that it lists, and of the gate on impact ratios."""

from __future__ import annotations

import importlib.util
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

from audit.catalogue import load
from audit.declarations.condition import Comparison, Region
from audit.estimation.doubt import doubt_notes, is_doubtful
from audit.estimation.estimate import estimate_by_group
from audit.fairness.two_rates import katz
from audit.performance.choice import figures
from audit.records.measured import Estimate

SIMULATIONS = Path(__file__).parents[1] / "simulations"


def loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SIMULATIONS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def simulation(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    populations = loaded("populations", monkeypatch)
    monkeypatch.setattr(populations, "POOL", 40_000)
    kept = sys.modules.get("coverage")
    module = loaded("coverage", monkeypatch)
    if kept is not None:
        monkeypatch.setitem(sys.modules, "coverage", kept)
    return module


CELLS = [
    ("accuracy", "binary", 30, "rate=0.3", "sampling"),
    ("precision", "binary", 100, "rate=0.1", "frequency"),
    ("roc_auc", "binary", 100, "rate=0.1", "continuous"),
    ("roc_auc", "binary", 30, "rate=0.5", "ties"),
    ("average_precision", "binary", 100, "rate=0.1", "continuous"),
    ("brier_score", "binary", 30, "rate=0.02", "continuous"),
    ("log_loss", "binary", 100, "rate=0.02", "sampling"),
    ("matthews_corrcoef", "binary", 100, "rate=0.3", "continuous"),
    ("r2", "regression", 30, "errors=heavy", "continuous"),
    ("mean_absolute_error", "regression", 30, "errors=skewed", "continuous"),
    ("median_absolute_error", "regression", 30, "errors=normal", "sampling"),
    ("f1", "multiclass", 30, "shares=60/30/10", "continuous"),
]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(map(str, cell)))
def test_intervals_hold_the_truth_as_often_as_they_say(cell: tuple[Any, ...], simulation: ModuleType) -> None:
    name, task, n, shape, variant = cell
    figure = figures(load("metrics", name), task, ())[0]
    found = simulation.simulate(figure, simulation.Cell(task, n, shape, variant), 400, 1)
    # 400 tables: a true 95 % lands below 0.916 once in a thousand times.
    assert found.coverage >= 0.916, found


def narrowed(*given: Any) -> tuple[Any, ...]:
    """The double: every interval 0.7 times as wide."""

    def shrunk(m: Any) -> Any:
        if not isinstance(m, Estimate) or m.low is None or m.high is None:
            return m
        ends = {"low": m.value - 0.7 * (m.value - m.low), "high": m.value + 0.7 * (m.high - m.value)}
        return m.model_copy(update=ends)

    return tuple(shrunk(m) for m in estimate_by_group(*given))


@pytest.mark.parametrize("name", ["accuracy", "roc_auc"])
def test_an_interval_that_is_too_narrow_is_noticed(name: str, simulation: ModuleType) -> None:
    figure = figures(load("metrics", name), "binary", ())[0]
    cell = simulation.Cell("binary", 100, "rate=0.3", "continuous")
    assert simulation.simulate(figure, cell, 400, 1, narrowed).low


def test_what_the_simulation_lists_is_warned_of() -> None:
    few = Estimate(value=2.0, low=1.0, high=4.0, level=0.95, method="hall_t", n=30)
    lift = few.model_copy(update={"method": "bootstrap", "n": 1000})
    assert is_doubtful(few, None) and is_doubtful(lift, 20)
    assert not is_doubtful(few.model_copy(update={"n": 50}), None) and not is_doubtful(lift, 25)
    (note,) = doubt_notes([("Mean squared error", few), ("Lift", lift)], 200)
    assert "Mean squared error" in note and "Lift" not in note
    assert doubt_notes([("Lift", lift)], 200) == ()


def fails(condition: str, n: int) -> np.ndarray:
    """(n + 1, n + 1) whether the gate "impact ratio at least 0.8" fails groups of n with a and c selected."""
    decide, region = load("conditions", condition).decide, Region.of("ge", (0.8,))
    failed = np.zeros((n + 1, n + 1), dtype=bool)
    for c in range(1, n + 1):
        for a in range(c + 1):
            low, high = katz(a, n, c, n, 0.95)
            ruling = decide(Comparison(value=Fraction(a, c), low=low, high=high, region=region))
            # Whichever group is selected less is held against the other.
            failed[a, c] = failed[c, a] = ruling.outcome == "fail"
    return failed


@pytest.mark.parametrize("n", [30, 60])
def test_the_gate_on_impact_ratios_fails_equal_groups_at_most_at_its_rate(n: int) -> None:
    """By enumeration of all tables of two groups with one rate of selection; the rule on the point does not hold it."""
    by_interval, by_point = fails("ci_three_way", n), fails("point", n)
    for rate in (0.02, 0.1, 0.3, 0.5):
        chance = stats.binom.pmf(np.arange(n + 1), n, rate)
        assert chance @ by_interval @ chance <= 0.025
        assert chance @ by_point @ chance > 0.05
