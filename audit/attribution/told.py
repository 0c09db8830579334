"""What a check has in hand of each method to observations and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from audit.declarations.attribution import Ground, MethodNotRunError
from audit.declarations.attribution_check import Audited, Done
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation

Array = NDArray[np.float64]
Told = Mapping[str, Measured]
"""Measure to what it is."""


def of_each(audited: Audited, work: Callable[[Done], Told], measures: Sequence[str]) -> list[tuple[Done, Told]]:
    """Return what a check tells of each method; all of it undefined where the method cannot be run once more."""
    found: list[tuple[Done, Told]] = []
    for done in audited.done:
        try:
            found.append((done, work(done)))
        except MethodNotRunError as reason:
            found.append((done, dict.fromkeys(measures, Undefined(reason=str(reason)))))
    return found


def observed(
    audited: Audited, done: Done, measure: str, label: str, measured: Measured, better: bool | None, part: str = ""
) -> Observation:
    """Name a measure of a method: `attribution/<method>/<measure>[/<part>]`."""
    name = done.method.name
    return Observation(
        id=f"attribution/{name}/{measure}" + (f"/{part}" if part else ""),
        label=f"{done.method.label}: {label}",
        measured=measured,
        higher_is_better=better,
        scope=audited.ground.scope,
    )


def own(done: Done, measure: str) -> Observation | None:
    """Return what a method observed of itself: `attribution/<method>/<measure>`."""
    wanted = f"attribution/{done.method.name}/{measure}"
    return next((o for o in done.attributed.observations if o.id == wanted), None)


def listed(names: Sequence[str], most: int = 4) -> str:
    """Join names in words, the first few of many.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcdef"))
    ('a', 'a, b and c', 'a, b, c, d and 2 more')
    """
    if len(names) > most:
        return ", ".join(names[:most]) + f" and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sizes(values: Array, weight: Array | None = None) -> Array:
    """Return the (d,) mean |attribution| of (n, d, K) values, as a method that gives single values reports it."""
    return np.asarray(np.average(np.abs(values).mean(axis=2), axis=0, weights=weight), dtype=np.float64)


def by_class(values: Array) -> Array:
    """Return (n, d, K) values as (n * K, d) rows, the classes of a row one after the other."""
    return np.asarray(values.transpose(0, 2, 1).reshape(-1, values.shape[1]), dtype=np.float64)


def labels_of(done: Sequence[Done]) -> str:
    """Return the labels of methods in words."""
    return listed([d.method.label for d in done])


def exact(value: float, n: int) -> Exact:
    """Return a number without an interval."""
    return Exact(value=value, n=n)


def spread(ground: Ground) -> float:
    """Return the largest |score| of the ground's rows, on which rounding is judged; 1 where it gives only labels."""
    return 1.0 if ground.score is None or not ground.score.size else max(float(np.abs(ground.score).max()), 1e-300)
