"""Holds each group against one reference group: differences, ratios, and what the four-fifths rule asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from audit.declarations.disparity import Form
from audit.fairness.counts import Share
from audit.fairness.disaggregate import Disaggregated
from audit.fairness.together import joint_level
from audit.fairness.two_rates import is_few, katz, least_expected, newcombe, reversed_by_one, two_sided_p
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.records.sections import GroupFacts


@dataclass(frozen=True)
class Reference:
    """The group that others are held against."""

    position: int | None
    """None where there is no such group."""
    picked: bool
    """Whether it was picked from the same rows, as the group with the highest rate."""
    groupings: int = 1
    """Groupings whose intervals have to hold together."""


Test = Callable[[int, int, int, int], float]
"""Of a hits in n rows of the group and c in m of the reference group."""

SELECTION = ("impact_ratio", "selection_rate_p_value", "selection_reversal", "expected_cell", "shortfall")
"""Measures that come of the selection rate beside that of a reference group."""


def highest(result: Disaggregated) -> int | None:
    """Return the position of the judged group with the highest value, the first of equals; None where there is none."""
    return max(result.compared, key=lambda g: (result.values[g], -g), default=None)


def observe_selection(result: Disaggregated, beside: Reference, argument: str | None) -> Iterator[Observation]:
    """Yield how each known group is selected beside the reference group.

    Parameters
    ----------
    result : Disaggregated
        Selection rates.
    beside : Reference
        The reference group.
    argument : str or None
        What the ids name as reference; None for the reference of the grouping.
    """
    suffix = "" if argument is None else f";reference={encoded(argument)}"
    reference = beside.position
    for g, group in enumerate(result.grouping.groups):
        if group.unknown:
            continue
        ratio = _against(result, "ratio", g, beside)
        yield _observation(result, f"impact_ratio{suffix}", "Impact ratio", group, True, ratio)
        counted = result.independent or result.share is None or not result.share.exact
        p_value = _tested(result, g, reference, two_sided_p) if counted else Undefined(reason=result.untested)
        yield _observation(
            result, f"selection_rate_p_value{suffix}", "p-value of equal selection", group, None, p_value
        )
        # The reference group beside itself: no other choice can turn it against itself.
        reversal = Exact(value=0, n=group.n) if g == reference else _tested(result, g, reference, _reversal)
        yield _observation(
            result,
            f"selection_reversal{suffix}",
            "Reversal by one different selection (1: yes, 0: no)",
            group,
            None,
            reversal,
        )
        expected = _tested(result, g, reference, least_expected)
        yield _observation(result, f"expected_cell{suffix}", "Least expected count", group, None, expected)
        if argument is None:
            short = _shortfall(result, g)
            yield _observation(result, "shortfall", "Selections short of the overall rate", group, False, short)


def observe_against(result: Disaggregated, beside: Reference, forms: tuple[Form, ...]) -> Iterator[Observation]:
    """Yield the difference and ratio of each known group to the reference group."""
    for g, group in enumerate(result.grouping.groups):
        for form in () if group.unknown else forms:
            yield Observation(
                id=f"fairness/{result.metric.name}/{group.key}/{form}",
                label=f"{result.metric.label}: {form} of {group.label} to the reference group",
                measured=_against(result, form, g, beside),
                scope=result.rows.scope,
            )


def _against(result: Disaggregated, form: Form, g: int, beside: Reference) -> Measured:
    reference = beside.position
    if reference is None:
        return _no_reference(result)
    for position in (g, reference):
        measured = result.measured[position]
        if isinstance(measured, Undefined):
            return Undefined(reason=f"{result.grouping.groups[position].label}: {measured.reason}")
    value, other = result.values[g], result.values[reference]
    if form == "ratio" and other == 0:
        name = result.grouping.groups[reference].label
        return Undefined(reason=f"{result.metric.label} is 0 in the reference group {name}.")
    n = sum(result.grouping.groups[p].n for p in {g, reference})
    if g == reference:
        return Exact(value=1.0 if form == "ratio" else 0.0, n=n)
    point = float(value / other if form == "ratio" else value - other)
    level = result.rows.interval.level
    each = joint_level(level, len({reference, *result.compared}), beside.picked, beside.groupings)
    method, (low, high) = _interval(result, form, point, g, reference, each)
    return Estimate(
        value=point, low=low, high=high, level=level, method=method if each == level else f"{method}_simultaneous", n=n
    )


def _interval(
    result: Disaggregated, form: Form, point: float, g: int, reference: int, level: float
) -> tuple[str, tuple[float | None, float | None]]:
    if result.share is not None and result.independent:
        a, n, c, m = _four(result.share, g, reference)
        if form == "difference":
            return "newcombe", newcombe(a, n, c, m, level)
        return ("katz_exact" if is_few(np.array(a), np.array(c)) else "katz_log"), katz(a, n, c, m, level)
    method, draws = result.drawn
    one, other = draws[:, g], draws[:, reference]
    with np.errstate(divide="ignore", invalid="ignore"):
        both = one / other if form == "ratio" else one - other
    finite = both[np.isfinite(both)]
    if len(finite) < len(both) / 2:
        return method, (None, None)
    low, high = (float(end) for end in np.quantile(finite, [0.5 - level / 2, 0.5 + level / 2]))
    return method, (min(low, point), max(high, point))


def _tested(result: Disaggregated, g: int, reference: int | None, test: Test) -> Measured:
    share = result.share
    if share is None or not share.exact:
        return Undefined(reason=result.uncounted)
    if reference is None:
        return _no_reference(result)
    for position in (g, reference):
        if not share.of[position]:
            return Undefined(reason=f"{result.grouping.groups[position].label}: there are no rows.")
    four = _four(share, g, reference)
    return Exact(value=test(*four), n=four[1] if g == reference else four[1] + four[3])


def _reversal(a: int, n: int, c: int, m: int) -> int:
    return int(reversed_by_one(a, n, c, m))


def _shortfall(result: Disaggregated, g: int) -> Measured:
    share = result.share
    known = [i for i, group in enumerate(result.grouping.groups) if not group.unknown]
    if share is None or not share.of[known].sum():
        return Undefined(reason="There are no rows.")
    hits, of = share.hits[known].sum(), share.of[known].sum()
    if not share.exact:
        return Exact(value=float(share.of[g] * hits / of - share.hits[g]), n=result.grouping.groups[g].n)
    short = Fraction(int(share.of[g]) * int(hits), int(of)) - int(share.hits[g])
    return Exact(value=float(short), n=int(of))


def _no_reference(result: Disaggregated) -> Undefined:
    return Undefined(
        reason=f"There is no reference group: no group of at least {result.rows.minimum} rows has a value."
    )


def _four(share: Share, g: int, reference: int) -> tuple[int, int, int, int]:
    return int(share.hits[g]), int(share.of[g]), int(share.hits[reference]), int(share.of[reference])


def _observation(
    result: Disaggregated, name: str, label: str, group: GroupFacts, better: bool | None, measured: Measured
) -> Observation:
    return Observation(
        id=f"fairness/{name}/{group.key}",
        label=f"{label}: {group.label}",
        measured=measured,
        higher_is_better=better,
        scope=result.rows.scope,
    )
