"""The sentences in which a verdict explains itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit.declarations.condition import rational
from audit.policy.measures import Asked
from audit.policy.pack import PackLimit
from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation
from audit.records.verdict import Outcome, Part


def number(value: float, beside: Sequence[float] = ()) -> str:
    """Return a number with three significant digits, or as many as tell it from the limits that it stands beside.

    Examples
    --------
    >>> number(0.79996, beside=[0.8])
    '0.79996'
    >>> number(0.6 / 0.75, beside=[0.8])
    '0.8'
    >>> number(5.4e-13)
    '5.4e-13'
    """
    if float(value).is_integer() and abs(value) < 10**6:
        return str(int(value))
    if 0 < abs(value) < 1e-4:
        return f"{value:.2g}"
    near = [limit for limit in beside if rational(limit) != rational(value)]
    for digits in range(3, 15):
        text = f"{value:.{digits}g}"
        if all(rational(float(text)) != rational(limit) for limit in near):
            return text
    return repr(value)


def probability(p: float, beside: Sequence[float] = ()) -> str:
    """Return "= 0.031" or "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {number(p, beside)}"


def measurement(item: Asked, observation: Observation, measured: Exact | Estimate, limit: PackLimit | None) -> str:
    """Return "Impact ratio for female is 0.741 (95% interval 0.61 to 0.9, n = 120)"."""
    beside = limit_values(limit) if limit else ()
    value = number(measured.value, beside)
    name = subject_of(item, observation)
    if isinstance(measured, Exact):
        unit = f" {measured.unit}" if measured.unit else ""
        return f"{name} is {value}{unit} (n = {measured.n:,})"
    low = "minus infinity" if measured.low is None else number(measured.low, beside)
    high = "infinity" if measured.high is None else number(measured.high, beside)
    return f"{name} is {value} ({number(100 * measured.level)}% interval {low} to {high}, n = {measured.n:,})"


def subject_of(item: Asked, observation: Observation | None) -> str:
    """Return what was measured, and of whom."""
    label = observation.label if observation else item.id
    if item.group and item.group.label not in label and item.group.key not in label:
        return f"{label} for {item.group.label}"
    return label


def limit_words(limit: PackLimit) -> str:
    """Return "a limit of at least 0.8 (origin: guidance)"."""
    first, last = (number(value) for value in (limit_values(limit)[0], limit_values(limit)[-1]))
    words = {
        "ge": f"at least {first}",
        "gt": f"above {first}",
        "le": f"at most {first}",
        "lt": f"below {first}",
        "between": f"between {first} and {last}",
        "eq": f"exactly {first}",
    }[limit.op]
    return f"a limit of {words} (origin: {limit.origin})"


def limit_values(limit: PackLimit) -> tuple[float, ...]:
    """Return the one number of a limit, or the two of `between`."""
    return limit.value if isinstance(limit.value, tuple) else (limit.value,)


def summary(parts: Sequence[Part], gravest: Part) -> str:
    """Return one sentence for all parts of a control."""
    if len(parts) == 1:
        return gravest.reason
    counts = {outcome: sum(part.outcome == outcome for part in parts) for outcome in OUTCOME_WORDS}
    told = [f"{count} {OUTCOME_WORDS[outcome]}" for outcome, count in counts.items() if count]
    return f"Of {len(parts)} parts {listed(told)}: {gravest.reason}"


def listed(words: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def plural(count: int, noun: str) -> str:
    """Return "1 gate" or "3 gates"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


OUTCOME_WORDS: dict[Outcome, str] = {
    "fail": "failed",
    "inconclusive": "inconclusive",
    "error": "in error",
    "not_run": "not run",
    "attestation_missing": "not attested",
    "attestation_expired": "attested too long ago",
    "pass": "passed",
    "attested": "attested",
    "recorded": "recorded",
    "not_applicable": "not judged",
}
