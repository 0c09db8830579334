"""Whether columns that are said to matter do: replaced one after the other, how fast the output moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import assembled, batches
from audit.attribution.likeness import low_of, mean_over
from audit.attribution.output import output
from audit.attribution.told import Told, observed
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate, Measured, Undefined

_DRAWS = 2
"""Background rows that each row is taken apart against."""
_RANDOM = 3
"""Random orders of each row."""
_MOST = 60
_FEWEST = 5
Array = NDArray[np.float64]
Orders = NDArray[np.int64]


@dataclass(frozen=True)
class Bench:
    """Rows, the background rows that they turn into, and what the model gives in between."""

    pool: pd.DataFrame
    """(n + n * draws, d) rows, then the background rows of each."""
    ends: Array
    """(n + n * draws,) output of the pool, of the class that is followed."""
    rows: int
    classes: NDArray[np.int64]
    """(n,) position of the class that is followed."""
    weight: Array
    audited: Audited

    def path(self, orders: Orders) -> tuple[Array, Array]:
        """Return how far the output falls as columns go, and grows as they come: two (n, d - 1) means over draws.

        Parameters
        ----------
        orders
            (n, d) columns of each row, the first to go and to come first.
        """
        n, d = orders.shape
        rank = orders.argsort(axis=1)
        steps = np.arange(1, d)
        first = rank[:, None, :] < steps[:, None]
        row = np.repeat(np.arange(n), _DRAWS)
        other = n + np.arange(n * _DRAWS)
        # With the first k columns replaced, and with only the first k kept.
        kept = np.stack([~first, first], axis=1)[row]
        source = np.where(kept, row[:, None, None, None], other[:, None, None, None])
        found = self._followed(source.reshape(-1, d), np.repeat(row, 2 * (d - 1)))
        found = found.reshape(n, _DRAWS, 2, d - 1)
        fall = self.ends[:n, None, None] - found[:, :, 0]
        growth = found[:, :, 1] - self.ends[n:].reshape(n, _DRAWS, 1)
        return fall, growth

    def _followed(self, source: NDArray[np.int64], row: NDArray[np.int64]) -> Array:
        compute, parts = output(self.audited.ground).compute, []
        for run in batches(len(source), source.shape[1]):
            found = compute(assembled(self.pool, source[run]))
            parts.append(found[np.arange(len(found)), self.classes[row[run]]])
        return np.concatenate(parts)


def find(audited: Audited) -> Held:
    """Replace the columns of each row by a background row's in the order of their attributions, and in random ones."""
    d = audited.ground.rows.shape[1]
    if d < 2:
        raise AttributionCheckNotRunError("A single column has only one order.")
    if not len(audited.done):
        raise AttributionCheckNotRunError("No method gives an order of columns.")
    bench = _bench(audited)
    rng = np.random.default_rng(audited.seed)
    chance = [bench.path(rng.random((bench.rows, d)).argsort(axis=1)) for _ in range(_RANDOM)]
    told = [(done, _measured(bench, done, chance)) for done in audited.done]
    failures, parts = {}, []
    for done, measures in told:
        gains = [measures["deletion_gain"], measures["insertion_gain"]]
        if isinstance(gains[0], Estimate):
            parts.append(f"{done.method.label} {gains[0].value:.2f}")
        if all(isinstance(g, Estimate) and low_of(g) <= 0 for g in gains):
            failures[done.method.name] = (
                "is not distinguishable from a random order: replacing the columns that it names first moves the "
                "output no faster"
            )
    return Held(
        summary="How much faster the output moves when columns are replaced in the method's order than in a random "
        f"one, as a share of what replacing all moves: {'; '.join(parts)}."
        if parts
        else "The output does not move when every column is replaced.",
        observations=tuple(
            observed(audited, done, name, _LABELS[name], m[name], None if "area" in name else True)
            for done, m in told
            for name in CHECK.measures
        ),
        failures=failures,
    )


_LABELS = {
    "deletion_gain": "area by which replacing columns in its order moves the output faster than in a random order",
    "insertion_gain": "area by which adding columns in its order moves the output faster than in a random order",
    "deletion_gain_constant": "area by which its order for each row moves the output faster than one for all rows",
    "deletion_area": "area under the curve of the output's fall as columns are replaced in its order",
    "insertion_area": "area under the curve of the output's growth as columns are added in its order",
}


