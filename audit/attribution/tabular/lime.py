"""Local linear surrogates of predictions, never told without how well each fits and how far a new draw changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.budget import left_out, of_rows
from audit.attribution.explained import Explained, identity
from audit.attribution.ground import reduced
from audit.attribution.local_surrogates import Draw, Surrogates, fitted, moments
from audit.attribution.neighbourhood import Neighbourhood, neighbourhood_of
from audit.attribution.observe import mean_of_rows, observed
from audit.attribution.output import Output, output
from audit.attribution.shapes import cases, densities, explained_class, text_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.estimation.seeds import child_seed
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.records.sections import AttributionMethodFacts, Case, Contribution, Surrogate
from audit.subject.evidence import Capability

_NAME, _LABEL = "lime", "LIME"
_GAME = "weights of linear surrogates fitted to predictions of perturbed rows, the nearer ones weighing more"
_ROWS = 40
"""Sampled rows that global values rest on: a surrogate is a local matter."""
_DRAWS, _PAIR = 5, 2
"""Draws that a single case rests on, and draws that another row does."""
_TRAINING = 10_000
_CELLS = 10_000_000
_FLAT = Undefined(reason="The model gives the same for every perturbed row.")
_TIED = Undefined(reason="The surrogates of a draw weigh every column alike, so that columns have no ranks.")


@dataclass(frozen=True)
class _Fits:
    """The surrogates of n rows."""

    whole: Surrogates
    """On all draws of a row together."""
    steadiness: NDArray[np.float64]
    """(n, K) mean rank correlation of the values between any two of its draws, NaN where there are no ranks."""
    error: NDArray[np.float64]
    """(n, d, K) standard error of each value, by its spread over draws."""


def attribute(ground: Ground) -> Attributed:
    """Fit one surrogate around each single case and around some sampled rows, all on the same perturbed rows."""
    asked = ground
    ground = of_rows(reduced(ground, min(ground.sampled, _rows(ground))), max(2, ground.budget // 10))
    given = output(ground)
    rows = min(ground.lime.samples, (ground.budget - len(ground.rows)) // _DRAWS)
    around = neighbourhood_of(_training(ground), ground.lime.discretise)
    fits = _fits(ground, given, around, rows)
    notes = (*_notes(asked, ground, rows), *given.notes, *left_out(asked, ground))
    return _attributed(ground, given.scale, around, fits, notes)


def _rows(ground: Ground) -> int:
    # The moments of a row are a square of the columns: of a very wide table fewer rows are held at once.
    return max(2, min(_ROWS, _CELLS // (ground.rows.shape[1] + len(ground.classes) + 1) ** 2))


def _training(ground: Ground) -> pd.DataFrame:
    # (n, d) training rows, drawn by their weights; the rows under audit where there are none.
    subject = ground.subject
    table = subject.train if subject.train is not None and subject.train.n else subject.test
    if table is None or not table.n:
        return ground.background
    rng = np.random.default_rng(child_seed(ground.seed, "lime/training"))
    size = min(table.n, _TRAINING)
    if table.weight is not None and table.weight.sum() > 0:
        return table.features.iloc[rng.choice(table.n, size=size, p=table.weight / table.weight.sum())]
    return table.features.iloc[np.sort(rng.permutation(table.n)[:size])]


def _fits(ground: Ground, given: Output, around: Neighbourhood, rows: int) -> _Fits:
    place, standardised, most = around.places(ground.rows), around.standardised(ground.rows), ground.lime.features
    own_output, drawn = given.compute(ground.rows), _drawn(ground, given, around, rows)
    shift, unit = _size(drawn[0].output)

    def fit(at: NDArray[np.int64], draws: Sequence[Draw]) -> _Fits:
        own = np.ones((len(at), ground.rows.shape[1]))
        own[:, list(around.weighed)] = standardised[at]
        told = [
            moments(
                replace(draw, output=(draw.output - shift) / unit),
                place[at],
                standardised[at],
                (own_output[at] - shift) / unit,
                around.weighed,
            )
            for draw in draws
        ]
        every = np.stack([fitted(moment, own, most).rescaled(unit, shift).values for moment in told])
        error = every.std(axis=0, ddof=1) / np.sqrt(len(every))
        return _Fits(fitted(np.sum(told, axis=0), own, most).rescaled(unit, shift), _steadiness(every), error)

    # Cases rest on every draw; that the other rows rest on two keeps the fits far below the cost of predictions.
    case = np.array(sorted({i for i, _ in ground.chosen}), dtype=np.int64)
    others = np.setdiff1d(np.arange(len(ground.rows)), case)
    return _joined(np.concatenate([case, others]), fit(case, drawn), fit(others, drawn[:_PAIR]))


def _drawn(ground: Ground, given: Output, around: Neighbourhood, rows: int) -> list[Draw]:
    found = []
    for number in range(_DRAWS):
        frame, place, weighed = around.draw(rows, np.random.default_rng(child_seed(ground.seed, f"lime/{number}")))
        found.append(Draw(place, weighed, given.compute(frame)))
    return found


def _size(output: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    spread = output.std(axis=0)
    return output.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _joined(order: NDArray[np.int64], one: _Fits, other: _Fits) -> _Fits:
    back = np.argsort(order)

    def both(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([a, b])[back]

    a, b = one.whole, other.whole
    whole = Surrogates(both(a.weight, b.weight), both(a.own, b.own), both(a.intercept, b.intercept), both(a.r2, b.r2))
    return _Fits(whole, both(one.steadiness, other.steadiness), both(one.error, other.error))


def _steadiness(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # (n, K) mean rank correlation between the columns' (draws, n, d, K) values of any two draws.
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=2)
    ranks -= ranks.mean(axis=2, keepdims=True)
    size = np.sqrt((ranks**2).sum(axis=2))
    found = []
    for a, b in combinations(range(len(values)), 2):
        both = size[a] * size[b]
        found.append(np.where(both > 0, (ranks[a] * ranks[b]).sum(axis=1) / np.where(both > 0, both, 1.0), np.nan))
    return np.asarray(np.clip(np.mean(found, axis=0), -1.0, 1.0), dtype=np.float64)


def _notes(asked: Ground, ground: Ground, rows: int) -> list[str]:
    d, most = ground.rows.shape[1], ground.lime.features
    notes = [
        f"All rows share {_DRAWS} draws of {rows:,} perturbed rows, each column drawn on its own as in the training "
        f"rows; single cases rest on all of them, the {ground.sampled} sampled rows on {_PAIR}."
    ]
    if rows < ground.lime.samples:
        notes.append(f"Draws are of {rows:,} rows rather than {ground.lime.samples:,}, to stay within the budget.")
    if ground.sampled < min(asked.sampled, _ROWS):
        notes.append(f"{ground.sampled} sampled rows are explained, to stay within the budget and within memory.")
    if most < d:
        notes.append(f"Each surrogate weighs the {most} of the {d} columns that say most, and leaves out the others.")
    notes.append(
        "R² is the share of the weighted variance of the model's output that a surrogate explains. Stability is the "
        "mean rank correlation of its values between any two draws: 1 says that a new draw ranks the columns alike."
    )
    return notes


def _attributed(ground: Ground, scale: str, around: Neighbourhood, fits: _Fits, notes: tuple[str, ...]) -> Attributed:
    values = fits.whole.values
    sampled = values[: ground.sampled]
    size = np.average(np.abs(sampled).mean(axis=2), axis=0, weights=_weights(ground))
    order = [int(j) for j in np.argsort(-size, kind="stable")]
    facts = AttributionMethodFacts(
        name=_NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=scale,
        rows=ground.sampled,
        rows_available=ground.available,
        notes=notes,
        features=tuple(str(ground.rows.columns[j]) for j in order),
        beeswarm={
            class_: densities(sampled[:, :, k], ground.rows.iloc[: ground.sampled], order)
            for k, class_ in enumerate(ground.classes)
        },
        cases=_cases(ground, scale, around, fits),
    )
    return Attributed(
        facts=facts,
        observations=(*_global(ground, scale, values, order), *_quality(ground, fits)),
        ground=ground,
        values=values,
        error=fits.error,
        importance=size,
    )


def _weights(ground: Ground) -> NDArray[np.float64] | None:
    weight = ground.weight[: ground.sampled]
    return weight if weight.sum() > 0 else None


def _cases(ground: Ground, scale: str, around: Neighbourhood, fits: _Fits) -> tuple[Case, ...]:
    place = {str(name): j for j, name in enumerate(ground.rows.columns)}
    bins = around.places(ground.rows)
    explained = Explained(
        values=fits.whole.values,
        base=np.zeros(len(ground.classes)),
        output=fits.whole.values.sum(axis=1),
        game=_GAME,
        scale=scale,
        inverse=identity,
    )
    found = []
    for (row, _), case in zip(ground.chosen, cases(ground, explained), strict=True):
        k = explained_class(row, ground)
        # Every surrogate has a base value of its own.
        base = float(fits.whole.intercept[row, k])
        told = {
            "base": base,
            "prediction": case.prediction + base,
            "contributions": tuple(
                _with_bounds(c, around.bounds(place[c.feature], int(bins[row, place[c.feature]])))
                for c in case.contributions
            ),
            "surrogate": Surrogate(
                r2=_number(float(fits.whole.r2[row, k]), _FLAT),
                stability=_number(float(fits.steadiness[row, k]), _TIED),
                draws=_DRAWS,
            ),
        }
        found.append(case.model_copy(update=told))
    return tuple(found)


def _with_bounds(contribution: Contribution, bounds: tuple[float | None, float | None] | None) -> Contribution:
    match bounds:
        case (None, float(high)):
            told = f"to {text_of(high)}"
        case (float(low), None):
            told = f"above {text_of(low)}"
        case (float(low), float(high)):
            told = f"above {text_of(low)}, to {text_of(high)}"
        case _:
            return contribution
    return contribution.model_copy(update={"value": f"{contribution.value} ({told})"})


def _number(value: float, otherwise: Undefined) -> Measured:
    return Exact(value=value, n=1) if np.isfinite(value) else otherwise


def _global(ground: Ground, scale: str, values: NDArray[np.float64], order: list[int]) -> list[Observation]:
    found, several = [], len(ground.classes) > 1
    label = f"Mean |{_LABEL}| ({scale})"
    for j in order:
        name, size = str(ground.rows.columns[j]), np.abs(values[: ground.sampled, j])
        over = mean_of_rows(size.mean(axis=1), ground, floor=0.0)
        found.append(observed(_NAME, name, "", label + (", mean of classes" if several else ""), over, ground))
        for k, class_ in enumerate(ground.classes) if several else ():
            found.append(observed(_NAME, name, class_, label, mean_of_rows(size[:, k], ground, floor=0.0), ground))
    return found


def _quality(ground: Ground, fits: _Fits) -> list[Observation]:
    told = (
        ("local_r2", "Mean share of the weighted variance that a local surrogate explains", fits.whole.r2, _FLAT),
        ("stability", "Mean rank correlation of a surrogate's values between two draws", fits.steadiness, _TIED),
    )
    return [
        Observation(
            id=f"attribution/{_NAME}/{measure}",
            label=label,
            measured=_mean(ground, by_class[: ground.sampled], otherwise),
            higher_is_better=True,
            scope=ground.scope,
        )
        for measure, label, by_class, otherwise in told
    ]


def _mean(ground: Ground, by_class: NDArray[np.float64], otherwise: Undefined) -> Measured:
    known = np.isfinite(by_class).all(axis=1)
    if not known.any() or ground.weight[: ground.sampled][known].sum() <= 0:
        return otherwise
    part = replace(ground, weight=ground.weight[: ground.sampled][known], sampled=int(known.sum()))
    return mean_of_rows(by_class[known].mean(axis=1), part)


METHOD = AttributionMethod(
    name=_NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    default=False,
    order=18,
)
