"""Attributions of single predictions, as every explainer returns them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

Inverse = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Attributions that add up to the model's output on a named scale."""

    values: NDArray[np.float64]
    """(n, d, K) attribution of each original column, for each explained output."""
    base: NDArray[np.float64]
    """(K,) output before any column is known."""
    output: NDArray[np.float64]
    """(n, K) the model's own output on the scale, computed without the attributions."""
    game: str
    scale: str
    inverse: Inverse
    """(n, K) outputs on the scale -> (n, K) what the model reports as its score."""
    background_rows: int = 0
    error: NDArray[np.float64] | None = None
    """(n, d, K) standard error of each value where it was sampled; None where it is exact."""
    notes: tuple[str, ...] = ()

    def additivity_error(self) -> float:
        """Return the largest |base + sum of attributions - output|."""
        return float(np.abs(self.base + self.values.sum(axis=1) - self.output).max(initial=0.0))

    def reports(self, score: NDArray[np.float64], tolerance: float = 1e-4) -> bool:
        """Tell whether the explained output is what the model reports as its (n, K) score."""
        return bool(np.allclose(self.inverse(self.output), score, rtol=tolerance, atol=tolerance))


def identity(output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the output itself: it is what the model reports."""
    return output


def logistic(output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of log-odds."""
    return np.asarray(expit(output), dtype=np.float64)


def softmax_of_rows(output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of raw scores, one row a prediction."""
    return np.asarray(softmax(output, axis=1), dtype=np.float64)


def exponential(output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the value of its logarithm."""
    return np.exp(output)
