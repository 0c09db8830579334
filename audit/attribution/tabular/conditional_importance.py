"""How much worse the model predicts when a column is shuffled only among rows that are alike in the other columns.

A plain shuffle makes rows that cannot be, such as a young pensioner, and asks the model about them. Here a small tree
predicts each column from all others, and the column is shuffled within its leaves: what the others say of it stays.
Sources: Strobl et al. (2008), doi:10.1186/1471-2105-9-307; Debeer and Strobl (2020), doi:10.1186/s12859-020-03622-2;
subgroups by one tree a column as in Molnar et al. (2023), doi:10.1007/s10618-022-00901-9.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.losses import increases
from audit.attribution.observe import observed
from audit.attribution.shuffles import REPEATS, affordable, shuffled_predictions
from audit.attribution.surrogates import encoded_columns
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

NAME = "conditional_importance"
_LABEL = "Conditional importance"
_GAME = "loss of the predictions when one column is shuffled among rows that are alike in the others"
_LEAF = 20
_LEAVES = 64


def attribute(ground: Ground) -> Attributed:
    """Shuffle each column five times within the leaves of a tree that predicts it, and measure what is lost."""
    if ground.target is None:
        raise MethodNotRunError("It needs true labels; the table has none.")
    d = ground.rows.shape[1]
    n = affordable(ground, d)
    if n < 2 * _LEAF:
        raise MethodNotRunError(f"It needs {2 * _LEAF} rows: a part of them would be too few to shuffle among.")
    rows, rng = ground.rows.iloc[:n], np.random.default_rng(ground.seed)
    parts = _parts(rows, ground.seed)
    said = shuffled_predictions(
        replace(ground, sampled=n),
        [((j,), _within(parts[j], rng)) for j in range(d) for _ in range(REPEATS)],
    )
    scale, found = increases(replace(ground, sampled=n), [said[j * REPEATS : (j + 1) * REPEATS] for j in range(d)])
    order = sorted(range(d), key=lambda j: (-found[j].value, j))
    names = [str(name) for name in rows.columns]
    whole = [names[j] for j in range(d) if parts[j].max() == 0]
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=scale,
        rows=n,
        rows_available=ground.available,
        notes=_notes(ground, n, whole),
        features=tuple(names[j] for j in order),
    )
    label = f"{_LABEL} ({scale})"
    return Attributed(
        facts=facts,
        observations=tuple(observed(NAME, names[j], "", label, found[j], ground) for j in order),
        importance=np.array([estimate.value for estimate in found]),
    )


def _notes(ground: Ground, n: int, whole: list[str]) -> tuple[str, ...]:
    notes = [
        f"Alike are rows that share a leaf, of {_LEAF} rows or more, of a tree that predicts the column from all "
        f"others; {REPEATS} shuffles within leaves.",
        "A small number means that the column adds little to what the others say, not that the model does not use it.",
    ]
    if whole:
        notes.append(f"The others say nothing of these, which are shuffled among all rows: {', '.join(whole)}.")
    if n < ground.sampled:
        notes.append(f"Rests on {n} of the {ground.sampled} sampled rows, to stay within the budget of predictions.")
    return tuple(notes)


def _parts(rows: pd.DataFrame, seed: int) -> list[NDArray[np.int64]]:
    # For each column the (n,) leaf of each row, from 0.
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    columns = encoded_columns(rows)
    read = [column.read(rows) for column in columns]
    found = []
    for j in range(rows.shape[1]):
        others = [values for column, values in zip(columns, read, strict=True) if column.column != j]
        if not others:
            found.append(np.zeros(len(rows), dtype=np.int64))
            continue
        numeric, target = _told(rows.iloc[:, j])
        kind = DecisionTreeRegressor if numeric else DecisionTreeClassifier
        least, x = _least(target, numeric), np.column_stack(others)
        tree = kind(min_samples_leaf=_LEAF, max_leaf_nodes=_LEAVES, min_impurity_decrease=least, random_state=seed)
        leaf = tree.fit(x, target).apply(x)
        found.append(np.unique(leaf, return_inverse=True)[1].astype(np.int64))
    return found


def _told(held: pd.Series) -> tuple[bool, NDArray[np.float64] | NDArray[np.int64]]:
    if pd.api.types.is_numeric_dtype(held.dtype) and not pd.api.types.is_bool_dtype(held.dtype):
        values = held.to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(values)
        return True, np.where(known, values, np.median(values[known]) if known.any() else 0.0)
    return False, pd.factorize(held, use_na_sentinel=False)[0].astype(np.int64)


def _least(target: NDArray[np.float64] | NDArray[np.int64], numeric: bool) -> float:
    # A split that chance alone could make is none: a thousandth of what there is to be told.
    if numeric:
        return 1e-3 * float(np.var(target))
    share = np.bincount(target.astype(np.int64)) / len(target)
    return 1e-3 * float(1 - (share**2).sum())


def _within(part: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    # A permutation that keeps every row within its part.
    mixed = np.lexsort((rng.random(len(part)), part))
    permutation = np.empty(len(part), dtype=np.int64)
    permutation[np.argsort(part, kind="stable")] = mixed
    return permutation


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    needs_labels=True,
    default=False,
    order=22,
)
