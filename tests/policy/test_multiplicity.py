"""Adjusted p-values against scipy and a worked example."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from audit.policy.multiplicity import adjusted

P_VALUES = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=8)


def test_holm_of_a_worked_example():
    # Step down by hand: 4 x 0.005, 3 x 0.01, 2 x 0.03 = 0.06, 1 x 0.04 raised to 0.06.
    assert adjusted([0.01, 0.04, 0.03, 0.005], "holm") == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(P_VALUES)
def test_bh_agrees_with_scipy(p):
    assert adjusted(p, "bh") == pytest.approx(false_discovery_control(np.array(p), method="bh"))


@given(P_VALUES)
def test_holm_lies_between_raw_and_bonferroni_and_keeps_the_order(p):
    found = adjusted(p, "holm")
    assert all(raw <= value <= min(1.0, len(p) * raw) + 1e-12 for raw, value in zip(p, found, strict=True))
    assert all((a <= b) for (x, a) in zip(p, found, strict=True) for (y, b) in zip(p, found, strict=True) if x < y)


def test_none_leaves_them_as_they_are():
    assert adjusted([0.2, 0.1], "none") == (0.2, 0.1)
