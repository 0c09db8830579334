"""How often the checks of drift find something on clean tables, and on tables with a planted shift: run by hand.

    python tests/simulations/drift.py [RUNS]

Each line is one size of tables and one shift: the share of audits in which at least one feature was found moved (Holm
over all features), in which the classifier found a difference, and the mean number of features whose population
stability index is beyond its critical value. On clean tables, of which there are RUNS, the first two may be at most one
in twenty, give or take the error of the simulation; the third is not adjusted and should be one in twenty of the twelve
features, 0.6, at most. Of tables with a shift there are a fifth of RUNS. By default it takes some minutes of one core.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from audit.catalogue import load
from audit.declarations.check import Setting
from audit.declarations.metric import Sample
from audit.records.sections import ModelFacts, TableFacts
from audit.robustness.shift import value_of
from audit.subject.evidence import Evaluation, Evidence, Predictions, Subject, Table

# Loaded before threads are limited: a library that comes later has threads of its own, which wait for each other.
CHECKS = tuple(load("checks", name) for name in ("drift", "drift_classifier"))
SIZES = ((100, 60), (300, 150), (3000, 1500))
SHIFTS = ("none", "mean of one feature by 0.3 SD", "shares of one category", "covariance of two features")


@dataclass(frozen=True)
class Found:
    """What one audit found."""

    features: bool
    classifier: bool
    beyond: float


def main(runs: int) -> None:
    print(f"{'train':>6} {'test':>6}  {'shift':32} {'features':>9} {'classifier':>11} {'PSI beyond':>11}")
    for rows, others in SIZES:
        for shift in SHIFTS:
            times = runs if shift == "none" else max(runs // 5, 1)
            found = [audited(rows, others, shift, seed) for seed in range(times)]
            shares = [np.mean([getattr(f, name) for f in found]) for name in ("features", "classifier", "beyond")]
            print(
                f"{rows:>6} {others:>6}  {shift:32} {shares[0]:>9.3f} {shares[1]:>11.3f} {shares[2]:>11.2f}", flush=True
            )


def audited(rows: int, others: int, shift: str, seed: int) -> Found:
    rng = np.random.default_rng((seed, rows))
    evidence = evidence_of(table("train", rows, "none", rng), table("test", others, shift, rng))
    setting = Setting(level=0.95, seed=seed)
    by_id = {
        o.id.removeprefix("robustness/"): o.measured
        for check in CHECKS
        for o in check.find(evidence, setting).observations
    }
    return Found(
        features=value_of(by_id["features_drifted"]) > 0,
        classifier=value_of(by_id["drift_auc_p_value"]) < 0.05,
        beyond=value_of(by_id["psi_beyond_chance"]),
    )


def table(role: str, n: int, shift: str, rng: np.random.Generator) -> Table:
    """Eight normal features, counts, skewed values with gaps, and two categories."""
    normal = rng.normal(size=(n, 8))
    if shift == SHIFTS[3]:
        normal[:, 1] = 0.7 * normal[:, 0] + np.sqrt(1 - 0.49) * normal[:, 1]
    features = pd.DataFrame(normal, columns=[f"x{i}" for i in range(8)])
    features["count"] = rng.poisson(2, n)
    features["gaps"] = np.where(rng.random(n) < 0.2, np.nan, rng.exponential(size=n))
    shares = [0.35, 0.35, 0.3] if shift == SHIFTS[2] else [0.5, 0.3, 0.2]
    features["c"] = rng.choice(["a", "b", "c"], n, p=shares)
    features["many"] = rng.choice([f"v{i}" for i in range(40)], n)
    if shift == SHIFTS[1]:
        features["x2"] += 0.3
    return Table(
        role=role,
        features=features,
        target=None,
        target_raw=None,
        weight=None,
        sensitive=pd.DataFrame(index=range(n)),
        time=None,
        cv_group=None,
        facts=TableFacts.model_validate({"role": role, "name": role, "rows": n, "rows_used": n}),
    )


def evidence_of(train: Table, test: Table) -> Evidence:
    subject = Subject(
        task="binary",
        classes=("0", "1"),
        positive=1,
        favourable=1,
        threshold=None,
        model=None,
        facts=ModelFacts(name="m", format="predictions", type="predictions", refittable=False),
        test=test,
        train=train,
        reference=None,
        predictions=None,
    )
    predictions = Predictions(label=None, score=np.zeros(test.n), probability=True)
    headline = Evaluation("held_out", test, predictions, sample=Sample(target=None, score=predictions.score))
    return Evidence(subject, headline=headline, held_out=headline, out_of_fold=None, train=None)


if __name__ == "__main__":
    with threadpool_limits(1):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
