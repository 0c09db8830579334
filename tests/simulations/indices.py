"""How often the interval of an index holds the truth: run by hand, `python tests/simulations/indices.py [ROUNDS]`.

Each cell draws two groups of known rates, or of known scores, measures the index in each round, and prints how often
its interval holds the true value, how wide it is on average, and in how many rounds there was no value.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).parents[1] / "fairness"))

from divided import divide

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.fairness.counts import Share
from audit.fairness.division import Division
from audit.records.measured import Estimate

SIZES = ((30, 30), (30, 300), (100, 100), (1000, 1000))
RATES = ((0.5, 0.5), (0.3, 0.5), (0.1, 0.1), (0.05, 0.1), (0.02, 0.02), (0.9, 0.95))
SHIFTS = (0.0, 0.5)


@dataclass(frozen=True)
class Cell:
    """How one index fared in one population."""

    index: str
    sizes: tuple[int, int]
    population: str
    coverage: float
    width: float
    undefined: float


def cells(rounds: int, seed: int = 0, grid: tuple[tuple[int, int], ...] = SIZES) -> Iterator[Cell]:
    """Yield every cell of the grid, or of some of its sizes."""
    rng = np.random.default_rng(seed)
    for sizes in grid:
        for rates in RATES:
            yield from _of_rates(sizes, rates, rounds, rng)
        for shift in SHIFTS:
            yield from _of_scores(sizes, shift, rounds, rng)
            yield _of_strata(sizes, shift, rounds, rng)


def _of_rates(
    sizes: tuple[int, int], rates: tuple[float, float], rounds: int, rng: np.random.Generator
) -> Iterator[Cell]:
    (n, m), (p, q) = sizes, rates
    base = _two(np.zeros(n + m, dtype=np.int64), sizes)
    truth = {"marginal_effect": q - p, "denial_odds_ratio": ((1 - p) / p) / ((1 - q) / q)}
    drawn = [
        replace(base, selection=Share(np.array([c, a]), np.array([m, n])))
        for a, c in zip(rng.binomial(n, p, rounds), rng.binomial(m, q, rounds), strict=True)
    ]
    for name, true in truth.items():
        yield _cell(name, sizes, f"selected {p:g} and {q:g}", drawn, true)


def _of_scores(sizes: tuple[int, int], shift: float, rounds: int, rng: np.random.Generator) -> Iterator[Cell]:
    n, m = sizes
    target = np.concatenate([np.arange(m) % 2, np.arange(n) % 2])
    drawn = []
    for _ in range(rounds):
        score = rng.normal(target - shift * (np.arange(n + m) >= m), 1)
        drawn.append(_two((score > 0.5).astype(np.int64), sizes, target=target, score=score))
    spread = np.sqrt(1.25)  # of a mixture of two normal scores one apart
    # Positives of the group lie 1 - shift above the negatives of the others, and sqrt(2) is their spread.
    truth = {
        "mean_score_difference": -shift,
        "standardized_mean_difference": -shift / spread,
        "bnsp_auc": float(norm.cdf((1 - shift) / np.sqrt(2))),
        "bpsn_auc": float(norm.cdf((1 + shift) / np.sqrt(2))),
    }
    for name, true in truth.items():
        yield _cell(name, sizes, f"scores {shift:g} lower", drawn, true)


def _of_strata(sizes: tuple[int, int], shift: float, rounds: int, rng: np.random.Generator) -> Cell:
    n, m = sizes
    within = np.concatenate([np.arange(m) % 3, np.arange(n) % 3])
    # The same odds ratio of denial, exp(shift), in three strata of different rates.
    log_odds = np.array([-1.0, 0.0, 1.0])[within] - shift * (np.arange(n + m) >= m)
    drawn = [
        _two((rng.random(n + m) < 1 / (1 + np.exp(-log_odds))).astype(np.int64), sizes, within=within)
        for _ in range(rounds)
    ]
    return _cell("mantel_haenszel_odds_ratio", sizes, f"log odds {shift:g} lower", drawn, float(np.exp(shift)))


def _two(
    label: np.ndarray,
    sizes: tuple[int, int],
    *,
    target: np.ndarray | None = None,
    score: np.ndarray | None = None,
    within: np.ndarray | None = None,
) -> Division:
    group = np.repeat(np.array(["a", "b"], dtype=object), sizes[::-1])
    truth = label if target is None else target
    sample = Sample(target=truth, label=label, score=score, classes=2, positive=1, favourable=1)
    return divide(sample, group, within=within)


def _cell(name: str, sizes: tuple[int, int], population: str, drawn: list[Division], true: float) -> Cell:
    index = load("indices", name)
    found = [index.compute(division)[1] for division in drawn]
    known = [m for m in found if isinstance(m, Estimate)]
    held = [(m.low is None or m.low <= true) and (m.high is None or true <= m.high) for m in known]
    widths = [m.high - m.low for m in known if m.low is not None and m.high is not None]
    return Cell(
        index=name,
        sizes=sizes,
        population=population,
        coverage=float(np.mean(held)) if held else float("nan"),
        width=float(np.mean(widths)) if widths else float("nan"),
        undefined=1 - len(known) / len(found),
    )


if __name__ == "__main__":
    for cell in cells(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        n, m = cell.sizes
        mark = "  <" if cell.coverage < 0.935 else ""
        print(
            f"{cell.index:32} {n:5} {m:5}  {cell.population:22} {cell.coverage:.4f}  {cell.width:9.3f}  "
            f"{cell.undefined:.3f}{mark}",
            flush=True,
        )
