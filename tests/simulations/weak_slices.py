"""How often weak slices are confirmed where there are none, and found where one is planted; run as a script.

    python tests/simulations/weak_slices.py [--replicates N] [--rows N ...] [--law NAME ...]

Without a planted slice no column says anything about the losses, so that every confirmed slice is a false flag: at a
level of 0.95 at most one table in twenty may have any. With one, the model is wrong in 8 % of the rows as often as it
is right elsewhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.declarations.check import Setting
from audit.declarations.metric import Sample
from audit.records.sections import ModelFacts, TableFacts
from audit.robustness.checks.weak_slices import find
from audit.subject.evidence import Evaluation, Evidence, Predictions, Subject, Table

SLICE = "age=[30,35)&region=north"


@dataclass(frozen=True)
class Drawn:
    """What a law draws: truth, and what the model said of it."""

    target: np.ndarray
    label: np.ndarray | None
    score: np.ndarray
    probability: bool
    classes: int = 2
    weight: np.ndarray | None = None
    weight_kind: str = "frequency"


def columns(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Five columns that say nothing: numbers, ages in steps of five years, categories, missing values."""
    frame = pd.DataFrame(
        {
            "income": rng.lognormal(10, 1, n),
            "age": rng.integers(4, 14, n) * 5,
            "region": rng.choice(["north", "south"], n, p=[0.8, 0.2]),
            "job": rng.choice(list("abcdef"), n),
            "tenure": rng.normal(size=n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "tenure"] = np.nan
    return frame


def binary(rate: float, sharpness: float) -> Callable[[np.random.Generator, int, np.ndarray], Drawn]:
    """Probabilities that are right, or turned round in the slice."""

    def draw(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
        p = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + sharpness * rng.normal(size=n))))
        target = (rng.random(n) < np.where(wrong, 1 - p, p)).astype(np.int64)
        return Drawn(target, (p >= 0.5).astype(np.int64), p, True)

    return draw


def labels(error: float) -> Callable[[np.random.Generator, int, np.ndarray], Drawn]:
    """Labels that are wrong at a rate, or right at that rate in the slice."""

    def draw(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
        target = rng.integers(0, 2, n)
        miss = (rng.random(n) < error) ^ wrong
        label = np.where(miss, 1 - target, target)
        return Drawn(target, label, None, False)

    return draw


def upside_down(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
    """Losses with a long tail to the left: one confident probability that is mostly wrong."""
    target = (rng.random(n) < 0.92).astype(np.int64)
    return Drawn(target, np.zeros(n, dtype=np.int64), np.where(wrong, 0.02, 0.1), True)


def regression(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
    """Errors with a long tail to the right, four times as large in the slice."""
    score = rng.normal(size=n)
    return Drawn(score + rng.standard_t(3, n) * np.where(wrong, 4.0, 1.0), None, score, False, classes=0)


def multiclass(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
    """Probabilities of three classes that are right, or meant for another class in the slice."""
    p = rng.dirichlet([0.4, 0.4, 0.4], n)
    target = (p.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1).clip(0, 2)
    return Drawn(np.where(wrong, (target + 1) % 3, target), p.argmax(axis=1), p, True, classes=3)


def ranking(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
    """Scores without a scale."""
    drawn = binary(0.3, 2.0)(rng, n, wrong)
    return Drawn(drawn.target, None, np.log(drawn.score / (1 - drawn.score)), False)


def weighted(rng: np.random.Generator, n: int, wrong: np.ndarray) -> Drawn:
    """Probabilities that are right, rows that were drawn unequally."""
    drawn = binary(0.3, 1.0)(rng, n, wrong)
    weight = rng.lognormal(0, 0.7, n)
    return Drawn(drawn.target, drawn.label, drawn.score, True, weight=weight, weight_kind="sampling")


LAWS: dict[str, Callable[[np.random.Generator, int, np.ndarray], Drawn]] = {
    "binary": binary(0.3, 1.5),
    "binary_rare": binary(0.03, 1.0),
    "labels": labels(0.2),
    "labels_rare": labels(0.03),
    "upside_down": upside_down,
    "regression": regression,
    "multiclass": multiclass,
    "ranking": ranking,
    "weighted": weighted,
}


def evidence(rng: np.random.Generator, n: int, law: str, planted: bool) -> Evidence:
    """Draw a table and what a model says of it."""
    frame = columns(rng, n)
    slice_ = (frame["age"] == 30) & (frame["region"] == "north")
    drawn = LAWS[law](rng, n, slice_.to_numpy() & planted)
    regression = not drawn.classes
    positive = 1 if drawn.classes == 2 else None
    table = Table(
        role="test", features=frame, target=drawn.target, target_raw=None, weight=drawn.weight,
        sensitive=pd.DataFrame(index=frame.index), time=None, cv_group=None,
        facts=TableFacts(role="test", name="t.csv", rows=n, rows_used=n), weight_kind=drawn.weight_kind,
    )  # fmt: skip
    subject = Subject(
        task="regression" if regression else "binary" if positive else "multiclass",
        classes=tuple(map(str, range(drawn.classes))), positive=positive, favourable=positive, threshold=None,
        model=None, facts=ModelFacts(name="m", format="predictions", type="predictions", refittable=False),
        test=table, train=None, reference=None, predictions=None,
    )  # fmt: skip
    sample = Sample(
        target=drawn.target, label=drawn.label, score=drawn.score, weight=drawn.weight,
        weight_kind=drawn.weight_kind, classes=drawn.classes, positive=positive, probability=drawn.probability,
    )  # fmt: skip
    headline = Evaluation("held_out", table, Predictions(drawn.label, drawn.score, drawn.probability), sample=sample)
    return Evidence(subject, headline=headline, held_out=headline, out_of_fold=None, train=None)


def flagged(law: str, n: int, planted: bool, replicates: int, seed: int) -> tuple[float, float]:
    """Share of tables with a confirmed slice, and with the planted one among them, by name."""
    any_, named = 0, 0
    for replicate in range(replicates):
        rng = np.random.default_rng([seed, replicate])
        found = find(evidence(rng, n, law, planted), Setting(level=0.95, seed=replicate))
        keys = [o.id.split("/", 2)[2] for o in found.observations[1:]]
        any_ += bool(keys)
        named += SLICE in keys
    return any_ / replicates, named / replicates


def main() -> None:
    """Print one line a law and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 1000, 4000])
    parser.add_argument("--law", nargs="+", default=list(LAWS), choices=list(LAWS))
    told = parser.parse_args()
    print(f"{'law':12} {'rows':>6} {'false flags':>12} {'planted: any':>13} {'by name':>8}")
    for law in told.law:
        for n in told.rows:
            false, _ = flagged(law, n, False, told.replicates, 1)
            power, named = flagged(law, n, True, told.replicates, 2)
            print(f"{law:12} {n:6} {false:12.3f} {power:13.3f} {named:8.3f}", flush=True)


if __name__ == "__main__":
    main()
