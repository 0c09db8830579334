"""The regression on coalitions against shap's, against counting them, and its errors against the truth."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from audit.attribution.coalitions import counted_values
from audit.attribution.kernel import coalitions_needed, kernel_values

with warnings.catch_warnings():
    # What it says of its own imports is not ours.
    warnings.simplefilter("ignore")
    import shap


def curved(frame: pd.DataFrame) -> np.ndarray:
    z = frame.to_numpy(dtype=float)
    first = np.tanh(z[:, 0] * z[:, 1] + z[:, 2] - z[:, 3] * z[:, -1]) + z[:, 4] ** 2 * (z[:, 0] > 0)
    return np.stack([first, np.exp(0.3 * z[:, 1]) * z[:, 2]], axis=1)


def tables(columns: int, rows: int = 5, background: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(columns)
    return pd.DataFrame(rng.normal(size=(rows, columns))), pd.DataFrame(rng.normal(size=(background, columns)))


def test_all_coalitions_give_what_counting_gives_and_what_shap_gives() -> None:
    for columns in (2, 3, 6, 7):
        rows, background = tables(columns)
        found = kernel_values(curved if columns > 4 else product, rows, background, np.random.default_rng(0))
        counted = counted_values(curved if columns > 4 else product, rows, background)
        assert found.error is None
        np.testing.assert_allclose(found.values, counted.values, atol=1e-10)
        np.testing.assert_allclose(found.base, counted.base, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = shap.KernelExplainer(lambda z: curved(pd.DataFrame(z)), background.to_numpy())
        theirs = peer.shap_values(rows.to_numpy(), nsamples=2**7, l1_reg=False, silent=True)
    np.testing.assert_allclose(found.values, theirs, atol=1e-8)


def product(frame: pd.DataFrame) -> np.ndarray:
    z = frame.to_numpy(dtype=float)
    return np.stack([z.prod(axis=1), z.sum(axis=1)], axis=1)


def test_sampled_coalitions_are_as_near_the_truth_as_their_error_says() -> None:
    rows, background = tables(9, rows=4)
    truth = counted_values(curved, rows, background).values
    scores = []
    for seed in range(40):
        found = kernel_values(curved, rows, background, np.random.default_rng(seed))
        assert found.error is not None
        np.testing.assert_allclose(found.base + found.values.sum(axis=1), curved(rows), atol=1e-10)
        scores.append((found.values - truth)[..., 0] / found.error[..., 0])
        # Of two columns at a time, pairs of coalitions leave nothing to chance.
        np.testing.assert_allclose(found.values[..., 1], truth[..., 1], atol=1e-12)
    z = np.stack(scores)
    # The root of the mean square is known to a few hundredths; errors half or double what they say would give about
    # twice or half as much.
    assert 0.75 < np.sqrt(np.mean(z**2)) < 1.15
    assert 0.93 < np.mean(np.abs(z) < 1.96) < 0.995
    assert abs(z.mean()) < 0.15


def test_errors_hold_where_half_as_many_columns_as_pairs_are_fitted() -> None:
    # Products of three columns against a background of zeros: a third of each product to each of the three.
    rng, d = np.random.default_rng(0), 30
    triples, factor = [rng.choice(d, 3, replace=False) for _ in range(d)], rng.normal(size=d)
    row = rng.normal(size=d)
    truth = np.zeros(d)
    for triple, k in zip(triples, factor, strict=True):
        truth[triple] += k * row[triple].prod() / 3

    def products(frame: pd.DataFrame) -> np.ndarray:
        z = frame.to_numpy()
        return sum(k * z[:, t].prod(axis=1) for k, t in zip(factor, triples, strict=True))[:, None]

    many = pd.DataFrame(np.repeat(row[None], 60, axis=0))
    found = kernel_values(products, many, pd.DataFrame(np.zeros((1, d))), np.random.default_rng(1))
    assert found.error is not None
    z = (found.values[:, :, 0] - truth) / found.error[:, :, 0]
    assert 0.7 < np.sqrt(np.mean(z**2)) < 1.1


def test_coalitions_are_counted_up_to_seven_columns_and_sampled_above() -> None:
    assert [coalitions_needed(d) for d in (1, 2, 5, 7, 8, 30, 100)] == [0, 2, 30, 126, 144, 188, 600]
