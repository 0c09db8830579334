"""Whether predictions move only the way that is declared for a column, row by row.

Each sampled row's column is set to up to 21 of its values in turn (the curves of single rows), and every step of the
prediction is held against the declared direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from audit.attribution.constraints import Direction, own_directions
from audit.attribution.levels import levels_of
from audit.attribution.output import output
from audit.attribution.replaced import curves_of
from audit.attribution.shares import share_of_rows
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

NAME = "monotonicity"
_LABEL = "Monotonicity"
_GAME = "steps of single rows' predictions against the direction declared for a column"
_BINS = 20
_ROUNDING = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Steps:
    """Curves of one column held against its direction."""

    share: Array
    """(n,) share of each row's steps that go the wrong way."""
    largest: float
    """Largest fall of a curve (rise, where it is to fall) below its own earlier values."""


def attribute(ground: Ground) -> Attributed:
    """Hold the curves of every column that is declared, or that the model constrains, against its direction."""
    declared, own = dict(ground.monotone), own_directions(ground)
    wanted: dict[str, Direction] = {**own, **declared}
    if not wanted:
        raise MethodNotRunError("No column is declared monotone (attribution.monotone), and the model says of none.")
    if len(ground.classes) > 1:
        raise MethodNotRunError("A direction is declared for one output; here each class has its own.")
    names, said, pool = [str(c) for c in ground.rows.columns], output(ground), ground.rows.iloc[: ground.sampled]
    every = {name: levels_of(pool, names.index(name), ground.weight[: ground.sampled], _BINS) for name in wanted}
    levels = {name: one for name, one in every.items() if one is not None and one.ordered_by != "similarity"}
    n = min(ground.sampled, ground.budget // max(1, sum(len(one.at) for one in levels.values())))
    part = replace(ground, sampled=n)
    curves = curves_of(said.compute, pool, n, [(one.column, one.at) for one in levels.values()])
    steps = {name: _steps(curve[:, :, 0], wanted[name]) for name, curve in zip(levels, curves, strict=True)}
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=said.scale,
        rows=n,
        rows_available=ground.available,
        notes=tuple(_notes(ground, n, wanted, declared, own)),
        features=tuple(wanted),
    )
    return Attributed(facts=facts, observations=tuple(_observations(steps, wanted, said.scale, part)))


def _steps(curve: Array, direction: Direction) -> _Steps:
    risen = curve if direction == "increasing" else -curve
    slack = _ROUNDING * max(1.0, float(np.abs(curve).max()))
    wrong = np.diff(risen, axis=1) < -slack
    fallen = float((np.maximum.accumulate(risen, axis=1) - risen).max())
    return _Steps(wrong.mean(axis=1), fallen if fallen > slack else 0.0)


def _notes(
    ground: Ground, n: int, wanted: dict[str, Direction], declared: dict[str, Direction], own: dict[str, Direction]
) -> Iterator[str]:
    for name, direction in wanted.items():
        by = "in the spec" if name in declared else "by the model's own constraint"
        yield f"{name}: {direction}, declared {by}."
        if name in declared and name in own and own[name] != direction:
            yield f"The model's own constraint says the opposite of {name}: {own[name]}."
    if n < ground.sampled:
        yield f"Rests on {n} of the {ground.sampled} sampled rows, to stay within the budget of predictions."


def _observations(
    steps: dict[str, _Steps], wanted: dict[str, Direction], scale: str, part: Ground
) -> Iterator[Observation]:
    anywhere = np.any([one.share > 0 for one in steps.values()], axis=0) if steps else None
    yield _observation(
        "violation_rate",
        "Share of rows with a step against a declared direction",
        _unordered() if anywhere is None else _share(np.asarray(anywhere, dtype=np.float64), part),
        part,
    )
    for name, direction in wanted.items():
        for id, label, measured in _told(steps.get(name), direction, scale, part):
            yield _observation(f"{encoded(name)}/{id}", f"{label}: {name}", measured, part)


def _told(one: _Steps | None, direction: Direction, scale: str, part: Ground) -> list[tuple[str, str, Measured]]:
    against = f"against “{direction}”"
    share = _unordered() if one is None else _share(one.share, part)
    rows = _unordered() if one is None else _share((one.share > 0).astype(np.float64), part)
    largest = _unordered() if one is None else Exact(value=one.largest, n=part.sampled)
    return [
        ("wrong_steps", f"Share of steps {against}", share),
        ("rows", f"Share of rows with a step {against}", rows),
        ("largest", f"Largest move of one prediction {against} ({scale})", largest),
    ]


def _observation(id: str, label: str, measured: Measured, part: Ground) -> Observation:
    return Observation(
        id=f"attribution/{NAME}/{id}", label=label, measured=measured, higher_is_better=False, scope=part.scope
    )


def _unordered() -> Undefined:
    return Undefined(reason="The column has fewer than two values, or values without an order.")


def _share(share: Array, part: Ground) -> Measured:
    # A mean of shares spreads no wider than one of rows that are wrong or right, whose interval never closes at 0.
    return share_of_rows(share, part.weight[: part.sampled], part)


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    order=35,
)
