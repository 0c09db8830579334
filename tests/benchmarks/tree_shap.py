"""Time of our path-dependent Tree SHAP beside shap.TreeExplainer, in one process; run as a script, outside the tests.

    python tests/benchmarks/tree_shap.py [rows of ours] [rows of shap's]

Ours runs on all rows; shap runs on a few, and its time a row is taken to be the same on all. CPU time is that of one
thread each, wall time that of all our threads against shap's defaults, which for LightGBM and XGBoost are those of a
model made with n_jobs=1. Neither side predicts or reads the model anew: what is timed begins with rows and ends with
attributions. Each pair is timed twice by turns and the quicker run counts.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import shap
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from xgboost import XGBClassifier

from audit.attribution import compiled, quadrature
from audit.attribution.boosters import booster_of
from audit.attribution.dumps import LightGBMTrees, XGBoostTrees
from audit.attribution.forests import Forest, forest_of
from audit.attribution.quadrature import tree_values

COLUMNS = 30
# Model, and the largest difference to shap that counts as equal: XGBoost's own values are of single precision.
MODELS: dict[str, tuple[Any, float]] = {
    "random forest, 200 trees of depth 8": (RandomForestClassifier(200, max_depth=8, random_state=0), 1e-8),
    "LightGBM, 300 rounds": (LGBMClassifier(n_estimators=300, n_jobs=1, verbose=-1), 1e-8),
    "XGBoost, 300 rounds of depth 6": (XGBClassifier(n_estimators=300, n_jobs=1), 1e-5),
    "histogram boosting, 300 rounds": (HistGradientBoostingClassifier(max_iter=300, early_stopping=False), 1e-8),
}


def main(rows: int = 20_000, few: int = 200) -> None:
    """Check that both sides give the same values, then print what a row costs each side, and the ratios."""
    warnings.simplefilter("ignore")
    X, y = make_classification(rows, COLUMNS, n_informative=12, random_state=0)
    start = time.process_time()
    quadrature._kernels()
    print(f"compiling, or reading what was compiled: {time.process_time() - start:.1f} s of CPU time")
    processors = compiled._processors
    for name, (model, tolerance) in MODELS.items():
        model.fit(X[:10_000], y[:10_000])
        kind = _trees(model)
        peer = shap.TreeExplainer(model)
        # The first call of each side is not timed: it may compile, and it is where they are compared.
        apart = np.abs(ours(kind, X[:few]) - theirs(peer, X[:few])).max()
        assert apart <= tolerance, f"{name}: the two sides differ by {apart}"
        lone, both = [], []
        for _ in range(2):
            other = _seconds(theirs, peer, X[:few]) / few
            compiled._processors = lambda: 1
            lone.append((_seconds(ours, kind, X) / rows, other))
            compiled._processors = processors
            both.append(_seconds(ours, kind, X)[1] / rows)
        mine, other = np.min([m for m, _ in lone], axis=0), np.min([o for _, o in lone], axis=0)
        print(
            f"{name}: CPU a row {mine[0] * 1e6:.1f} us, shap {other[0] * 1e6:.0f} us, ratio {other[0] / mine[0]:.0f}; "
            f"wall {min(both) * 1e6:.1f} us in {processors()} threads, shap {other[1] * 1e6:.0f} us, "
            f"ratio {other[1] / min(both):.0f}; largest difference {apart:.0e}"
        )


def ours(kind: LightGBMTrees | XGBoostTrees | Forest, rows: np.ndarray) -> np.ndarray:
    """(n, d) attributions of the second class."""
    return tree_values(kind.trees, kind.read(rows))[:, :, 0]


def theirs(explainer: Any, rows: np.ndarray) -> np.ndarray:
    """(n, d) attributions of the second class."""
    found = np.asarray(explainer.shap_values(rows, check_additivity=False))
    return found[:, :, 1] if found.ndim == 3 else found


def _trees(model: Any) -> LightGBMTrees | XGBoostTrees | Forest:
    booster = booster_of(model, (1,))
    kind = forest_of(model, (1,)) if booster is None else booster.own()
    assert kind is not None
    return kind


def _seconds(work: Callable[..., object], *given: object) -> np.ndarray:
    # CPU time of the process, and time on the wall.
    cpu, wall = time.process_time(), time.perf_counter()
    work(*given)
    return np.array([time.process_time() - cpu, time.perf_counter() - wall])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
