"""Local surrogates against the figures of the reference package (lime 0.2.0.1), and what is told beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

from audit.attribution.local_surrogates import Draw, Surrogates, fitted, moments
from audit.attribution.neighbourhood import neighbourhood_of


def surrogates(
    training: pd.DataFrame,
    rows: pd.DataFrame,
    function: Callable[[np.ndarray], np.ndarray],
    *,
    samples: int = 20_000,
    most: int = 99,
    discretise: bool = True,
    seed: int = 0,
) -> Surrogates:
    around = neighbourhood_of(training, discretise)
    frame, place, standardised = around.draw(samples, np.random.default_rng(seed))
    draw = Draw(place, standardised, function(frame.to_numpy(dtype=np.float64))[:, None])
    own = np.ones(rows.shape)
    own[:, list(around.weighed)] = around.standardised(rows)
    output = function(rows.to_numpy(dtype=np.float64))[:, None]
    told = moments(draw, around.places(rows), around.standardised(rows), output, around.weighed)
    return fitted(told, own, min(most, rows.shape[1]))


def numbers_and_a_category() -> pd.DataFrame:
    rng = np.random.RandomState(0)
    numbers = rng.normal(size=(2000, 4)) * [1, 2, 0.5, 3]
    return pd.DataFrame(numbers).assign(kind=pd.Categorical(rng.randint(0, 3, size=2000)))


def chance(z: np.ndarray) -> np.ndarray:
    shift = np.array([0, 1, -1])[z[:, 4].astype(int)]
    return np.asarray(expit(z[:, 0] - 0.8 * z[:, 1] + 0.5 * z[:, 0] * z[:, 3] + shift))


# lime 0.2.0.1 on the first three rows: mean weight over ten seeds of 20,000 samples each; one draw differs by 0.006.
WEIGHTS = [
    [0.222, -0.1018, -0.0012, 0.0095, 0.1979],
    [0.194, 0.3849, 0.0006, 0.0056, 0.1987],
    [-0.0757, -0.1089, -0.0019, -0.0103, -0.2012],
]
THREE = [[0.222, -0.1018, 0, 0, 0.1979], [0.194, 0.3849, 0, 0, 0.1987], [-0.0757, -0.1089, 0, 0, -0.2013]]
R2 = [0.1771, 0.3947, 0.1117]
INTERCEPT = [0.4024, 0.2882, 0.6166]


def test_quartiles_and_a_category_give_the_weights_of_the_reference() -> None:
    training = numbers_and_a_category()
    found = surrogates(training, training.iloc[:3], chance, samples=60_000)
    np.testing.assert_allclose(found.weight[:, :, 0], WEIGHTS, atol=0.012)
    np.testing.assert_allclose(found.r2[:, 0], R2, atol=0.015)
    np.testing.assert_allclose(found.intercept[:, 0], INTERCEPT, atol=0.012)
    # Columns chosen one by one; the category and the two strongest numbers, as the reference chooses.
    chosen = surrogates(training, training.iloc[:3], chance, samples=60_000, most=3)
    np.testing.assert_allclose(chosen.weight[:, :, 0], THREE, atol=0.012)
    # A double that tells the weights of another row is told apart.
    assert np.abs(found.weight[[1, 2, 0], :, 0] - WEIGHTS).max() > 0.1


def test_a_linear_model_is_recovered_by_standard_deviations() -> None:
    w = np.array([1.5, -2.0, 0.0, 0.25])
    training = pd.DataFrame(np.random.RandomState(0).normal(size=(2000, 4)) * [1, 2, 0.5, 3])
    found = surrogates(training, training.iloc[:1], lambda z: z @ w, samples=5000, discretise=False)
    # lime's own figures on the same rows (lime_linear_recovery); w times the standard deviations, shrunk by the ridge.
    np.testing.assert_allclose(found.weight[0, :, 0], [1.48836, -3.89372, 0.00005, 0.73728], atol=0.02)
    assert found.r2[0, 0] > 0.999
    assert found.intercept[0, 0] + found.values[0, :, 0].sum() == pytest.approx(training.iloc[0] @ w, abs=0.05)


def test_above_six_columns_those_with_the_largest_weights_are_kept() -> None:
    rng = np.random.default_rng(0)
    training = pd.DataFrame(rng.normal(size=(1000, 10)))
    w = np.array([5, 0, 4, 0, 3, 0, 2, 0, 1.5, 1])
    found = surrogates(training, training.iloc[:4], lambda z: z @ w, most=8, discretise=False)
    assert ((found.weight[:, :, 0] != 0).sum(axis=1) == 8).all()
    assert (found.weight[:, [0, 2, 4], 0] != 0).all()


def mixed(n: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    city = rng.choice(["a", "b", None], n)
    frame = pd.DataFrame({
        "age": np.where(rng.random(n) < 0.15, np.nan, rng.normal(40, 10, n)),
        "city": pd.array(city, dtype=object),
        "grade": pd.Categorical(rng.choice(["lo", "hi"], n)),
        "rooms": pd.array(np.where(rng.random(n) < 0.1, None, rng.integers(1, 6, n)), dtype="Int64"),
        "flag": rng.random(n) < 0.5,
        "day": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
        "constant": 1.0,
    })  # fmt: skip
    return frame, (frame.age.fillna(40) > 40).to_numpy() | (city == "a")


def pipeline(then: Any) -> Any:
    encoded = make_column_transformer(
        (SimpleImputer(), ["age"]),
        (OneHotEncoder(handle_unknown="error"), ["city", "grade", "rooms", "flag"]),
    )
    return make_pipeline(encoded, then)


def test_perturbed_rows_keep_types_and_hold_only_what_was_seen() -> None:
    training, _ = mixed()
    frame, place, _ = neighbourhood_of(training, True).draw(2000, np.random.default_rng(0))
    assert frame.dtypes.equals(training.dtypes) and place.shape == frame.shape
    for name in ("city", "grade", "rooms", "flag", "day"):
        assert set(frame[name].dropna()) <= set(training[name].dropna())
        assert frame[name].isna().mean() == pytest.approx(training[name].isna().mean(), abs=0.03)
    assert frame.age.isna().mean() == pytest.approx(training.age.isna().mean(), abs=0.03)
    assert frame.age.min() >= training.age.min() and frame.age.max() <= training.age.max()
    for q in (0.25, 0.5, 0.75):
        assert frame.age.quantile(q) == pytest.approx(training.age.quantile(q), abs=0.8)


ASKED: dict[str, Any] = {"methods": ["lime"], "lime": {"samples": 500}, "local": {"rows": 4}}


@pytest.mark.parametrize("discretise", [True, False])
def test_text_categories_and_missing_values_are_attributed_by_column(discretise: bool, run: Callable[..., Any]) -> None:
    frame, y = mixed()
    model = pipeline(RandomForestClassifier(20, max_depth=5, random_state=0)).fit(frame, y)
    asked = {**ASKED, "lime": {"samples": 2000, "discretise": discretise}}
    (section, observations), again = (run(model, frame, y, spec=asked, train=frame) for _ in range(2))
    assert section.model_dump_json() == again[0].model_dump_json()
    (facts,) = section.methods
    assert (facts.status, facts.scale, facts.additivity_error) == ("done", "probability", None), facts.reason
    assert set(facts.features) == set(frame.columns) and set(facts.features[:2]) == {"age", "city"}
    found = {o.id: o.measured for o in observations}
    assert found["attribution/lime/global/constant"].value == pytest.approx(0, abs=0.002)
    for measure in ("local_r2", "stability"):
        measured = found[f"attribution/lime/{measure}"]
        assert measured.kind == "estimate" and measured.low < measured.value < measured.high <= 1.05
    assert len(facts.cases) == 4
    for case in facts.cases:
        assert case.surrogate is not None and case.surrogate.draws == 5
        assert 0 < case.surrogate.r2.value <= 1 and -1 <= case.surrogate.stability.value <= 1
        assert case.prediction == pytest.approx(case.base + sum(c.attribution for c in case.contributions))
        told = {c.feature: c.value for c in case.contributions}
        assert ("(" in told["age"]) == (discretise and told["age"] != "missing")
        assert told["constant"] in ("1", "1 (to 1)")


def test_several_classes_and_values_have_their_own_surrogates(run: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    y = np.array(["low", "mid", "top"])[(frame.a > 0).astype(int) + (frame.b > 0).to_numpy()]
    model = LogisticRegression().fit(frame, y)
    section, observations = run(model, frame, y, spec=ASKED)
    (facts,) = section.methods
    assert set(facts.beeswarm) == {"low", "mid", "top"} and facts.status == "done"
    assert {f"attribution/lime/global/a/class={c}" for c in ("low", "mid", "top")} <= {o.id for o in observations}
    assert all(case.class_ == case.decided for case in facts.cases)
    # Values of any size: their surrogates are those of the same values divided by a million.
    value = 1e6 * (frame.a + 0.1 * frame.b).to_numpy() + 1e8
    model = LinearRegression().fit(frame, value)
    found = {o.id: o.measured.value for o in run(model, frame, value, spec=ASKED)[1]}
    small = LinearRegression().fit(frame, (value - 1e8) / 1e6)
    less = {o.id: o.measured.value for o in run(small, frame, (value - 1e8) / 1e6, spec=ASKED)[1]}
    assert found["attribution/lime/global/a"] == pytest.approx(1e6 * less["attribution/lime/global/a"], rel=1e-4)
    assert found["attribution/lime/local_r2"] == pytest.approx(less["attribution/lime/local_r2"], abs=1e-4)


def test_a_model_that_gives_one_answer_has_no_fit_to_tell(run: Callable[..., Any]) -> None:
    frame, y = mixed()
    numbers = frame[["age"]].fillna(0.0).assign(more=range(len(frame)))
    section, observations = run(DummyClassifier().fit(numbers, y), numbers, y, spec=ASKED)
    (facts,) = section.methods
    assert facts.status == "done", facts.reason
    found = {o.id: o.measured for o in observations}
    assert found["attribution/lime/local_r2"].kind == "undefined"
    assert found["attribution/lime/stability"].kind == "undefined"
    assert all(case.surrogate.r2.kind == "undefined" for case in facts.cases)


def test_labels_scores_and_single_columns_are_explained_too(run: Callable[..., Any]) -> None:
    frame, y = mixed()
    single = frame[["age"]].fillna(40.0)
    (facts,) = run(LinearSVC().fit(single, y), single, y, spec=ASKED)[0].methods
    assert (facts.status, facts.scale) == ("done", "score"), facts.reason
    value = single.age.to_numpy()
    (facts,) = run(RandomForestRegressor(5, random_state=0).fit(single, value), single, value, spec=ASKED)[0].methods
    assert (facts.status, facts.scale) == ("done", "unit of the target")
    assert all(case.surrogate.stability.kind == "undefined" for case in facts.cases)


def test_draws_shrink_with_the_budget_and_say_so(run: Callable[..., Any]) -> None:
    frame, y = mixed()
    model = pipeline(LogisticRegression(max_iter=2000)).fit(frame, y)
    (facts,) = run(model, frame, y, spec={**ASKED, "budget": 1000, "lime": {"samples": 5000}})[0].methods
    told = " ".join(facts.notes)
    assert "rather than 5,000, to stay within the budget" in told


def test_weights_decide_what_is_drawn(evidence: Callable[..., Any], ground: Callable[..., Any]) -> None:
    from audit.attribution.tabular.lime import _training

    frame, y = mixed()
    model = pipeline(LogisticRegression(max_iter=2000)).fit(frame, y)
    weight = np.where(frame.city == "a", 1.0, 0.0)
    made = ground(evidence(model, frame, y, weight=weight))
    assert set(_training(made).city) == {"a"}


def test_a_very_wide_table_is_explained_on_fewer_rows_and_says_so(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit.attribution.tabular import lime

    monkeypatch.setattr(lime, "_CELLS", 1_200)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 8)), columns=[f"c{j}" for j in range(8)])
    y = (frame.c0 > 0).astype(int).to_numpy()
    asked = {"methods": ["lime"], "lime": {"samples": 100}, "local": {"rows": 1}}
    (facts,) = run(GaussianNB().fit(frame, y), frame, y, spec=asked)[0].methods
    assert facts.status == "done" and facts.rows == 12, facts.reason
    assert any("within memory" in note for note in facts.notes)
