"""How far attributions depend on which background rows happened to be drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit.attribution.again import attempted, few
from audit.attribution.likeness import is_like_chance, mean_over, rank_correlations
from audit.attribution.told import Told, by_class, exact, observed, of_each, sizes
from audit.declarations.attribution import Ground, MethodNotRunError
from audit.declarations.attribution_check import AttributionCheck, Audited, Done, Held
from audit.estimation.seeds import child_seed
from audit.records.measured import Estimate, Exact, Undefined


def find(audited: Audited) -> Held:
    """Run each method that uses background rows again with others, drawn from the same table."""
    told = of_each(audited, lambda done: _measured(audited, done), CHECK.measures)
    failures, parts = {}, []
    for done, measures in told:
        ranks, change = measures["background_rank_correlation"], measures["background_largest_change"]
        if isinstance(ranks, Estimate) and isinstance(change, Exact):
            parts.append(f"{done.method.label} {ranks.value:.2f}, {100 * change.value:.1f} %")
            if is_like_chance(ranks, 0.0):
                failures[done.method.name] = (
                    "orders columns no more alike than orders drawn at random are once other background rows are drawn"
                )
    return Held(
        summary="Rank correlation of attributions with those against other background rows, and the largest change of "
        f"a column's share: {'; '.join(parts)}."
        if parts
        else "No method uses background rows.",
        observations=tuple(
            observed(audited, done, name, _LABELS[name], m[name], name == CHECK.measures[0])
            for done, m in told
            for name in CHECK.measures
        ),
        failures=failures,
    )


_LABELS = {
    "background_rank_correlation": "rank correlation of attributions with those against other background rows",
    "background_largest_change": "largest change of a column's share of all attributions with other background rows",
}


def _measured(audited: Audited, done: Done) -> Told:
    found = done.attributed
    if not found.facts.background_rows or found.values is None or found.ground is None:
        return dict.fromkeys(CHECK.measures, Undefined(reason="It uses no background rows."))
    if found.values.shape[1] < 2:
        return dict.fromkeys(CHECK.measures, Undefined(reason="A single column has no order."))
    ground = few(done, audited.ground)
    seed = child_seed(audited.ground.seed, "again/1")
    other = attempted(done, replace(ground, background=_drawn(audited, ground), seed=seed))
    if isinstance(other, MethodNotRunError):
        raise other
    # The same rows, the same seed: only the background is another.
    first, second = audited.again(done, "1").values, other.values
    if first is None or second is None:
        raise MethodNotRunError("It gave no attributions when it was run once more.")
    shares = [size / max(float(size.sum()), 1e-300) for size in (sizes(first), sizes(second))]
    return {
        "background_rank_correlation": mean_over(
            rank_correlations(by_class(first), by_class(second)), audited.level, (-1.0, 1.0)
        ),
        "background_largest_change": exact(float(np.abs(shares[0] - shares[1]).max()), len(first)),
    }


def _drawn(audited: Audited, ground: Ground) -> pd.DataFrame:
    """Return as many background rows from the same table, none of them drawn before where the table is large enough."""
    subject = audited.evidence.subject
    table = subject.train if subject.train is not None and subject.train.n else audited.evidence.headline.table
    before = set(pd.util.hash_pandas_object(ground.background, index=False).tolist())
    hashes = pd.util.hash_pandas_object(table.features, index=False).to_numpy()
    fresh = np.flatnonzero(~np.isin(hashes, list(before)))
    rng, size = np.random.default_rng(audited.seed), len(ground.background)
    if len(fresh) < size:
        fresh = np.arange(table.n)
    chosen = rng.permutation(fresh)[:size]
    return table.features.iloc[np.sort(chosen)].reset_index(drop=True)


CHECK = AttributionCheck(
    name="background",
    label="Same with other background rows",
    find=find,
    measures=("background_rank_correlation", "background_largest_change"),
    convention="Fails where the rank correlation is nearer to 0, where orders drawn at random stand, than to 1, and "
    "its interval reaches 0.",
)
