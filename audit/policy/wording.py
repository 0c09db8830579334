"""The sentences in which a verdict explains itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import floor, isinf, log10

from audit.declarations.condition import Number, rational
from audit.policy.measures import Asked
from audit.policy.pack import PackLimit
from audit.policy.phrases import listed, plural
from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation
from audit.records.verdict import Outcome, Part


def number(value: float, beside: Sequence[float] = ()) -> str:
    """Return one number as its limits are written: no digit added, and none that would make it look like a limit.

    Examples
    --------
    >>> number(0.79996, beside=[0.8])
    '0.79996'
    >>> number(0.6 / 0.75, beside=[0.8]), number(1085), number(2931.448)
    ('0.8', '1,085', '2,931')
    >>> number(5.4e-13)
    '5.4e-13'
    """
    if float(value).is_integer() and abs(value) < 10**15:
        return f"{int(value):,}"
    if 0 < abs(value) < 1e-4:
        return f"{value:.2g}"
    decimals = _decimals([value], beside)
    text = _fixed(value, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def numbers(values: Sequence[float], beside: Sequence[float] = ()) -> tuple[str, ...]:
    """Return numbers that stand side by side, all with as many decimals.

    Examples
    --------
    >>> numbers([0.95, 0.8462, 1.0664], beside=[0.8])
    ('0.950', '0.846', '1.066')
    """
    decimals = _decimals(values, beside)
    return tuple(_fixed(value, decimals) for value in values)


def probability(p: float, beside: Sequence[float] = ()) -> str:
    """Return a p-value with its sign: "= 0.0312", or "< 0.001" where no limit lies below that.

    Examples
    --------
    >>> probability(0.0), probability(0.0312), probability(0.0004, beside=[0.0005])
    ('< 0.001', '= 0.0312', '= 0.0004')
    """
    if p < _LEAST_P and all(limit >= _LEAST_P for limit in beside):
        return f"< {_LEAST_P}"
    return f"= {number(p, beside)}"


def measurement(item: Asked, observation: Observation, measured: Exact | Estimate, limit: PackLimit | None) -> str:
    """Return "Impact ratio for female is 0.741 (95% interval 0.610 to 0.900, n = 120)"."""
    beside = limit_values(limit) if limit else ()
    name = subject_of(item, observation)
    verb = "are" if is_plural(name) else "is"
    if isinstance(measured, Exact):
        if "p_value" in observation.id.split("/")[1]:
            p = probability(measured.value, beside)
            return f"{name} {verb} {p.removeprefix('= ').replace('<', 'below')} (n = {measured.n:,})"
        unit = f" {measured.unit}" if measured.unit else ""
        behind = "" if measured.value == measured.n else f" (n = {measured.n:,})"
        return f"{name} {verb} {number(measured.value, beside)}{unit}{behind}"
    ends = [end for end in (measured.low, measured.high) if end is not None]
    value, *told = numbers([measured.value, *ends], beside)
    low = "minus infinity" if measured.low is None else told.pop(0)
    high = "infinity" if measured.high is None else told.pop(0)
    return f"{name} {verb} {value} ({number(100 * measured.level)}% interval {low} to {high}, n = {measured.n:,})"


def settling(needed: Number, *, compared: bool) -> str:
    """Return the end of a sentence that says what n would have settled it; `compared`: beside a reference group.

    Examples
    --------
    >>> settling(1300, compared=False)
    '; n of about 1,300 would settle it, if the value stayed where it is'
    """
    stayed = "if the value stayed where it is"
    if isinf(needed):
        return f"; no number of rows would settle it, {stayed}"
    if needed > _MOST_ROWS:
        return f"; n of more than {_MOST_ROWS:,} would settle it, {stayed}"
    alike = " and its reference group grew alike" if compared else ""
    return f"; n of about {int(needed):,} would settle it, {stayed}{alike}"


def subject_of(item: Asked, observation: Observation | None) -> str:
    """Return what was measured, and of whom: "Impact ratio for female", "ROC AUC of the best feature (checks)"."""
    label = observation.label if observation else item.id
    if item.group is None:
        what, colon, which = label.partition(": ")
        return f"{what} ({which})" if colon else label
    label = label.removesuffix(f": {item.group.label}")
    named = item.group.label in label or item.group.key in label
    return label if named else f"{label} for {item.group.label}"


def limit_words(limit: PackLimit) -> str:
    """Return "a limit of at least 0.8 (origin: guidance)"."""
    first, last = (number(value) for value in (limit_values(limit)[0], limit_values(limit)[-1]))
    words = {
        "ge": f"at least {first}",
        "gt": f"more than {first}",
        "le": f"at most {first}",
        "lt": f"less than {first}",
        "between": f"between {first} and {last}",
        "eq": f"exactly {first}",
    }[limit.op]
    return f"a limit of {words} (origin: {limit.origin})"


def limit_values(limit: PackLimit) -> tuple[float, ...]:
    """Return the one number of a limit, or the two of `between`."""
    return limit.value if isinstance(limit.value, tuple) else (limit.value,)


def summary(parts: Sequence[Part], gravest: Part) -> str:
    """Return what decided a control, then how its other parts came out."""
    if len(parts) == 1:
        return gravest.reason
    counts = {outcome: sum(part.outcome == outcome for part in parts) for outcome in _CAME_OUT}
    told = [f"{count} {_came_out(outcome, count)}" for outcome, count in counts.items() if count]
    if len(told) == 1:
        more = len(parts) - 1
        return f"{gravest.reason} {plural(more, 'more part')} {_came_out(gravest.outcome, more)}."
    return f"{gravest.reason} Of the {len(parts)} parts of this control, {listed(told)}."


def _came_out(outcome: Outcome, count: int) -> str:
    text = _CAME_OUT[outcome]
    return text if count == 1 else text.replace("is ", "are ").replace("has ", "have ").replace("waits", "wait")


_CAME_OUT: dict[Outcome, str] = {
    "fail": "failed",
    "inconclusive": "is inconclusive",
    "error": "is in error",
    "not_run": "is not measured",
    "attestation_missing": "waits for a statement",
    "attestation_expired": "has an expired statement",
    "pass": "passed",
    "attested": "is attested",
    "recorded": "is recorded",
    "not_applicable": "is not judged",
}

_LEAST_P = 0.001
_MOST_ROWS = 10**9
_HEAD_ENDS = re.compile(r" (?:of|for|in|on|to|that|whose|with|without|equal|short|beyond|over|by|past|per) |[(:,]")


def is_plural(name: str) -> bool:
    """Tell from its head noun whether a label is plural: "Test rows equal to ..." is, "Share of rows" is not.

    Examples
    --------
    >>> [is_plural(t) for t in ("Test rows equal to a train row", "Share of rows", "Log loss", "Expected bias for X")]
    [True, False, False, False]
    """
    head = _HEAD_ENDS.split(f"{name} ", maxsplit=1)[0].strip()
    return head.endswith("s") and not head.endswith(("ss", "us", "is", "as"))


def _decimals(values: Sequence[float], beside: Sequence[float]) -> int:
    """Return the decimals that three digits of the largest take, and that tell every value from the limits."""
    top = max(abs(value) for value in values)
    decimals = 3 if top < 10 else 2 if top < 100 else 1 if top < 1000 else 0
    if 0 < top < 0.1:
        decimals = 2 - floor(log10(top))
    while decimals < 15 and any(
        rational(value) != rational(limit) and rational(float(f"{value:.{decimals}f}")) == rational(limit)
        for value in values
        for limit in beside
    ):
        decimals += 1
    return decimals


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text
