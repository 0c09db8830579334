"""Empirical coverage of intervals of rows in clusters, by simulation; run as a script.

    python tests/simulations/cluster_coverage.py [--metric NAME ...] [--replicates N] [--task TASK] [--check]

A population is a pool of clusters whose rows share an intercept, in the truth and in the score of the model; its
figures are known exactly. Each cell draws G of its clusters, all rows of each, and counts how often the interval holds
the figure of the population. Cells: 30 to 200 clusters, of 5 or of 1 to 40 rows, base rates from 0.05 to 0.5,
intraclass correlations of 0.05 and 0.3 (on the scale of the log-odds).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from audit.catalogue import load_all
from audit.declarations.metric import Metric, Sample, UndefinedMeasureError
from audit.estimation.estimate import estimate_by_group, form_of, subset
from audit.estimation.forms import Tested
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec

LEAST = 0.935
POOL = 20_000
"""Clusters of a population."""
ERRORS_ALLOWED = 2.0

LISTED: tuple[tuple[str, str, str], ...] = ()
"""Measures, part of a cell's name, and why their interval is known to be too narrow there."""


@dataclass(frozen=True)
class Cell:
    """One population, and how many of its clusters are drawn."""

    clusters: int
    size: str
    """5: five rows each; uneven: 1 to 40, most of them few."""
    rate: float
    alike: float
    """Intraclass correlation."""
    task: str = "binary"

    def __str__(self) -> str:
        """Return `binary G=30 size=5 rate=0.05 icc=0.3`."""
        return f"{self.task} G={self.clusters} size={self.size} rate={self.rate:g} icc={self.alike:g}"


def grid(task: str) -> Iterator[Cell]:
    """Yield the cells of a task."""
    for clusters in (30, 50, 100, 200):
        for size in ("5", "uneven"):
            for alike in (0.05, 0.3):
                for rate in (0.05, 0.2, 0.5) if task == "binary" else (0.5,):
                    yield Cell(clusters, size, rate, alike, task)


@lru_cache(maxsize=2)
def population(cell: Cell, seed: int = 0) -> tuple[Sample, Any, Any]:
    """Return the rows of a pool of clusters, where each cluster begins, and how many rows it has."""
    rng = np.random.default_rng((seed, int(1000 * cell.rate), int(1000 * cell.alike), len(cell.size), len(cell.task)))
    sizes = np.full(POOL, 5) if cell.size == "5" else np.minimum(1 + rng.geometric(0.12, POOL), 40)
    home = np.repeat(np.arange(POOL), sizes)
    n, starts = len(home), np.cumsum(sizes) - sizes
    scale = np.sqrt(cell.alike / (1 - cell.alike)) * (np.pi / np.sqrt(3) if cell.task == "binary" else 1.0)
    shift, drift = scale * rng.normal(size=POOL), 0.5 * scale * rng.normal(size=POOL)
    known = rng.normal(size=n)
    if cell.task == "regression":
        target = 10 + known + shift[home] + rng.normal(size=n)
        return Sample(target=target, score=10 + known + drift[home] * 0.5, cluster=home), starts, sizes
    base = np.log(cell.rate / (1 - cell.rate))
    truth = rng.random(n) < 1 / (1 + np.exp(-(base + 1.2 * known + shift[home])))
    score = 1 / (1 + np.exp(-(base + 1.2 * known + 0.5 * shift[home] + 0.3 * drift[home])))
    cut = float(np.quantile(score, 1 - cell.rate))
    sample = Sample(
        target=truth.astype(np.int64),
        score=score,
        label=(score >= cut).astype(np.int64),
        classes=2,
        positive=1,
        favourable=1,
        probability=True,
        threshold=cut,
        cluster=home,
    )
    return sample, starts, sizes


def tables(cell: Cell, replicates: int, seed: int) -> tuple[Sample, Any]:
    """Return the rows of many draws of clusters, and the number of the draw of each row."""
    sample, starts, sizes = population(cell)
    rng = np.random.default_rng((seed, cell.clusters))
    chosen = rng.integers(0, POOL, replicates * cell.clusters)
    long = sizes[chosen]
    ends = np.cumsum(long)
    rows = np.repeat(starts[chosen] - (ends - long), long) + np.arange(ends[-1])
    number = np.repeat(np.arange(len(chosen)), long)
    drawn = replace(subset(sample, rows), cluster=number % cell.clusters)
    return drawn, number // cell.clusters


def simulate(metric: Metric, cell: Cell, replicates: int, seed: int, *, ignored: bool = False) -> tuple[float, str]:
    """Return how often the interval holds the figure of the population, and its most common method."""
    sample = replace(population(cell)[0], cluster=None)
    form = form_of(metric, sample)
    truth = form(sample)
    drawn, group = tables(cell, replicates, seed)
    if ignored:
        drawn = replace(drawn, cluster=None)
    found = estimate_by_group(metric, drawn, group, replicates, IntervalSpec(resamples=400), 1)
    known = [m for m in found if isinstance(m, Estimate)]
    hit = [(m.low is None or m.low <= truth) and (m.high is None or truth <= m.high) for m in known]
    return float(np.mean(hit)) if hit else np.nan, max({m.method for m in known}, default="")


def measurable(task: str) -> dict[str, Metric]:
    """Return the metrics of a task that have an interval."""
    found = {}
    for name, metric in load_all("metrics").items():
        if task not in metric.tasks or metric.response == "interval":
            continue
        sample = replace(population(next(grid(task)))[0], cluster=None)
        form = form_of(metric, sample)
        try:
            form(sample)
        except UndefinedMeasureError:
            continue
        if not isinstance(form, Tested) and name != "max_error":
            found[name] = metric
    return found


def main() -> int:
    """Run the grid and print the cells that are too low."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metric", nargs="*")
    parser.add_argument("--task", choices=("binary", "regression"), default="binary")
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    cells = low = high = unlisted = 0
    known = measurable(given.task)
    for cell in sorted(grid(given.task), key=lambda c: (c.size, c.alike, c.rate, c.clusters)):
        for name, metric in known.items():
            if given.metric and name not in given.metric:
                continue
            cover, method = simulate(metric, cell, given.replicates, 0)
            error = np.sqrt(0.05 * 0.95 / given.replicates)
            if cover < LEAST - ERRORS_ALLOWED * error:
                cover = simulate(metric, cell, 4 * given.replicates, 7)[0]
                error /= 2
            cells, high = cells + 1, high + (cover > 0.99)
            beyond = cover < LEAST - ERRORS_ALLOWED * error
            listed = any(name in names.split() and part in f"{cell} " for names, part, _ in LISTED)
            low += cover < LEAST
            unlisted += bool(beyond and not listed)
            if cover < LEAST or given.all:
                print(
                    f"{cell} {name} {method}: {cover:.3f}{' listed' if listed else ''}{' LOW' if beyond else ''}",
                    flush=True,
                )
    print(f"{cells} cells, {low} under {LEAST}, {unlisted} of them beyond chance and not listed, {high} over 0.99")
    return int(given.check and unlisted > 0)


if __name__ == "__main__":
    sys.exit(main())
