"""Time of our interventional SHAP beside shap's, in one process; run as a script, outside the tests.

    python tests/benchmarks/interventional_shap.py [rows of ours] [rows of shap's]

LightGBM of 300 rounds on 30 columns, against 1,000 background rows (shap's masker would cut them to 100, and is told
not to). Ours runs on all rows, our tables of the background counted; shap runs on a few, and its time a row is taken to
be the same on all. The model is made with n_jobs=1, CPU time is that of one thread each, wall time that of all ours.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import shap
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification

from audit.attribution import compiled, interventional
from audit.attribution.boosters import booster_of
from audit.attribution.interventional import Interventional, interventional_values

COLUMNS, BACKGROUND = 30, 1_000


def main(rows: int = 10_000, few: int = 10) -> None:
    """Check that both sides give the same values, then print what a row costs each side, and the ratios."""
    warnings.simplefilter("ignore")
    X, y = make_classification(max(rows, 10_000), COLUMNS, n_informative=12, random_state=0)
    model = LGBMClassifier(n_estimators=300, n_jobs=1, verbose=-1).fit(X, y)
    booster = booster_of(model, (1,))
    forest = booster.forest() if booster else None
    assert forest is not None
    background = np.random.default_rng(0).permutation(X)[:BACKGROUND]
    start = time.process_time()
    compiled.compiled(interventional._sources)
    print(f"compiling, or reading what was compiled: {time.process_time() - start:.1f} s of CPU time")
    masker = shap.maskers.Independent(background, max_samples=BACKGROUND)
    peer = shap.TreeExplainer(model, masker, feature_perturbation="interventional")

    def ours(n: int) -> np.ndarray:
        found = interventional_values(
            forest.trees, forest.read(X[:n]), forest.read(background), np.random.default_rng(0)
        )
        assert isinstance(found, Interventional) and found.error is None
        return found.values[:, :, 0]

    cpu, theirs = time.process_time(), np.asarray(peer.shap_values(X[:few], check_additivity=False))
    other = (time.process_time() - cpu) / few
    mine = ours(few)
    # shap reads thresholds in single precision, and adds up to the model's output within 1e-6 only.
    base = model.predict(background, raw_score=True).mean()
    output = model.predict(X[:few], raw_score=True)
    apart = np.abs(mine - theirs).max()
    assert apart < 1e-6, f"the two sides differ by {apart}"
    print(
        f"largest difference {apart:.0e}; to the output add up: ours within "
        f"{np.abs(mine.sum(axis=1) + base - output).max():.0e}, shap's within "
        f"{np.abs(theirs.sum(axis=1) + peer.expected_value - output).max():.0e}"
    )
    processors = compiled._processors
    for n in (1_000, rows):
        compiled._processors = lambda: 1
        cpu = time.process_time()
        ours(n)
        cpu = (time.process_time() - cpu) / n
        compiled._processors = processors
        wall = time.perf_counter()
        ours(n)
        wall = (time.perf_counter() - wall) / n
        print(
            f"{n} rows: CPU a row {cpu * 1e6:.0f} us, shap {other * 1e6:.0f} us, ratio {other / cpu:.0f}; "
            f"wall {wall * 1e6:.0f} us in {processors()} threads"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
