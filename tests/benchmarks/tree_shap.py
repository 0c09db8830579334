"""Time of our tree Shapley values beside shap.TreeExplainer in one process; run as a script, outside the tests."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import shap
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from audit.attribution.boosters import Booster, booster_of
from audit.attribution.forests import Forest, forest_of

ROWS, COLUMNS = 2_000, 30
MODELS: dict[str, Any] = {
    "random forest, 200 trees of depth 8": RandomForestClassifier(200, max_depth=8, random_state=0),
    "histogram boosting, 300 rounds": HistGradientBoostingClassifier(max_iter=300, early_stopping=False),
    "LightGBM, 300 rounds (pred_contrib)": LGBMClassifier(n_estimators=300, n_jobs=1, verbose=-1),
}


def main() -> None:
    """Check that both sides give the same values, then print the seconds of each and their ratio."""
    warnings.simplefilter("ignore")
    X, y = make_classification(10_000, COLUMNS, n_informative=12, random_state=0)
    for name, model in MODELS.items():
        model.fit(X, y)
        kind = booster_of(model, (1,)) or forest_of(model, (1,))
        assert kind is not None
        peer = shap.TreeExplainer(model)
        # The first call of each side is not timed: it may compile, and it is where they are compared.
        np.testing.assert_allclose(ours(kind, X[:ROWS]), theirs(peer, X[:ROWS]), atol=1e-8)
        mine, other = _seconds(ours, kind, X[:ROWS]), _seconds(theirs, peer, X[:ROWS])
        print(f"{name}: {mine:.2f} s, shap {other:.2f} s, ratio {other / mine:.1f}")


def ours(kind: Forest | Booster, rows: np.ndarray) -> np.ndarray:
    """(n, d) attributions of the second class."""
    explained = kind.explain(rows, rows.shape[1]) if isinstance(kind, Forest) else kind.explain(rows)
    return explained.values[:, :, 0]


def theirs(explainer: Any, rows: np.ndarray) -> np.ndarray:
    """(n, d) attributions of the second class."""
    found = np.asarray(explainer.shap_values(rows, check_additivity=False))
    return found[:, :, 1] if found.ndim == 3 else found


def _seconds(work: Callable[..., object], *given: object) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
