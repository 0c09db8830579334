"""How often a gate "impact ratio at least 0.8" fails equal groups: by hand, `python tests/simulations/impact_gate.py`.

Groups of equal selection rates are drawn, or enumerated where that can be done, and the gate is asked whether any of
them fails: beside a named reference or beside the group that happens to have the highest rate; over several groupings
at once; and by the ratio of the lowest rate to the highest. The intervals are those of the product. A gate whose
intervals each hold alone, and the rule on the point, stand beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.fairness.compare import Reference, highest, observe_against
from audit.fairness.disaggregate import Rows, disaggregate, group_cells, measure_gaps
from audit.fairness.groups import make_grouping
from audit.fairness.together import joint_level
from audit.fairness.two_rates import ratio_ends
from audit.records.measured import Estimate, Measured
from audit.records.spec import IntervalSpec, SensitiveSpec

LIMIT, LEVEL, STATED = 0.8, 0.95, 0.025
RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """How often one gate failed groups of one rate."""

    sizes: tuple[int, ...]
    rate: float
    reference: str
    gate: float
    """Share of tables that the gate fails."""
    alone: float
    """The same, were each interval to hold alone."""
    point: float
    """The same, were the point to decide."""


def failed(hits: NDArray[np.int64], sizes: NDArray[np.int64], picked: bool, rule: str, groupings: int = 1) -> Array:
    """(tables,) whether any group of a table fails: (tables, groups) selected of (groups,) rows.

    Parameters
    ----------
    rule : str
        `together`, as the product does; `alone`; or `point`.
    """
    a, n = hits.astype(np.float64), np.broadcast_to(sizes.astype(np.float64), hits.shape)
    rates = a / n
    reference = np.argmax(rates, axis=1) if picked else np.zeros(len(a), dtype=np.int64)
    row = np.arange(len(a))
    c, m = a[row, reference][:, None], n[row, reference][:, None]
    some = c[:, 0] > 0  # beside a rate of 0 there is no ratio
    level = joint_level(LEVEL, hits.shape[1], picked, groupings) if rule == "together" else LEVEL
    high = np.full(a.shape, np.inf)
    if rule == "point":
        high[some] = (rates / np.where(c > 0, c / m, 1.0))[some]
    elif some.any():
        high[some] = ratio_ends(*np.broadcast_arrays(a[some], n[some], c[some], m[some]), level)[1]
    low = high < LIMIT - 1e-12
    low[row, reference] = False
    return low.any(axis=1)


def simulated(sizes: tuple[int, ...], rate: float, picked: bool, tables: int, seed: int) -> Cell:
    """Draw tables of groups of one rate; beside a named reference it is the first group."""
    hits = np.random.default_rng(seed).binomial(sizes, rate, size=(tables, len(sizes)))
    held = np.array(sizes)
    shares = (float(failed(hits, held, picked, rule).mean()) for rule in ("together", "alone", "point"))
    return Cell(sizes, rate, "highest" if picked else "named", *shares)


def enumerated(sizes: tuple[int, ...], rate: float, picked: bool) -> Cell:
    """Go through every table of groups of one rate that is at all likely, and add up the chances of those that fail."""
    chances = [stats.binom.pmf(np.arange(n + 1), n, rate) for n in sizes]
    likely = [np.flatnonzero(chance > 1e-9) for chance in chances]
    hits = np.stack([axis.ravel() for axis in np.meshgrid(*likely, indexing="ij")], axis=1)
    chance = np.prod([chances[g][hits[:, g]] for g in range(len(sizes))], axis=0)
    held = np.array(sizes)
    shares = (float(chance @ failed(hits, held, picked, rule)) for rule in ("together", "alone", "point"))
    return Cell(sizes, rate, "highest" if picked else "named", *shares)


def several(groupings: tuple[tuple[int, ...], ...], rate: float, tables: int, seed: int) -> float:
    """Return how often one gate over several independent groupings fails, each beside its highest rate."""
    rng = np.random.default_rng(seed)
    any_failed = np.zeros(tables, dtype=bool)
    for sizes in groupings:
        hits = rng.binomial(sizes, rate, size=(tables, len(sizes)))
        any_failed |= failed(hits, np.array(sizes), True, "together", len(groupings)).astype(bool)
    return float(any_failed.mean())


def crossed(rows: int, first: Array, second: Array, rate: float, tables: int, seed: int) -> float:
    """Return how often one gate over two features and their intersection fails; the three see the same rows."""
    rng = np.random.default_rng(seed)
    sizes = np.maximum(np.rint(rows * np.outer(first, second)).astype(np.int64), 30)
    hits = rng.binomial(sizes, rate, size=(tables, *sizes.shape))
    by = ((hits.sum(axis=2), sizes.sum(axis=1)), (hits.sum(axis=1), sizes.sum(axis=0)))
    every = (*by, (hits.reshape(tables, -1), sizes.ravel()))
    return float(np.any([failed(h, n, True, "together", 3) for h, n in every], axis=0).mean())


def measured(sizes: tuple[int, ...], rate: float, tables: int, seed: int, weights: bool) -> tuple[float, float]:
    """Return how often impact ratios, and the ratio of the lowest rate to the highest, fail as measured.

    With `weights` rows have unequal sampling weights, so that rates are weighted shares.
    """
    rng = np.random.default_rng(seed)
    metric = load("metrics", "selection_rate")
    codes = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame({"g": [f"g{code}" for code in codes]}, dtype=object)
    beside = extremes = 0
    for table in range(tables):
        weight = rng.choice([0.5, 1.0, 2.0], size=len(codes)) if weights else None
        sample = Sample(
            target=None, label=rng.binomial(1, rate, size=len(codes)), score=None, weight=weight,
            weight_kind="sampling" if weights else "frequency", classes=2, positive=1, favourable=1,
        )  # fmt: skip
        rows = Rows(sample=sample, interval=IntervalSpec(), seed=table, scope="held_out", minimum=30)
        grouping = make_grouping(frame, ("g",), weight, not weights, SensitiveSpec(features=("g",)))
        result = disaggregate(metric, grouping, group_cells(grouping, sample), rows)
        reference = Reference(highest(result), picked=True)
        beside += any(_misses(o.measured) for o in observe_against(result, reference, ("ratio",)))
        extremes += _misses(measure_gaps(result)["ratio"].measured)
    return beside / tables, extremes / tables


def _misses(found: Measured) -> bool:
    return isinstance(found, Estimate) and found.high is not None and found.high < LIMIT


def shapes(groups: int) -> Iterator[tuple[int, ...]]:
    """Yield sizes of that many groups: equal, one large, one small, and each twice the one before."""
    for n in (30, 60, 200, 1000):
        yield (n,) * groups
    for n in (30, 35, 60, 200):
        yield (*(n,) * (groups - 1), 3000)
        yield (3000, *(n,) * (groups - 1))
        yield (*(3000,) * (groups - 1), n)
        yield (n, *(3000,) * (groups - 1))
    yield tuple(30 * 2**g for g in range(groups))
    yield tuple(30 * 2**g for g in reversed(range(groups)))


def grid(tables: int) -> Iterator[Cell]:
    """Yield every cell: two groups, and three of 30 to 60, by enumeration; more by drawing tables."""
    for groups, rate, picked in product((2, 3, 5, 8), RATES, (True, False)):
        for sizes in shapes(groups):
            if groups == 2 or (groups == 3 and max(sizes) <= 60):
                yield enumerated(sizes, rate, picked)
            else:
                yield simulated(sizes, rate, picked, tables, 1)


def main(tables: int) -> int:
    """Print the worst cells of each number of groups; 1 where a gate fails more often than it says, beyond chance."""
    cells = list(grid(tables))
    over = [c for c in cells if c.gate > STATED + 3 * np.sqrt(STATED * (1 - STATED) / tables)]
    for groups, reference in product((2, 3, 5, 8), ("highest", "named")):
        mine = [c for c in cells if len(c.sizes) == groups and c.reference == reference]
        worst = max(mine, key=lambda c: c.gate)
        alone, point = max(c.alone for c in mine), max(c.point for c in mine)
        print(
            f"{groups} groups, {reference} as reference, {len(mine)} cells: gate at most {worst.gate:.4f} "
            f"(sizes {worst.sizes}, rate {worst.rate}); each interval alone {alone:.4f}; point {point:.4f}"
        )
    for rate in RATES:
        both = several(((40, 60), (30, 60, 90, 200, 400)), rate, tables, 1)
        cross = crossed(1000, np.array([0.5, 0.5]), np.array([0.5, 0.3, 0.1, 0.1]), rate, tables, 1)
        print(f"rate {rate}: two groupings at once {both:.4f}; two features and their intersection {cross:.4f}")
        over += [both, cross] if max(both, cross) > STATED + 0.002 else []
    for sizes, rate, weights in product(((30,) * 3, (200,) * 5, (30, 30, 1000)), (0.02, 0.05, 0.2), (False, True)):
        shares = measured(sizes, rate, max(tables // 40, 100), 1, weights)
        kind = "sampling weights" if weights else "counts"
        print(f"{sizes}, rate {rate}, {kind}: beside the highest {shares[0]:.4f}, lowest to highest {shares[1]:.4f}")
    print(f"{len(over)} cells over {STATED}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
