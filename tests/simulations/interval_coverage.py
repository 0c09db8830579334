"""Empirical coverage and mean width of the default interval of every metric, by simulation; run as a script.

    python tests/simulations/interval_coverage.py [--metric NAME ...] [--task TASK] [--quick] [--check] [--json FILE]
    python tests/simulations/interval_coverage.py --populations other --quick

The second takes populations of other shapes, on which no constant of a method was chosen.

Each cell draws tables of n rows from a population whose figures are known exactly, estimates the metric with its
interval in each, and counts how often the interval holds the truth. A table on which the metric is undefined is neither
a hit nor a miss: its share is told. A missing end is unbounded and left out of the mean width. A cell that looks too
low is drawn again, five times as often and with other rows, before it is called too low.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from populations import POPULATIONS, VARIANTS, Cell, drawn, grid, pool_of

from audit.catalogue import load_all
from audit.declarations.metric import Metric, Sample, UndefinedMeasureError
from audit.estimation.estimate import estimate_by_group
from audit.estimation.forms import Tested
from audit.performance.choice import Figure, figures
from audit.records.measured import Estimate, Measured
from audit.records.spec import IntervalSpec

LEAST = 0.935
"""Coverage under which a nominal 95 % interval counts as too narrow."""
ROWS = 200_000
"""Rows that are measured at a time."""
RESAMPLES = 400
"""Bootstrap replicates where a method needs them: enough for coverage, less than an audit takes."""

ERRORS_ALLOWED = 2.0
"""Monte-Carlo standard errors by which a coverage has to lie under `LEAST` before a cell is called low."""
MOST_LISTED = 0.1
"""Share of the grid that may be listed."""

LISTED = (
    (
        "mean_squared_error root_mean_squared_error mean_squared_log_error mean_poisson_deviance mean_gamma_deviance "
        "interval_score",
        r" n=30 errors=(skewed|heavy) ",
        "the largest losses that could have come are not among so few rows",
    ),
    ("mean_probability", r" n=30 rate=0.02 sampling", "the largest scores are not among so few rows"),
    (
        "mean_absolute_percentage_error mean_gamma_deviance",
        r" errors=heavy ",
        "rows whose truth is near 0 decide the mean and are too rare to be among the rows",
    ),
    (
        "mean_squared_error root_mean_squared_error interval_score",
        r" n=30 target=",
        "the largest losses that could have come are not among so few rows",
    ),
    ("log_loss", r" n=30 beta=0.4 sampling", "the largest losses are not among so few rows"),
    ("mean_probability", r" n=30 tails=0.08 sampling", "the largest scores are not among so few rows"),
    (
        "roc_auc gini",
        r" n=300 (beta=0.06|values=0.15) sampling",
        "few rows of a class, of which some weigh much more than others",
    ),
    (
        "diagnostic_odds_ratio/macro diagnostic_odds_ratio/weighted",
        r" shares=50/25/15/7/3 ",
        "the rarest class decides the mean over classes",
    ),
)
"""Measures, cells (a pattern) and the reason why their interval is known to be too narrow there: what
`audit.estimation.doubt` says in words, and warns about."""

Estimator = Callable[[Metric, Sample, np.ndarray, int, IntervalSpec, int], tuple[Measured, ...]]


@dataclass(frozen=True)
class Covered:
    """What a simulation found in one cell."""

    metric: str
    cell: str
    method: str
    coverage: float
    error: float
    """Monte-Carlo standard error of the coverage."""
    width: float
    """Mean width of bounded intervals."""
    unbounded: float
    undefined: float
    """Share of tables on which the metric has no value."""
    missed_below: float
    """Share of intervals that end below the truth."""
    replicates: int

    @property
    def low(self) -> bool:
        """Whether the interval is too narrow here."""
        return self.coverage < LEAST


def simulate(
    figure: Figure,
    cell: Cell,
    replicates: int,
    seed: int,
    estimator: Estimator = estimate_by_group,
    truth: float | None = None,
) -> Covered:
    """Estimate one figure in `replicates` tables of a cell."""
    rng = np.random.default_rng(seed)
    truth = truth_of(figure, cell) if truth is None else truth
    interval = IntervalSpec(resamples=RESAMPLES)
    found: list[Measured] = []
    at_once = max(1, ROWS // cell.n)
    while len(found) < replicates:
        tables = min(at_once, replicates - len(found))
        sample, table = drawn(cell, tables, rng)
        found += estimator(figure.metric, sample, table, tables, interval, int(rng.integers(2**31)))
    known = [m for m in found if isinstance(m, Estimate)]
    if not known:
        return Covered(figure.name, str(cell), "none", np.nan, np.nan, np.nan, 0.0, 1.0, np.nan, len(found))
    slack = 1e-9 * max(1.0, abs(truth))
    below = np.array([m.high is not None and m.high < truth - slack for m in known])
    above = np.array([m.low is not None and m.low > truth + slack for m in known])
    coverage = float(1 - (below | above).mean())
    widths = [m.high - m.low for m in known if m.low is not None and m.high is not None]
    return Covered(
        metric=figure.name,
        cell=str(cell),
        method="+".join(sorted(name for name, _ in Counter(m.method for m in known).most_common(3))),
        coverage=coverage,
        error=float(np.sqrt(max(coverage * (1 - coverage), 1e-4) / len(known))),
        width=float(np.mean(widths)) if widths else float("inf"),
        unbounded=1 - len(widths) / len(known),
        undefined=1 - len(known) / len(found),
        missed_below=float(below.mean()),
        replicates=len(known),
    )


def truth_of(figure: Figure, cell: Cell) -> float:
    """Return a figure of a cell's whole population, which does not depend on n."""
    return float(figure.metric.compute(pool_of(cell.task, cell.shape, cell.variant).sample))


