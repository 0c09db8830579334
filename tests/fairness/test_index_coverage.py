"""A quick slice of the simulation of `tests/simulations/indices.py`: intervals of indices hold what is true."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "simulations"))

import indices

from audit.declarations.index import Index
from audit.records.measured import Estimate

ROUNDS = 120
# Six standard errors under 0.95, so that none of the cells fails by chance.
LEAST = 0.95 - 6 * np.sqrt(0.95 * 0.05 / ROUNDS)


def test_intervals_of_indices_hold_the_truth():
    for cell in indices.cells(ROUNDS, grid=((40, 90),)):
        assert cell.coverage >= LEAST, cell


def test_intervals_half_as_wide_would_not(monkeypatch: pytest.MonkeyPatch):
    load = indices.load

    def halved(kind: str, name: str) -> Index:
        index = load(kind, name)

        def compute(division):
            found = index.compute(division)
            return tuple(
                m.model_copy(update={"low": (m.low + m.value) / 2, "high": ((m.high or 2 * m.value) + m.value) / 2})
                if isinstance(m, Estimate)
                else m
                for m in found
            )

        return Index(name=name, label=name, compute=compute)

    monkeypatch.setattr(indices, "load", halved)
    assert any(cell.coverage < LEAST for cell in indices.cells(ROUNDS, grid=((40, 90),)))
