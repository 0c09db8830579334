"""How alike the attributions of the same rows are when only the seed is another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.attribution.likeness import (
    chance_of_leaders,
    is_like_chance,
    leading,
    mean_over,
    rank_correlations,
    shared_leaders,
)
from audit.attribution.told import Told, by_class, labels_of, observed, of_each
from audit.declarations.attribution import MethodNotRunError
from audit.declarations.attribution_check import AttributionCheck, Audited, Done, Held
from audit.records.measured import Estimate, Undefined

_SEEDS = ("1", "2")
_ROUNDING = 1e-6
Array = NDArray[np.float64]


def find(audited: Audited) -> Held:
    """Run each method again with other seeds, and compare which columns lead and in which order all stand."""
    d = audited.ground.rows.shape[1]
    k = leading(d)
    told = of_each(audited, lambda done: _measured(audited, done, k), CHECK.measures)
    failures, parts = {}, []
    for done, measures in told:
        top, found = measures["seed_top_jaccard"], done.attributed
        if isinstance(top, Estimate):
            parts.append(f"{done.method.label} {top.value:.2f}")
        if is_like_chance(top, chance_of_leaders(d, k)) and is_like_chance(measures["seed_rank_correlation"], 0.0):
            failures[done.method.name] = "orders columns from seed to seed no more alike than chance would"
        elif found.values is not None and found.error is None and _moved(audited, done) > _ROUNDING:
            failures[done.method.name] = "gives no sampling error, but other values with another seed"
    words = "leading column" if k == 1 else f"{k} leading columns"
    by_chance = f"by chance alone {chance_of_leaders(d, k):.2f}"
    labels = {
        "seed_top_jaccard": f"share of its {words} that another seed finds too (Jaccard index)",
        "seed_rank_correlation": "rank correlation of all columns between seeds",
    }
    return Held(
        summary=f"The {words} that two seeds agree on (Jaccard index, {by_chance}): {'; '.join(parts)}."
        if parts
        else f"No method could be run with another seed ({labels_of(audited.done)}).",
        observations=tuple(
            observed(audited, done, name, labels[name], m[name], True) for done, m in told for name in CHECK.measures
        ),
        failures=failures,
    )


def _measured(audited: Audited, done: Done, k: int) -> Told:
    if audited.ground.rows.shape[1] < 2:
        return dict.fromkeys(CHECK.measures, Undefined(reason="A single column has no order."))
    pairs = _pairs(audited, done)
    return {
        "seed_top_jaccard": mean_over(
            np.concatenate([shared_leaders(a, b, k) for a, b in pairs]), audited.level, (0.0, 1.0)
        ),
        "seed_rank_correlation": mean_over(
            np.concatenate([rank_correlations(a, b) for a, b in pairs]), audited.level, (-1.0, 1.0)
        ),
    }


def _pairs(audited: Audited, done: Done) -> list[tuple[Array, Array]]:
    """Return sizes by row and column of runs on the same rows: of single rows, or of whole runs, each with the next."""
    if done.attributed.values is not None:
        one, other = _values(audited, done)
        return [(np.abs(by_class(one)), np.abs(by_class(other)))]
    # Of one size a column there is no row to go by: pairs of runs are what is counted.
    runs = [audited.again(done, seed).importance for seed in (*_SEEDS, "3")]
    sizes = [np.maximum(run, 0.0)[None] for run in runs if run is not None]
    if len(sizes) < len(runs):
        raise MethodNotRunError("It gave no sizes of columns when it was run once more.")
    return list(zip(sizes, sizes[1:] + sizes[:1], strict=True))


def _values(audited: Audited, done: Done) -> tuple[Array, Array]:
    found = done.attributed
    one = audited.again(done, _SEEDS[0]).values
    # What depends on the row alone is held against the report itself: setting up a large model costs more than rows.
    alone = found.error is None and not found.facts.background_rows
    other = found.values if alone else audited.again(done, _SEEDS[1]).values
    if one is None or other is None:
        raise MethodNotRunError("It gave no attributions when it was run once more.")
    rows = min(len(one), len(other))
    return one[:rows], other[:rows]


def _moved(audited: Audited, done: Done) -> float:
    """Return the largest difference between two seeds as a share of the largest attribution."""
    try:
        one, other = _values(audited, done)
    except MethodNotRunError:
        return 0.0
    size = float(np.abs(one).max(initial=0.0))
    return float(np.abs(one - other).max(initial=0.0)) / size if size else 0.0


CHECK = AttributionCheck(
    name="seed_stability",
    label="Same with another seed",
    find=find,
    measures=("seed_top_jaccard", "seed_rank_correlation"),
    convention="Fails where both measures are nearer to what two orders drawn at random would share than to 1 and "
    "their intervals reach it, or where a method that states no sampling error gives other values with another seed.",
    source="Alvarez-Melis and Jaakkola (2018), On the robustness of interpretability methods, arXiv:1806.08049",
)