def confirmed(figure: Figure, cell: Cell, replicates: int, seed: int) -> Covered:
    """Estimate a figure in a cell, and once more with five times as many tables where it looks too low."""
    found = simulate(figure, cell, replicates, seed)
    return simulate(figure, cell, 5 * replicates, seed + 1) if found.low and found.coverage > 0.6 else found


def is_listed(metric: str, cell: str) -> bool:
    """Whether the documentation lists a cell as too narrow."""
    return any(metric in names.split() and re.search(pattern, cell) for names, pattern, _ in LISTED)


def failures(found: list[Covered]) -> list[str]:
    """Return what contradicts the claim: a low cell that is not listed, or more listed cells than may be."""
    said = [
        f"{c.metric}, {c.cell}: {c.coverage:.3f} +- {c.error:.3f} is under {LEAST} and not listed"
        for c in found
        if c.coverage + ERRORS_ALLOWED * c.error < LEAST and not is_listed(c.metric, c.cell)
    ]
    listed = sum(is_listed(c.metric, c.cell) for c in found)
    if listed > MOST_LISTED * len(found):
        said.append(f"{listed} of {len(found)} cells are listed, more than {MOST_LISTED:.0%}")
    return said


def settings(
    names: list[str], task: str | None, variants: tuple[str, ...], populations: str = "tuned"
) -> Iterator[tuple[Figure, Cell]]:
    """Yield every figure of the catalogue that has an interval (a test's has none) in every cell of its tasks."""
    for name, metric in load_all("metrics").items():
        if (names and name not in names) or isinstance(metric.compute, Tested):
            continue
        for of in ("binary", "multiclass", "regression"):
            suits = of in metric.tasks or (of == "binary" and metric.tasks == ("ranking_score",))
            if suits and task in (None, of):
                for figure in figures(metric, of, ()):  # type: ignore[arg-type]
                    yield from ((figure, cell) for cell in grid(of, populations) if cell.variant in variants)


def main() -> None:
    """Print a line a cell, and how many are too narrow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metric", nargs="*", default=[])
    parser.add_argument("--task", choices=["binary", "multiclass", "regression"])
    parser.add_argument("--variant", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--populations", default="tuned", choices=POPULATIONS)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="300 replicates")
    parser.add_argument("--low", action="store_true", help="print only the cells that are too narrow")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true", help="exit 1 if a cell is low and not listed")
    parser.add_argument("--found", nargs="*", type=Path, help="files of --json to count and check, in place of a run")
    given = parser.parse_args()
    if given.found:
        conclude([Covered(**one) for path in given.found for one in json.loads(path.read_text())], check=given.check)
        return
    replicates = 300 if given.quick else given.replicates
    found: list[Covered] = []
    print(
        f"{'metric':28} {'cell':42} {'cover':>6} {'+-':>6} {'width':>8} {'undef':>6} {'open':>5} {'under':>6}  method"
    )
    started = time.perf_counter()
    for figure, cell in settings(given.metric, given.task, tuple(given.variant), given.populations):
        try:
            one = confirmed(figure, cell, replicates, 1)
        except UndefinedMeasureError as reason:
            print(f"{figure.name:28} {cell!s:42} the population has no value: {reason}", file=sys.stderr)
            continue
        found.append(one)
        if one.low or not given.low:
            flag = " LOW" if one.low else " OVER" if one.coverage > 0.99 else ""
            print(
                f"{one.metric:28} {one.cell:42} {one.coverage:6.4f} {one.error:6.4f} {one.width:8.4f} "
                f"{one.undefined:6.3f} {one.unbounded:5.2f} {one.missed_below:6.4f}  {one.method}{flag}",
                flush=True,
            )
    print(f"{time.perf_counter() - started:.0f} s")
    if given.json:
        given.json.write_text(json.dumps([asdict(c) for c in found], indent=1))
    conclude(found, check=given.check)


def conclude(found: list[Covered], *, check: bool) -> None:
    """Print the counts; with `check`, what contradicts the claim, and end with 1 if anything does."""
    measured = [c for c in found if np.isfinite(c.coverage)]
    low = [c for c in measured if c.low]
    print(
        f"{len(measured)} cells: {len(low)} under {LEAST}, "
        f"{sum(c.coverage + ERRORS_ALLOWED * c.error < LEAST for c in low)} of them by more than "
        f"{ERRORS_ALLOWED:g} standard errors; {sum(is_listed(c.metric, c.cell) for c in measured)} listed; "
        f"{sum(c.coverage > 0.99 for c in measured)} over 0.99"
    )
    if check and (said := failures(measured)):
        sys.exit("\n".join(said))


if __name__ == "__main__":
    main()
