"""Fitted linear models to their coefficients, and the exact Shapley values of their output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.attribution.explained import (
    Explained,
    Inverse,
    exponential,
    identity,
    logistic,
    softmax_of_rows,
)


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A model whose output is a weighted sum of its encoded columns."""

    coefficients: NDArray[np.float64]
    """(K, m)."""
    intercept: NDArray[np.float64]
    """(K,)."""
    output: Callable[[Any], NDArray[np.float64]]
    """Encoded rows -> (n, K) the model's own output."""
    scale: str
    inverse: Inverse

    def explain(self, encoded: Any, background: Any) -> Explained:
        """Attribute the output of `encoded` rows, against the mean of the background."""
        rows, mean = dense(encoded), dense(background).mean(axis=0)
        return Explained(
            values=(rows - mean)[:, :, None] * self.coefficients.T[None],
            base=mean @ self.coefficients.T + self.intercept,
            output=self.output(encoded),
            game="interventional Shapley values (absent columns come from background rows), exact for a linear model",
            scale=self.scale,
            inverse=self.inverse,
            background_rows=dense(background).shape[0],
        )

    def holds(self, encoded: Any, tolerance: float = 1e-6) -> bool:
        """Tell whether the weighted sum is what the model gives for these rows."""
        summed = dense(encoded) @ self.coefficients.T + self.intercept
        return bool(np.allclose(summed, self.output(encoded), rtol=tolerance, atol=tolerance))


def linear_of(model: Any, columns: tuple[int, ...]) -> Linear | None:
    """Return the weighted sum of a fitted scikit-learn estimator, or None where it has none.

    Parameters
    ----------
    columns : tuple of int
        Positions in `classes_` of the classes to explain; empty in regression.
    """
    coefficients, intercept = getattr(model, "coef_", None), getattr(model, "intercept_", None)
    if coefficients is None or intercept is None:
        return None
    weights = np.atleast_2d(dense(coefficients))
    constant = np.broadcast_to(np.atleast_1d(np.asarray(intercept, dtype=np.float64)), (len(weights),))
    if not columns:
        return _regression(model, weights, constant) if len(weights) == 1 else None
    if not hasattr(model, "decision_function"):
        return None
    return _classification(model, weights, constant, columns)


def dense(rows: Any) -> NDArray[np.float64]:
    """Return encoded rows as a dense array of float64, whatever held them."""
    whole = rows.toarray() if hasattr(rows, "toarray") else rows
    return np.asarray(whole, dtype=np.float64)


def _regression(model: Any, weights: NDArray[np.float64], constant: NDArray[np.float64]) -> Linear:
    name = type(model).__name__
    logarithmic = name in ("PoissonRegressor", "GammaRegressor")
    if name == "TweedieRegressor":
        logarithmic = model.link == "log" or (model.link == "auto" and model.power > 0)

    def output(rows: Any) -> NDArray[np.float64]:
        given = np.asarray(model.predict(rows), dtype=np.float64).reshape(-1, 1)
        return np.log(given) if logarithmic else given

    return Linear(
        coefficients=weights,
        intercept=constant,
        output=output,
        scale="log of the target" if logarithmic else "unit of the target",
        inverse=exponential if logarithmic else identity,
    )


def _classification(
    model: Any, weights: NDArray[np.float64], constant: NDArray[np.float64], columns: tuple[int, ...]
) -> Linear:
    chosen = np.eye(max(2, len(weights)))[list(columns)]
    # One row of weights is the margin of the second class.
    turn = chosen[:, 1:] - chosen[:, :1] if len(weights) == 1 else chosen

    def output(rows: Any) -> NDArray[np.float64]:
        given = np.asarray(model.decision_function(rows), dtype=np.float64)
        return given.reshape(len(given), -1) @ turn.T

    scale, inverse = "decision score", identity
    if hasattr(model, "predict_proba"):
        scale, inverse = "raw score (before softmax)", softmax_of_rows
        if len(columns) == 1:
            scale, inverse = "log-odds", logistic
    return Linear(coefficients=turn @ weights, intercept=turn @ constant, output=output, scale=scale, inverse=inverse)
