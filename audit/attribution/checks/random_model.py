"""Whether a method follows the model: put before one with random, known weights, does it find these?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.again import attempted, few
from audit.attribution.likeness import is_like_chance, mean_over, rank_correlations
from audit.attribution.told import Told, observed, of_each
from audit.declarations.attribution import Attributed, Ground, MethodNotRunError
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate, Undefined
from audit.subject.evidence import Capability

_MODELS = 3
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Weighted:
    """A model that sums up known parts of columns; it is told apart from every kind that a method can look into."""

    parts: tuple[Callable[[pd.Series], Array], ...]
    """What each column adds: (m,) values -> (m,)."""

    def added(self, rows: pd.DataFrame) -> Array:
        """Return the (n, d) parts of rows."""
        return np.column_stack([part(rows.iloc[:, j]) for j, part in enumerate(self.parts)])

    def predict(self, rows: pd.DataFrame) -> tuple[None, Array]:
        """Return no labels, and the sum of the parts."""
        return None, self.added(rows).sum(axis=1)[:, None]


def find(audited: Audited) -> Held:
    """Attribute sums of columns with random weights, whose parts are known, on a few of the method's rows."""
    if audited.ground.rows.shape[1] < 2:
        raise AttributionCheckNotRunError("A single column has no order.")
    told = of_each(audited, lambda done: _measured(audited, done), CHECK.measures)
    failures, parts = {}, []
    for done, measures in told:
        found = measures[CHECK.measures[0]]
        if isinstance(found, Estimate):
            parts.append(f"{done.method.label} {found.value:.2f}")
            if is_like_chance(found, 0.0):
                failures[done.method.name] = (
                    "does not follow the model: of one with random weights it finds these no better than chance"
                )
    return Held(
        summary="Rank correlation with the known parts of models with random weights: " + "; ".join(parts) + "."
        if parts
        else "No method goes by predictions alone, so that a model with random weights could be put before it.",
        observations=tuple(
            observed(audited, done, name, _LABEL, m[name], True) for done, m in told for name in CHECK.measures
        ),
        failures=failures,
    )


_LABEL = "rank correlation with the known parts of models with random weights"


def _measured(audited: Audited, done: Done) -> Told:
    found = done.attributed
    looks_inside = done.method.needs - {Capability.PREDICT, Capability.PROBABILITY}
    if looks_inside or (found.values is not None and found.error is None and not found.facts.background_rows):
        return {CHECK.measures[0]: Undefined(reason="It looks into the model: none of its kind has known parts.")}
    rng = np.random.default_rng(audited.seed)
    ground = few(done, audited.ground)
    alike: list[Array] = []
    for _ in range(1 if found.values is not None else _MODELS):
        model = _weighted(ground, rng)
        run = attempted(done, _before(ground, model, rng))
        if isinstance(run, MethodNotRunError):
            raise run
        alike.append(_likeness(run, ground, model))
    return {CHECK.measures[0]: mean_over(np.concatenate(alike), audited.level, (-1.0, 1.0))}


def _likeness(run: Attributed, ground: Ground, model: Weighted) -> Array:
    # A run may have had to do with fewer background rows.
    ground = run.ground or ground
    middle = model.added(ground.background).mean(axis=0)
    if run.values is not None:
        return rank_correlations(run.values[:, :, 0], model.added(ground.rows)[: len(run.values)] - middle)
    if run.importance is None:
        raise MethodNotRunError("It gave no sizes of columns when it was run once more.")
    size = np.abs(model.added(ground.rows) - middle).mean(axis=0)
    return rank_correlations(np.maximum(run.importance, 0)[None], size[None])


def _weighted(ground: Ground, rng: np.random.Generator) -> Weighted:
    pool = pd.concat([ground.rows, ground.background], ignore_index=True)
    return Weighted(tuple(_part(pool.iloc[:, j], rng) for j in range(pool.shape[1])))


def _part(column: pd.Series, rng: np.random.Generator) -> Callable[[pd.Series], Array]:
    """Return a random weight of a column's standardised values; of categories, a random value of each."""
    weight = float(rng.normal())
    if pd.api.types.is_numeric_dtype(column):
        raw = _numbers
    else:
        distinct = pd.factorize(column)[1]
        by_value = pd.Series(rng.normal(size=len(distinct)), index=pd.Index(distinct))

        def raw(values: pd.Series) -> Array:
            return np.asarray(by_value.reindex(values.array).to_numpy(np.float64))

    known = raw(column)
    known = known[np.isfinite(known)]
    middle, size = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)

    def added(values: pd.Series) -> Array:
        found = raw(values)
        scaled = (found - middle) / size if size > 0 else np.zeros(len(found))
        return weight * np.where(np.isfinite(scaled), scaled, 0.0)

    return added


def _numbers(values: pd.Series) -> Array:
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def _before(ground: Ground, model: Weighted, rng: np.random.Generator) -> Ground:
    """Return the ground with the model in place of the one under audit: a regression, with outcomes near its values."""
    score = model.predict(ground.rows)[1]
    noise = 0.1 * max(float(score.std()), 1e-12) * rng.normal(size=len(score))
    subject = replace(ground.subject, task="regression", classes=(), positive=None, favourable=None, threshold=None)
    loaded = replace(
        ground.model,
        native=model,
        classes=None,
        capabilities=frozenset({Capability.PREDICT}),
        predict=lambda rows: model.predict(rows)[1][:, 0],
        predict_score=None,
        probability=False,
        fit=None,
        task="regression",
        threshold=None,
        encode=None,
    )
    return replace(
        ground,
        subject=subject,
        model=loaded,
        target=score[:, 0] + noise,
        label=None,
        score=score,
        probability=False,
        classes=("",),
        predict=model.predict,
        scale=None,
        monotone={},
    )


CHECK = AttributionCheck(
    name="random_model",
    label="Follows the model",
    find=find,
    measures=("random_model_recovery",),
    convention="Fails where the rank correlation with the known parts of a random model is nearer to 0 than to 1, and "
    "its interval reaches 0.",
    source="Adebayo et al. (2018), Sanity checks for saliency maps, arXiv:1810.03292",
)
