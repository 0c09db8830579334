"""Linear SHAP in both games: by its coefficients, and by what correlated columns tell of each other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audit.attribution.conditional import conditional_weights

with warnings.catch_warnings():
    # What it says of its own imports is not ours.
    warnings.simplefilter("ignore")
    import shap


def related(columns: int = 4, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))
    return pd.DataFrame(mixed, columns=[f"c{j}" for j in range(columns)])


def by_orders(w: np.ndarray, mean: np.ndarray, covariance: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The definition: the mean over all orders of what each column adds to the expected output given those before."""

    def expected(inside: tuple[int, ...]) -> float:
        guess = mean.copy()
        if inside:
            s = list(inside)
            guess = mean + covariance[:, s] @ np.linalg.solve(covariance[np.ix_(s, s)], row[s] - mean[s])
        return float(w @ guess)

    found, every = np.zeros(len(w)), list(permutations(range(len(w))))
    for order in every:
        for place, column in enumerate(order):
            found[column] += expected(order[: place + 1]) - expected(order[:place])
    return found / len(every)


@pytest.fixture
def values(run: Callable[..., Any]) -> Callable[..., Any]:
    def attributed(name: str, model: Any, frame: pd.DataFrame, y: Any, **spec: Any) -> Any:
        asked = {"methods": [name], "rows": len(frame), "background": len(frame), **spec}
        section, observations = run(model, frame, y, spec=asked, train=frame)
        return section.methods[0], {o.id: o.measured for o in observations}

    return attributed


def test_conditional_values_are_those_of_the_definition_and_near_shap() -> None:
    frame = related()
    w, mean, covariance = np.array([1.0, -2.0, 0.0, 0.5]), frame.mean().to_numpy(), frame.cov().to_numpy()
    turned = conditional_weights(w[None], covariance, np.arange(4), 4)[:, :, 0]
    for row in frame.to_numpy()[:3]:
        found = turned @ (row - mean)
        np.testing.assert_allclose(found, by_orders(w, mean, covariance, row), atol=1e-10)
        assert found.sum() == pytest.approx(w @ (row - mean))
    peer = shap.LinearExplainer((w, 0.0), shap.maskers.Impute({"mean": mean, "cov": covariance}), nsamples=4000)
    theirs = peer.shap_values(frame.to_numpy()[:20])
    ours = (frame.to_numpy()[:20] - mean) @ turned.T
    # shap draws orders at random.
    assert np.abs(ours - theirs).max() < 0.1 * np.abs(ours).max()
    alone = (frame.to_numpy()[:20] - mean) * w
    assert np.abs(alone - theirs).max() > 0.3 * np.abs(ours).max()


def test_columns_that_have_nothing_to_do_with_each_other_have_the_same_values_in_both_games() -> None:
    w = np.array([[1.0, -2.0, 0.0], [0.0, 1.0, 3.0]])
    turned = conditional_weights(w, np.diag([1.0, 4.0, 0.5]), np.arange(3), 3)
    for j in range(3):
        np.testing.assert_allclose(turned[j, j], w[:, j])
        assert not np.delete(turned[j], j, axis=0).any()


def test_a_decoy_earns_its_half_where_it_is_guessed_from_and_nothing_where_it_is_not(
    values: Callable[..., Any],
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"cause": rng.normal(size=300)})
    frame["decoy"] = frame.cause + 1e-3 * rng.normal(size=300)
    model = LinearRegression().fit(frame, frame.cause)
    model.coef_ = np.array([1.0, 0.0])
    y = model.predict(frame)
    size = float(np.abs(frame.cause - frame.cause.mean()).mean())
    for name, cause, decoy in (("linear_shap", size, 0.0), ("conditional_linear_shap", size / 2, size / 2)):
        facts, found = values(name, model, frame, y)
        assert facts.status == "done" and facts.additivity_error < 1e-9, facts.reason
        assert found[f"attribution/{name}/global/cause"].value == pytest.approx(cause, abs=0.01)
        assert found[f"attribution/{name}/global/decoy"].value == pytest.approx(decoy, abs=0.01)


def test_one_hot_columns_are_guessed_together_and_classes_have_their_own(values: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = related(3, 300).assign(city=rng.choice(["a", "b", "c"], 300))
    y = np.array(["x", "y", "z"])[(frame.c0 > 0).astype(int) + (frame.city == "a").to_numpy()]
    encoder = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    model = make_pipeline(encoder, LogisticRegression(max_iter=2000)).fit(frame, y)
    facts, found = values("conditional_linear_shap", model, frame, y)
    assert facts.status == "done" and facts.additivity_error < 1e-9, facts.reason
    assert set(facts.features) == set(frame.columns) and set(facts.base) == {"x", "y", "z"}
    assert "attribution/conditional_linear_shap/global/city/class=x" in found


@pytest.mark.parametrize("name", ["linear_shap", "conditional_linear_shap"])
def test_what_is_not_linear_or_on_another_scale_is_refused(name: str, values: Callable[..., Any]) -> None:
    frame = related(3, 60)
    y = (frame.c0 > 0).astype(int).to_numpy()
    facts, _ = values(name, RandomForestRegressor(3, random_state=0).fit(frame, frame.c0), frame, frame.c0.to_numpy())
    assert facts.status == "not_run" and facts.reason
    facts, _ = values(name, LogisticRegression().fit(frame, y), frame, y, scale="probability")
    assert facts.status == "not_run" and "probability was asked for" in facts.reason
    facts, _ = values(name, LogisticRegression().fit(frame, y), frame, y, scale="log_odds")
    assert (facts.status, facts.scale) == ("done", "log-odds")
