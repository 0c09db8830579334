"""Rows to Owen values: groups of columns earn their credit as one, and their columns split it."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import EXACT_COLUMNS, Coalitions, Predict, ordered_values, worths


def grouped_values(
    predict: Predict,
    rows: pd.DataFrame,
    background: pd.DataFrame,
    rng: np.random.Generator,
    groups: NDArray[np.int64],
) -> Coalitions:
    """Attribute predictions to columns that enter group by group; a group's values sum to its own Shapley value.

    Up to five columns every coalition is counted. Above, each background row is met by one random order of the groups,
    and of the columns within each, and by its reverse.

    Parameters
    ----------
    groups : ndarray of int64, shape (d,)
        Number of the group of each column, from 0.

    References
    ----------
    Owen: Values of games with a priori unions (1977), doi:10.1007/978-3-642-45494-3_7.
    """
    if rows.shape[1] > EXACT_COLUMNS:
        return ordered_values(predict, rows, background, rng, groups)
    given, members = worths(predict, rows, background)
    values = []
    for j in range(rows.shape[1]):
        place, share = _shares(members, groups, j)
        values.append(np.einsum("s,nsk->nk", share, given[:, place + 2**j] - given[:, place]))
    return Coalitions(np.stack(values, axis=1), given[0, 0], None, len(background))


def _shares(
    members: NDArray[np.bool_], groups: NDArray[np.int64], column: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    # The coalitions that a column may meet, which hold other groups whole or not at all, and the weight of each.
    own, count = groups == groups[column], int(groups.max()) + 1
    found, shares = [], []
    for place, inside in enumerate(members):
        held = [inside[groups == g] for g in range(count) if g != groups[column]]
        if inside[column] or any(part.any() != part.all() for part in held):
            continue
        whole, partly = sum(part.all() for part in held), int(inside[own].sum())
        found.append(place)
        shares.append(1 / (count * comb(count - 1, int(whole)) * own.sum() * comb(int(own.sum()) - 1, partly)))
    return np.array(found, dtype=np.int64), np.array(shares)
