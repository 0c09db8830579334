"""Coefficients and how columns go together to Shapley values that guess an absent column from those present."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray


def conditional_weights(
    coefficients: NDArray[np.float64], covariance: NDArray[np.float64], owners: NDArray[np.int64], columns: int
) -> NDArray[np.float64]:
    """Return what each encoded column's distance from its mean gives to each original column.

    Absent columns stand at their best linear guess from those present, which is their mean given these where all are
    normal together: v(S) - v(0) = (w_S + C_SS^-1 C_SR w_R) . (x_S - mean_S), with R the absent ones.

    Parameters
    ----------
    coefficients : ndarray, shape (K, m)
        Of the encoded columns.
    covariance : ndarray, shape (m, m)
        Of the encoded columns.
    owners : ndarray of int64, shape (m,)
        Original column behind each encoded one.
    columns : int
        d; 2**d coalitions are counted.

    Returns
    -------
    ndarray, shape (d, m, K)
        Shapley values of a row are the products with its (m,) distances from the means.

    References
    ----------
    Aas, Jullum, Løland: Explaining individual predictions when features are dependent (2021),
    doi:10.1016/j.artint.2021.103502, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> pair = conditional_weights(np.array([[1.0, 0.0]]), np.array([[1.0, 0.8], [0.8, 1.0]]), np.array([0, 1]), 2)
    >>> pair[:, :, 0].round(12).tolist()
    [[1.0, -0.4], [0.0, 0.4]]
    """
    weight = coefficients.T
    told = np.zeros((2**columns, *weight.shape))
    for coalition in range(1, 2**columns):
        inside = (coalition >> owners) & 1 == 1
        within = covariance[np.ix_(inside, inside)]
        across = covariance[np.ix_(inside, ~inside)] @ weight[~inside]
        told[coalition, inside] = weight[inside] + np.linalg.pinv(within, hermitian=True) @ across
    place = np.arange(2**columns)
    found = []
    for j in range(columns):
        without = place[(place >> j) & 1 == 0]
        share = np.array([1 / (columns * comb(columns - 1, int(s).bit_count())) for s in without])
        found.append(np.einsum("s,smk->mk", share, told[without + 2**j] - told[without]))
    return np.stack(found)
