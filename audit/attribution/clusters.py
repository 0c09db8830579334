"""Columns to the groups in which they say the same: declared, or found by rank correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.attribution import Ground

ALIKE = 0.5
"""Least absolute rank correlation between any two columns of a group that is found."""


def groups_of(ground: Ground) -> dict[str, tuple[int, ...]]:
    """Return the columns of each group by place, those that the spec declares first, then every other column.

    Without declared groups, columns whose values correlate by rank with 0.5 or more, each with each, are a group.
    """
    names = [str(name) for name in ground.rows.columns]
    if ground.groups:
        declared = {group: tuple(names.index(c) for c in columns) for group, columns in ground.groups.items()}
        taken = {j for columns in declared.values() for j in columns}
    else:
        declared = _found(ground, names)
        taken = {j for columns in declared.values() for j in columns}
    return declared | {_own(names[j], declared): (j,) for j in range(len(names)) if j not in taken}


def _own(name: str, declared: dict[str, tuple[int, ...]]) -> str:
    return name if name not in declared else f"{name} (column)"


def _found(ground: Ground, names: list[str]) -> dict[str, tuple[int, ...]]:
    from scipy.cluster.hierarchy import fcluster

    if len(names) < 2:
        return {}
    tree = clustering(pd.concat([ground.rows, ground.background], ignore_index=True))
    label = fcluster(tree, t=1 - ALIKE, criterion="distance")
    groups = [tuple(np.flatnonzero(label == k).tolist()) for k in dict.fromkeys(label.tolist())]
    return {" + ".join(names[j] for j in columns): columns for columns in groups if len(columns) > 1}


def clustering(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Cluster columns by one less their absolute rank correlation, to the linkage matrix that scipy uses.

    Text is ranked by alphabet, categories by their own order; a column that never changes is alike to none.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    ranked = pd.DataFrame({j: _ordinal(rows.iloc[:, j]) for j in range(rows.shape[1])})
    alike = ranked.corr(method="spearman").abs().fillna(0.0).to_numpy()
    apart = np.clip(1 - alike, 0.0, 1.0)
    # Complete linkage keeps the tree balanced, and with it the number of coalitions small.
    return np.asarray(linkage(squareform(apart, checks=False), method="complete"), dtype=np.float64)


def _ordinal(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(str).where(column.notna()).astype("category")
    codes = column.cat.codes.to_numpy(dtype=np.float64)
    return np.where(codes < 0, np.nan, codes)
