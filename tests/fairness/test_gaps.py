"""The interval of a gap knows that the extremes were picked by chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from audit.fairness.counts import Share
from audit.fairness.gaps import difference, draw_shares, draw_slack, gap_interval, ratio

RATES = arrays(float, st.integers(2, 6), elements=st.floats(0, 1))


@given(RATES)
def test_gaps_by_mask_arithmetic(values):
    assert float(difference(values, None)) == max(values) - min(values)
    assert float(difference(values, 0)) == max(abs(v - values[0]) for v in values)
    if max(values) > 0:
        assert float(ratio(values, None)) == min(values) / max(values)


@given(RATES)
def test_order_of_groups_does_not_matter(values):
    assert difference(values, None) == difference(values[::-1], None)
    assert np.array_equal(ratio(values, None), ratio(values[::-1], None), equal_nan=True)


def test_a_ratio_to_a_reference_is_taken_below_one():
    assert float(ratio(np.array([0.2, 0.4, 0.8]), 1)) == 0.5
    assert float(ratio(np.array([0.4, 0.4]), 0)) == 1.0


def test_draws_are_reduced_row_by_row():
    draws = np.array([[0.1, 0.5, np.nan], [0.3, 0.2, 0.9]])
    assert difference(draws, None) == pytest.approx([0.4, 0.7])
    assert ratio(draws, None) == pytest.approx([0.2, 2 / 9])


def coverage(rates, sizes, interval, form, rounds=400):
    rng = np.random.default_rng(11)
    gap = difference if form == "difference" else ratio
    true = float(gap(np.array(rates), None))
    inside = 0
    for _ in range(rounds):
        share = Share(rng.binomial(sizes, rates), np.array(sizes))
        point = float(gap(share.values(), None))
        draws = draw_shares(share, 400, rng)
        low, high = interval(form, point, gap(draws, None), draw_slack(form, draws))
        inside += low - 1e-12 <= true <= high + 1e-12
    return inside / rounds


def ours(form, point, draws, slack):
    return gap_interval(form, point, draws, slack, 0.95)


def percentiles(form, point, draws, slack):
    return tuple(np.quantile(draws, [0.025, 0.975]))


@pytest.mark.parametrize("form", ["difference", "ratio"])
@pytest.mark.parametrize(
    ("rates", "sizes"),
    [((0.5, 0.5), (80, 80)), ((0.3, 0.6), (60, 90)), ((0.4,) * 5, (50,) * 5), ((0.1, 0.2, 0.3), (99,) * 3)],
)
def test_intervals_of_gaps_cover_the_true_gap(form, rates, sizes):
    assert coverage(rates, sizes, ours, form) >= 0.92  # of 400 rounds at 0.95, three standard errors


def test_plain_percentiles_would_not():
    # The known-bad double: with equal groups every redrawn gap is above the true one.
    assert coverage((0.4,) * 5, (50,) * 5, percentiles, "difference") < 0.5


def test_draws_of_zero_leave_the_ratio_open_and_finite():
    draws = np.column_stack([np.repeat([0.0, 0.2], [40, 60]), np.full(100, 0.4), np.full(100, np.nan)])
    slack = draw_slack("ratio", draws)
    assert gap_interval("ratio", 0.5, ratio(draws, None), slack, 0.95) == (0.0, 1.0)


def test_a_gap_that_is_mostly_undefined_has_no_ends():
    draws = np.full((100, 2), np.nan)
    assert gap_interval("difference", 0.1, difference(draws[:, :1], None), draws[:, 0], 0.95) == (0.0, None)


def test_draws_in_which_every_group_is_zero_say_nothing_and_warn_of_nothing():
    draws = np.array([[0.0, 0.0], [0.2, 0.4], [0.4, 0.2]])
    slack = draw_slack("ratio", draws)
    assert np.isnan(slack[0])
    assert slack[1:] == pytest.approx([np.log(2), np.log(2)])
