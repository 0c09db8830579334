"""How far methods agree: which columns lead, in which order all stand, and which way each pushes a prediction."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audit.attribution.likeness import correlation_of_columns, high_of, leading, mean_over, shared_leaders
from audit.attribution.told import by_class, exact, listed, observed
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation, encoded

Array = NDArray[np.float64]
_ALONE = Undefined(reason="No other method gives what it could be compared with.")


def find(audited: Audited) -> Held:
    """Compare every two methods that give sizes of columns, or signed attributions of the same rows."""
    if len(audited.done) < 2:
        raise AttributionCheckNotRunError("There are no two methods to compare.")
    if audited.ground.rows.shape[1] < 2:
        raise AttributionCheckNotRunError("A single column has no order.")
    observations: list[Observation] = []
    against: dict[str, list[tuple[Done, dict[str, Measured]]]] = {done.method.name: [] for done in audited.done}
    for one, other in combinations(audited.done, 2):
        pair = _pair(audited, one, other)
        observations += [
            observed(audited, one, name, f"{_LABELS[name]}, with {other.method.label}", value, True, _with(other))
            for name, value in pair.items()
        ]
        against[one.method.name].append((other, pair))
        against[other.method.name].append((one, pair))
    for done in audited.done:
        observations += [
            observed(audited, done, name, f"{_LABELS[name]}, mean of the other methods", value, True)
            for name, value in _means(against[done.method.name]).items()
        ]
    failures = {done.method.name: text for done in audited.done if (text := _fault(audited, done, against))}
    return Held(summary=_summary(audited, against), observations=tuple(observations), failures=failures)


_LABELS = {
    "rank_agreement": "rank correlation of the sizes of columns",
    "top_agreement": "leading columns shared (Jaccard index)",
    "sign_agreement": "share of leading attributions with the same sign",
}


def _pair(audited: Audited, one: Done, other: Done) -> dict[str, Measured]:
    a, b = one.attributed, other.attributed
    k = leading(audited.ground.rows.shape[1])
    found: dict[str, Measured] = {}
    if a.importance is not None and b.importance is not None:
        # What shuffling a column gains by chance is no size.
        sizes = np.maximum(a.importance, 0), np.maximum(b.importance, 0)
        found["rank_agreement"] = correlation_of_columns(*sizes, audited.level)
        found["top_agreement"] = exact(float(shared_leaders(sizes[0][None], sizes[1][None], k)[0]), len(sizes[0]))
    if a.values is not None and b.values is not None and a.values.shape[2] == b.values.shape[2]:
        rows = min(_rows(one), _rows(other))
        found["sign_agreement"] = _signs(by_class(a.values[:rows]), by_class(b.values[:rows]), k, audited.level)
    return found


def _rows(done: Done) -> int:
    assert done.attributed.ground is not None
    return done.attributed.ground.sampled


def _signs(one: Array, other: Array, k: int, level: float) -> Measured:
    # A column that both place among the leaders of a row; what is exactly nothing points nowhere.
    lead = [np.argsort(np.argsort(-np.abs(v), axis=1), axis=1) < k for v in (one, other)]
    asked = lead[0] & lead[1] & (one != 0) & (other != 0)
    rows = asked.any(axis=1)
    if not rows.any():
        return Undefined(reason="No column leads by both methods.")
    same = (np.sign(one) == np.sign(other)) & asked
    return mean_over(same[rows].sum(axis=1) / asked[rows].sum(axis=1), level, (0.0, 1.0))


def _with(other: Done) -> str:
    return f"with={encoded(other.method.name)}"


def _means(pairs: list[tuple[Done, dict[str, Measured]]]) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for name in CHECK.measures:
        values = [float(v.value) for _, p in pairs if not isinstance(v := p.get(name, _ALONE), Undefined)]
        found[name] = exact(float(np.mean(values)), len(values)) if values else _ALONE
    return found


def _fault(audited: Audited, done: Done, against: dict[str, list[tuple[Done, dict[str, Measured]]]]) -> str:
    opposed = [
        other.method.label
        for other, pair in against[done.method.name]
        if isinstance(found := pair.get("sign_agreement"), Estimate) and high_of(found) < 0.5
    ]
    if opposed:
        return f"points the other way than {listed(opposed)} more often than not"
    turned = [
        other.method.label
        for other, pair in against[done.method.name]
        if isinstance(found := pair.get("rank_agreement"), Estimate) and high_of(found) < 0
    ]
    if turned:
        return f"orders columns against {listed(turned)}"
    lead = _lead(done)
    first = "" if lead is None else str(audited.ground.rows.columns[lead])
    idle = [o.method.label for o, _ in against[done.method.name] if lead is not None and _is_nothing(o, first)]
    if idle:
        return f"puts {first} first, of which {listed(idle)} cannot tell that it matters"
    return ""


def _lead(done: Done) -> int | None:
    sizes = done.attributed.importance
    return int(np.argmax(sizes)) if sizes is not None and sizes.max(initial=0.0) > 0 else None


def _is_nothing(done: Done, column: str) -> bool:
    # Only a loss or gain can be told from nothing: its interval may hold zero. The mean of sizes cannot.
    wanted = f"attribution/{done.method.name}/global/{encoded(column)}"
    found = next((o.measured for o in done.attributed.observations if o.id == wanted), None)
    return isinstance(found, Estimate) and found.low is not None and found.low < 0


def _summary(audited: Audited, against: dict[str, list[tuple[Done, dict[str, Measured]]]]) -> str:
    ranks = [
        (float(found.value), f"{done.method.label} and {other.method.label}")
        for done in audited.done
        for other, pair in against[done.method.name]
        if isinstance(found := pair.get("rank_agreement"), Estimate)
    ]
    if not ranks:
        return "Columns are too few for a rank correlation between methods."
    low, names = min(ranks)
    return f"The lowest rank correlation between two methods is {low:.2f} ({names}), the highest {max(ranks)[0]:.2f}."


CHECK = AttributionCheck(
    name="agreement",
    label="Agrees with other methods",
    find=find,
    measures=("rank_agreement", "top_agreement", "sign_agreement"),
    convention="Fails where the signs of leading attributions are the other method's surely less often than not, where "
    "the order of columns is surely turned round, or where the first column cannot be told from nothing by a method "
    "that measures a loss.",
    source="Krishna et al. (2024), The disagreement problem in explainable machine learning, TMLR, arXiv:2202.01602",
)
