"""Tweedie deviances: how far values are from predicted means, where the variance is a power of the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from audit.declarations.metric import Sample, UndefinedMeasureError
from audit.estimation.domain import within
from audit.estimation.forms import Array, ratio, scores, truth


def unit_deviances(sample: Sample, power: float) -> Array:
    """(n,) deviance of each truth from its prediction, 0 where they are equal.

    Source: Jørgensen (1987), doi:10.1111/j.2517-6161.1987.tb01685.x.

    Raises
    ------
    UndefinedMeasureError
        There is no such law, or values that it cannot give.
    """
    y, mu = truth(sample), scores(sample)
    fit = _fit(y, mu, power)
    one, other = np.where(fit, y, 1.0), np.where(fit, mu, 1.0)
    found = 2 * (own_part(one, power) - one * slope(other, power) + height(other, power))
    # Rounding aside, no deviance is negative.
    return within(sample, np.maximum(found, 0.0), fit, _unfit(power))


def parts(sample: Sample, power: float) -> Array:
    """(n, 4) ones, truth, the truth's own part of its deviance, and its deviance from the prediction."""
    y = truth(sample)
    away = unit_deviances(sample, power)
    fit = _fit(y, np.ones(len(y)), power)
    own = np.where(fit, own_part(np.where(fit, y, 1.0), power), 0.0)
    return np.column_stack([np.ones(len(y)), np.where(fit, y, 0.0), own, away])


def explained(sums: Array, power: float) -> Array:
    """(..., 4) sums of `parts` -> share of the deviance from the mean truth that the predictions take away."""
    n, total, own, away = np.moveaxis(sums, -1, 0)
    mean = ratio(total, n)
    known = np.isfinite(mean) & ((mean > 0) | (power == 0))
    centre = np.where(known, mean, 1.0)
    null = 2 * (own - total * slope(centre, power) + n * height(centre, power))
    # Below this the deviance is rounding.
    least = 1e-12 * (np.abs(own) + np.abs(total * slope(centre, power)) + n)
    return 1 - ratio(away, np.where(known & (null > least), null, 0.0))


def own_part(y: Array, power: float) -> Array:
    """(n,) part of half a deviance that depends on the truth alone."""
    if power == 1:
        return np.asarray(special.xlogy(y, y) - y)
    if power == 2:
        return -np.log(y) - 1
    return np.asarray(np.maximum(y, 0.0) ** (2 - power) / ((1 - power) * (2 - power)) if power else y**2 / 2)


def slope(mu: Array, power: float) -> Array:
    """What the truth is multiplied by in half a deviance from `mu`."""
    return np.log(mu) if power == 1 else -1 / mu if power == 2 else np.asarray(mu ** (1 - power) / (1 - power))


def height(mu: Array, power: float) -> Array:
    """What half a deviance from `mu` adds whatever the truth."""
    return np.log(mu) if power == 2 else np.asarray(mu ** (2 - power) / (2 - power))


def _fit(y: Array, mu: Array, power: float) -> NDArray[np.bool_]:
    if 0 < power < 1:
        raise UndefinedMeasureError("there is no Tweedie law with a power between 0 and 1")
    every = np.ones(len(y), dtype=np.bool_)
    above = every if power < 1 else (y >= 0 if power < 2 else y > 0)
    return above & (every if power == 0 else mu > 0)


def _unfit(power: float) -> str:
    least = "" if power < 1 else "a true value is below 0, or " if power < 2 else "a true value is not above 0, or "
    return f"{least}a predicted value is not above 0"
