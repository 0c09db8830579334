"""The scale that was asked for is the one that is attributed and named, or the method says why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from audit import catalogue
from audit.attribution.output import output

SHAPLEY = [name for name in catalogue.names("attributions") if catalogue.load("attributions", name).axioms]
SCALED = [*SHAPLEY, "lime"]
ODDS, EACH = "log-odds", "log-odds of each class against the rest"


def data(classes: int = 2) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(160, 3)), columns=list("abc"))
    value = frame.a + 0.5 * frame.b + 0.5 * rng.normal(size=160)
    return frame, np.digitize(value, np.quantile(value, np.linspace(0, 1, classes + 1)[1:-1]))


LIGHTGBM = pytest.importorskip("lightgbm")
MODELS: dict[str, tuple[Any, int]] = {
    "logistic": (LogisticRegression(), 2),
    "scaled logistic of three": (make_pipeline(StandardScaler(), LogisticRegression()), 3),
    "forest": (RandomForestClassifier(8, max_depth=4, random_state=0), 2),
    "boosting": (GradientBoostingClassifier(n_estimators=8), 2),
    "boosting of three": (GradientBoostingClassifier(n_estimators=5), 3),
    "lightgbm": (LIGHTGBM.LGBMClassifier(n_estimators=8, n_jobs=1, verbose=-1), 2),
    "lightgbm of three": (LIGHTGBM.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1), 3),
    "bayes": (GaussianNB(), 3),
}
RAW = {
    "logistic": "log-odds", "scaled logistic of three": "raw score (before softmax)", "forest": None,
    "boosting": "log-odds", "boosting of three": "raw score (before softmax)", "lightgbm": "log-odds",
    "lightgbm of three": "raw score (before softmax)", "bayes": None,
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("scale", ["probability", "log_odds", "raw"])
def test_what_is_attributed_is_on_the_scale_that_was_asked_for(name: str, scale: str, run: Callable[..., Any]) -> None:
    model, classes = MODELS[name]
    frame, y = data(classes)
    model = model.fit(frame, y)
    asked = {"methods": ["shap"], "scale": scale, "rows": 20, "background": 10}
    (facts,) = run(model, frame, y, spec=asked)[0].methods
    if scale == "raw" and RAW[name] is None:
        assert facts.status == "not_run" and "no raw score" in facts.reason
        return
    expected = {"probability": "probability", "log_odds": ODDS if classes == 2 else EACH, "raw": RAW[name]}[scale]
    assert (facts.status, facts.scale) == ("done", expected), facts.reason
    # Base and attributions add up to what the model gives on that scale, computed here by itself.
    for case in facts.cases:
        assert case.score is not None
        if scale == "probability":
            assert case.prediction == pytest.approx(case.score, abs=1e-9)
        elif expected in (ODDS, EACH):
            assert case.prediction == pytest.approx(logit(np.clip(case.score, 1e-6, 1 - 1e-6)), abs=1e-5)
    exact = {"logistic": ODDS, "boosting": ODDS, "lightgbm": ODDS, "forest": "probability", "bayes": ""}.get(
        name, "raw"
    )
    if exact not in ("", expected) and scale != "raw":
        assert any("was asked for" in note for note in facts.notes)


@pytest.mark.parametrize("method", SCALED)
@pytest.mark.parametrize("scale", ["probability", "log_odds", "raw"])
def test_every_method_names_the_scale_or_says_why_not(method: str, scale: str, run: Callable[..., Any]) -> None:
    frame, y = data()
    asked = {"methods": [method], "scale": scale, "rows": 10, "background": 5, "local": False, "lime": {"samples": 100}}
    for model in (LogisticRegression().fit(frame, y), MODELS["forest"][0].fit(frame, y)):
        (facts,) = run(model, frame, y, spec=asked)[0].methods
        words = {"probability": {"probability"}, "log_odds": {ODDS}, "raw": {ODDS, "decision score", "raw score"}}[
            scale
        ]
        if facts.status == "done":
            assert facts.scale in words
        else:
            assert facts.status == "not_run" and facts.reason


def test_log_odds_of_certain_predictions_are_held_and_the_note_says_so(run: Callable[..., Any]) -> None:
    frame, _ = data()
    y = (frame.a > 0).astype(int).to_numpy()
    model = RandomForestClassifier(5, random_state=0).fit(frame, y)
    asked = {"methods": ["permutation_shap"], "scale": "log_odds", "rows": 20, "background": 10}
    (facts,) = run(model, frame, y, spec=asked)[0].methods
    assert facts.status == "done" and np.isfinite(facts.additivity_error)
    assert max(abs(case.prediction) for case in facts.cases) <= logit(1 - 1e-6) + 1e-9
    assert any("1e-06" in note for note in facts.notes)


def test_a_scale_that_the_model_does_not_have_is_refused_by_name(run: Callable[..., Any]) -> None:
    frame, y = data()

    def told(model: Any, target: Any, scale: str, methods: tuple[str, ...] = ("shap",)) -> Any:
        asked = {"methods": list(methods), "scale": scale, "rows": 10, "background": 5}
        (facts,) = run(model, frame, target, spec=asked)[0].methods
        return facts

    value = frame.a.to_numpy()
    for scale in ("probability", "log_odds"):
        for model in (LinearRegression().fit(frame, value), RandomForestRegressor(3, random_state=0).fit(frame, value)):
            facts = told(model, value, scale)
            assert facts.status == "not_run" and "A regression has no" in facts.reason
        facts = told(RidgeClassifier().fit(frame, y), y, scale, ("permutation_shap",))
        assert facts.status == "not_run" and "gives no probabilities" in facts.reason
    assert told(LinearRegression().fit(frame, value), value, "raw").scale == "unit of the target"
    assert told(SVC().fit(frame, y), y, "raw", ("kernel_shap",)).scale == "score"


def test_the_raw_score_is_the_margin_of_the_class_that_is_explained(
    evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    frame, y = data(3)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, y)
    made = ground(evidence(model, frame, y), scale="raw", rows=50, local=False)
    np.testing.assert_allclose(output(made).compute(made.rows), model.decision_function(made.rows))
    frame, y = data()
    for model in (LogisticRegression().fit(frame, y), MODELS["lightgbm"][0].fit(frame, y)):
        margin = logit(model.predict_proba(frame)[:, 1])
        for positive, sign in ((1, 1), (0, -1)):
            made = ground(evidence(model, frame, y, positive=positive), scale="raw", rows=160, local=False)
            np.testing.assert_allclose(
                np.sort(output(made).compute(made.rows)[:, 0]), np.sort(sign * margin), atol=1e-6
            )
