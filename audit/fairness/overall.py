"""Measures how far each group is from all rows together, where a rate is a share of rows."""

from __future__ import annotations

import numpy as np

from audit.declarations.disparity import Disparity, Form
from audit.fairness.disaggregate import FORMS, Disaggregated, Gap, estimated_gap, measure_gaps, no_gap
from audit.fairness.gaps import GAPS, Array, draw_most, draw_slack
from audit.records.measured import Undefined


def apart(disparity: Disparity) -> bool:
    """Whether a disparity rests on other gaps than those between the groups."""
    return disparity.beside == "overall"


def gaps_for(disparity: Disparity, result: Disaggregated) -> dict[Form, Gap]:
    """Return the gaps that a disparity combines: between the groups, or of each group to all rows together."""
    return measure_to_overall(result) if apart(disparity) else measure_gaps(result)


def measure_to_overall(result: Disaggregated) -> dict[Form, Gap]:
    """Return the widest distance of a judged group from the rows of all known groups, and the least such ratio.

    Notes
    -----
    max_g |rate_g - rate| and min_g min(rate_g / rate, rate / rate_g): `MetricFrame.difference` and `ratio` of fairlearn
    with `method="to_overall"`. The rate of all rows is the mean of those of the groups, weighted by what each rests on,
    and so it is in every draw: the draws of both are joint.
    """
    return {form: _gap(result, form) for form in FORMS}


def _gap(result: Disaggregated, form: Form) -> Gap:
    share, compared = result.share, result.compared
    if share is None:
        return _none(f"{result.metric.label} is no share of rows, so that groups do not add up to all rows.")
    reason = no_gap(result, compared, None)
    if reason:
        return _none(reason)
    known = [g for g, group in enumerate(result.grouping.groups) if not group.unknown and share.of[g] > 0]
    weight = share.of[known].astype(np.float64)
    values = share.values()
    # Whole numbers stay exact, as in `Share`.
    overall = (share.hits[known].sum() * (values[known[0]] * 0 + 1)) / share.of[known].sum()
    beside = len(compared)
    point = float(GAPS[form](np.append(values[compared], overall), beside))
    if np.isnan(point):
        return _none(f"{result.metric.label} is 0 in every compared group.")
    method, draws = result.drawn
    whole = draws[:, known] @ weight / weight.sum()
    drawn: Array = np.column_stack([draws[:, compared], whole])
    gaps, slack = GAPS[form](drawn, beside), draw_slack(form, drawn)
    most = draw_most(drawn, beside, result.rows.interval.level) if form == "ratio" and not point else 1.0
    n = sum(result.grouping.groups[g].n for g in known)
    return Gap(estimated_gap(form, point, gaps, slack, method, n, result.rows, most), gaps, slack, most)


def _none(reason: str) -> Gap:
    return Gap(Undefined(reason=reason), np.empty(0), np.empty(0))
