"""Denial odds ratio: the odds that a group is refused, over those of the reference group."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.division import Division, exactly
from audit.fairness.odds import conditional, odds_ratio, woolf
from audit.fairness.two_rates import least_expected
from audit.records.measured import Estimate, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one ratio a group."""
    return division.against(lambda g, r: _ratio(division, g, r), exactly(1.0, division))


def _ratio(division: Division, g: int, r: int) -> Measured:
    hits, of = division.effective
    a, n, c, m = (float(v) for v in (of[g] - hits[g], of[g], of[r] - hits[r], of[r]))
    if a + c <= 0 or a + c >= n + m:
        return Undefined(reason="Everybody in both groups was decided alike: there are no odds to compare.")
    value = odds_ratio(a, n, c, m)
    method, (low, high) = _interval(division, a, n, c, m)
    # The point of four cells lies off the centre of the exact interval, and one half was added where a cell is 0.
    low, high = min(low, value), None if high is None else max(high, value)
    return Estimate(value=value, low=low, high=high, level=division.level, method=method, n=division.rows(g, r))


def _interval(division: Division, a: float, n: float, c: float, m: float) -> tuple[str, tuple[float, float | None]]:
    if division.suffix:
        return f"woolf{division.suffix}", woolf(a, n, c, m, division.level)
    if least_expected(int(a), int(n), int(c), int(m)) < _LEAST_EXPECTED:
        return "exact_conditional", conditional(int(a), int(n), int(c), int(m), division.level)
    return "woolf", woolf(a, n, c, m, division.level)


_LEAST_EXPECTED = 5

INDEX = Index(
    name="denial_odds_ratio",
    label="Denial odds ratio",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    equal=1.0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="Odds that the group is refused over those of the reference group; above 1 it is refused more often. "
    "One half is added to each of the four counts where one of them is 0; the interval is exact where fewer than five "
    "are expected in a cell.",
    formula="[(1 - s_g) / s_g] / [(1 - s_r) / s_r], s the selection rate",
    source="Interagency Fair Lending Examination Procedures 2009; Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x",
)
