"""LIME beside the package `lime` on three models: equality of ranks first, then CPU time; run as a script.

It needs `pip install lime==0.2.0.1` beside the project, and is not part of the tests.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from lime.lime_tabular import LimeTabularExplainer
from scipy.stats import spearmanr
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor

from audit.attribution.local_surrogates import Draw, fitted, moments
from audit.attribution.neighbourhood import neighbourhood_of

SAMPLES, ROWS, AT_LEAST = 20_000, 10, 0.95
CATEGORICAL = [5, 6, 7]
"""Columns of the third table that hold categories."""
Compute = Callable[[np.ndarray], np.ndarray]


def models() -> dict[str, tuple[np.ndarray, Compute, str]]:
    """Rows and what a fitted model gives for them, by the name of the model."""
    found: dict[str, tuple[np.ndarray, Compute, str]] = {}
    X, y = load_breast_cancer(return_X_y=True)
    forest = RandomForestClassifier(100, max_depth=6, random_state=0).fit(X[:, :10], y)
    found["breast cancer, 10 columns, random forest"] = (X[:, :10], forest.predict_proba, "classification")
    X, y = load_diabetes(return_X_y=True)
    trees = RandomForestRegressor(100, max_depth=6, random_state=0).fit(X, y)
    found["diabetes, random forest regression"] = (X, trees.predict, "regression")
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(4_000, 5)), rng.integers(0, 4, size=(4_000, len(CATEGORICAL)))])
    # Every column counts, and each differently: the ranks of columns that count for nothing are noise on both sides.
    y = X[:, :5] @ [2.0, 1.5, 1.0, 0.7, 0.4] + 1.2 * (X[:, 5] - 1.5) + 0.8 * (X[:, 6] - 1.5) + 2.0 * (X[:, 7] == 2)
    boosted = GradientBoostingClassifier(random_state=0).fit(X, y + rng.normal(size=4_000) > 0.5)
    found["5 numbers and 3 categories, gradient boosting"] = (X, boosted.predict_proba, "classification")
    return found


def main() -> None:
    """Print the mean rank correlation of both sides' weights on the same rows, and the CPU time of each."""
    warnings.simplefilter("ignore")
    for name, (X, compute, mode) in models().items():
        rows = X[np.random.default_rng(0).permutation(len(X))[:ROWS]]
        start = time.process_time()
        ours = here(X, rows, compute, mode)
        middle = time.process_time()
        theirs = there(X, rows, compute, mode)
        end = time.process_time()
        ranks = [float(spearmanr(a, b)[0]) for a, b in zip(ours, theirs, strict=True)]
        again = [float(spearmanr(a, b)[0]) for a, b in zip(there(X, rows, compute, mode, seed=1), theirs, strict=True)]
        print(
            f"{name}: rank correlation {np.mean(ranks):.3f} in the mean, {min(ranks):.3f} at least "
            f"(lime with itself under another seed: {np.mean(again):.3f}, {min(again):.3f}); "
            f"CPU {middle - start:.2f} s for {ROWS} rows, lime {end - middle:.2f} s, "
            f"ratio {(end - middle) / (middle - start):.1f}"
        )
        assert np.mean(ranks) >= AT_LEAST, name


def here(X: np.ndarray, rows: np.ndarray, compute: Compute, mode: str, seed: int = 0) -> np.ndarray:
    """(n, d) weights of every column, of the second class or of the value."""
    around = neighbourhood_of(_table(X), discretise=True)
    frame, place, standardised = around.draw(SAMPLES, np.random.default_rng(seed))
    output, own = _second(compute(frame.to_numpy(dtype=np.float64)), mode), _second(compute(rows), mode)
    shift, unit = output.mean(axis=0), output.std(axis=0)
    told = moments(
        Draw(place, standardised, (output - shift) / unit),
        around.places(_table(rows)),
        around.standardised(_table(rows)),
        (own - shift) / unit,
        (),
    )
    return fitted(told, np.ones(rows.shape), X.shape[1]).rescaled(unit, shift).weight[:, :, 0]


def there(X: np.ndarray, rows: np.ndarray, compute: Compute, mode: str, seed: int = 0) -> np.ndarray:
    """(n, d) weights of the package."""
    categories = CATEGORICAL if X.shape[1] == len(CATEGORICAL) + 5 else None
    explainer: Any = LimeTabularExplainer(X, mode=mode, categorical_features=categories, random_state=seed)
    found = np.zeros(rows.shape)
    for i, row in enumerate(rows):
        told = explainer.explain_instance(row, compute, num_features=X.shape[1], num_samples=SAMPLES)
        for column, weight in told.local_exp[1]:
            found[i, column] = weight
    return found


def _table(X: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(X)
    if X.shape[1] == len(CATEGORICAL) + 5:
        table = table.astype(dict.fromkeys(CATEGORICAL, "category"))
    return table


def _second(output: np.ndarray, mode: str) -> np.ndarray:
    return output[:, 1:] if mode == "classification" else output[:, None]


if __name__ == "__main__":
    main()