def _bench(audited: Audited) -> Bench:
    ground, d = audited.ground, audited.ground.rows.shape[1]
    each = 2 * (d - 1) * _DRAWS * (_RANDOM + 2 * len(audited.done)) + 1 + _DRAWS
    rows = min(ground.sampled, _MOST, audited.budget * max(1, len(audited.done)) // each)
    if rows < min(_FEWEST, ground.sampled):
        raise AttributionCheckNotRunError(f"One row costs {each:,} predictions, more than its budget allows.")
    rng = np.random.default_rng(audited.seed + 1)
    other = rng.integers(0, len(ground.background), rows * _DRAWS)
    pool = pd.concat([ground.rows.iloc[:rows], ground.background.iloc[other]], ignore_index=True)
    ends = output(ground).compute(pool)
    # The class that the model gives the row: of one output, the output itself.
    classes = ends[:rows].argmax(axis=1)
    followed = np.concatenate([classes, np.repeat(classes, _DRAWS)])
    return Bench(
        pool=pool,
        ends=ends[np.arange(len(ends)), followed],
        rows=rows,
        classes=classes,
        weight=ground.weight[:rows],
        audited=audited,
    )


def _measured(bench: Bench, done: Done, chance: list[tuple[Array, Array]]) -> Told:
    found = done.attributed
    n = bench.rows
    whole = np.abs(bench.ends[:n, None] - bench.ends[n:].reshape(n, _DRAWS)).mean()
    if not whole > 0:
        return dict.fromkeys(
            CHECK.measures, Undefined(reason="The output does not move when every column is replaced.")
        )
    signed = found.values is not None and found.ground is not None and found.values.shape[2] > bench.classes.max()
    if signed:
        assert found.values is not None and found.ground is not None
        n = min(n, found.ground.sampled)
        values = found.values[np.arange(n), :, bench.classes[:n]]
        orders, constant = (-values).argsort(axis=1, kind="stable"), -values.mean(axis=0)
    elif found.importance is not None:
        orders = np.tile((-found.importance).argsort(kind="stable"), (n, 1))
        constant = None
    else:
        return dict.fromkeys(CHECK.measures, Undefined(reason="It gives no order of columns."))
    padded = np.vstack([orders, np.tile(np.arange(orders.shape[1]), (bench.rows - n, 1))])
    areas = _areas(bench.path(padded), signed)
    by_chance = np.mean([_areas(path, signed) for path in chance], axis=0)
    told: dict[str, Measured] = {}
    for i, name in enumerate(("deletion", "insertion")):
        told[f"{name}_gain"] = _mean((areas[i] - by_chance[i])[:n] / whole, bench, n)
        told[f"{name}_area"] = _mean(areas[i][:n] / whole, bench, n)
    told["deletion_gain_constant"] = Undefined(reason="It gives one order for all rows.")
    if constant is not None:
        same = _areas(bench.path(np.tile(constant.argsort(kind="stable"), (bench.rows, 1))), signed)
        told["deletion_gain_constant"] = _mean((areas[0] - same[0])[:n] / whole, bench, n)
    return told


def _areas(path: tuple[Array, Array], signed: bool) -> Array:
    # (2, n): signed attributions say which way the output goes, sizes only that it moves.
    return np.stack([(p if signed else np.abs(p)).mean(axis=(1, 2)) for p in path])


def _mean(values: Array, bench: Bench, n: int) -> Measured:
    return mean_over(values, bench.audited.level, weight=bench.weight[:n])


CHECK = AttributionCheck(
    name="deletion",
    label="Moves the output faster than chance",
    find=find,
    measures=("deletion_gain", "insertion_gain", "deletion_gain_constant", "deletion_area", "insertion_area"),
    convention="Fails where neither replacing nor adding columns in the method's order moves the output surely "
    "faster than in a random order.",
    source="Petsiuk, Das and Saenko (2018), RISE, arXiv:1806.07421; Samek et al. (2017), "
    "doi:10.1109/TNNLS.2016.2599820",
)
