"""How often the score of a model is said to have moved between two clean tables, by kind of model; run by hand.

    python tests/simulations/score_drift.py [RUNS]

Each line is one kind of model, one size of both tables and one kind of rows: the share of pairs of tables in which the
population stability index, the Jensen-Shannon and the Wasserstein distance of the score are beyond what chance gives,
and in which the p-value is under 0.05. On clean tables each may be at most one in twenty, give or take the error of the
simulation. The last columns are a shift of the feature that matters most by half a standard deviation.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from audit.catalogue import load
from audit.declarations.check import Setting
from audit.records.sections import TableFacts
from audit.records.spec import AuditSpec
from audit.robustness.shift import value_of
from audit.subject.estimator import Identity, adapted
from audit.subject.evidence import Evidence, Subject, Table
from audit.subject.gather import gather_evidence
from audit.subject.predict import predictor

MODELS: Mapping[str, Any] = {
    "logistic regression": LogisticRegression(),
    "random forest": RandomForestClassifier(20, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=20, random_state=0),
    "5 nearest neighbours": KNeighborsClassifier(5),
    "tree": DecisionTreeClassifier(random_state=0),
}
ROWS = ("smooth", "rounded", "weighted")
SPEC = AuditSpec.model_validate(
    {
        "model": {"path": "m"},
        "data": {"train": "t", "test": "u", "target": "y"},
        "performance": {"learning_curve": False},
        "robustness": {"checks": ["score_drift"]},
    }
)
FLAGS = (("psi_score", "psi_score_critical"), ("jensen_shannon_score", "jensen_shannon_score_critical"),
         ("wasserstein_score", "wasserstein_score_critical"))  # fmt: skip


def main(runs: int) -> None:
    """Print the table."""
    print(f"{'model':22} {'train':>6} {'test':>6}  {'rows':9} {'PSI':>6} {'JS':>6} {'W':>6} {'p':>6} | shifted: PSI, p")
    for n, others in ((200, 150), (1000, 500), (5000, 2500)):
        for name in MODELS:
            for rows in ROWS:
                times = runs if n < 5000 else runs // 4
                clean = [flagged(name, n, others, rows, seed) for seed in range(times)]
                moved = [flagged(name, n, others, rows, seed, 0.5) for seed in range(max(times // 5, 1))]
                (a, b, c, d), (e, _, _, f) = (np.mean(found, axis=0) for found in (clean, moved))
                told = f"{a:>6.3f} {b:>6.3f} {c:>6.3f} {d:>6.3f} |          {e:.2f} {f:.2f}"
                print(f"{name:22} {n:>6} {others:>6}  {rows:9} {told}", flush=True)


def flagged(model: str, n: int, others: int, rows: str, seed: int, shift: float = 0.0) -> tuple[bool, ...]:
    """Whether each distance is beyond chance, and the p-value under 0.05, in one audit of two tables."""
    rng = np.random.default_rng((seed, n))
    evidence = evidence_of(MODELS[model], table("train", n, rows, 0.0, rng), table("test", others, rows, shift, rng))
    finding = load("checks", "score_drift").find(evidence, Setting(level=0.95, seed=seed))
    by_id = {o.id.removeprefix("robustness/"): value_of(o.measured) for o in finding.observations}
    return (*(by_id[one] > by_id[other] for one, other in FLAGS), by_id["score_p_value"] < 0.05)


def table(role: str, n: int, rows: str, shift: float, rng: np.random.Generator) -> Table:
    """Four normal features, of which two tell something of the label."""
    values = rng.normal(size=(n, 4))
    values[:, 0] += shift
    target = (values[:, 0] + values[:, 1] + rng.normal(size=n) > 0).astype(np.int64)
    weight = rng.integers(1, 3, n) * 1.0 if rows == "weighted" else None
    return Table(
        role=role,
        features=pd.DataFrame(values.round(0) if rows == "rounded" else values, columns=list("abcd")),
        target=target,
        target_raw=pd.Series(target),
        weight=weight,
        weight_kind="sampling",
        sensitive=pd.DataFrame(index=range(n)),
        time=None,
        cv_group=None,
        facts=TableFacts.model_validate(
            {
                "role": role, "name": role, "rows": n, "rows_used": n,
                "target_counts": {"0": int((target == 0).sum()), "1": int(target.sum())},
            }
        ),
    )  # fmt: skip


class Deaf:
    """Hears of progress and of nothing else."""

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Be told how far the work is."""

    def warning(self, text: str) -> None:
        """No fold may be left out."""
        raise AssertionError(text)


def evidence_of(estimator: Any, train: Table, test: Table) -> Evidence:
    """Evidence as the measuring process gathers it."""
    weighted = {} if isinstance(estimator, KNeighborsClassifier) else {"sample_weight": train.weight}
    fitted = estimator.fit(train.features, train.target, **weighted)
    model = adapted(fitted, Identity(place="model", name="m", format="memory", heard=lambda text: None))
    subject = Subject(
        task="binary",
        classes=("0", "1"),
        positive=1,
        favourable=1,
        threshold=0.5,
        model=model,
        facts=model.facts,
        test=test,
        train=train,
        reference=None,
        predictions=predictor("binary", ("0", "1"), 1, 0.5),
    )
    return gather_evidence(subject, SPEC, Deaf())


if __name__ == "__main__":
    with threadpool_limits(1):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
