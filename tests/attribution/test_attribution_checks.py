"""The audit of the attributions: doubles that are wrong are flagged, right ones are not, and known truths come out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import checked_ground as known
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from audit import catalogue
from audit.attribution.checked import checked
from audit.attribution.likeness import chance_of_leaders, mean_over, rank_correlations, shared_leaders
from audit.declarations.attribution import Attributed
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.spec import AttributionSpec

CHECKS = catalogue.load_all("attribution_checks")
FITS = {name for name, check in CHECKS.items() if check.fits}
ALONE = {"agreement", "local_fit", "surrogate_fidelity"}
"""Checks that need another method, or one of a kind."""
CHEAP = tuple(sorted(set(CHECKS) - FITS))
SMALL: dict[str, Any] = {"budget": 60_000, "rows": 200, "background": 40, "local": False}


class Silence:
    def progress(self, *_: Any) -> None: ...
    def warning(self, *_: Any) -> None: ...


@pytest.fixture
def audited(evidence: Callable[..., Any], ground: Callable[..., Any]) -> Callable[..., Any]:
    """Run methods and then the checks on some evidence: facts by name, and what was measured by id."""

    def run(seen: Any, methods: Any, names: Any = CHEAP, **spec: Any) -> Any:
        base = ground(seen, **{**SMALL, **spec})
        pairs = [(m, m.attribute(base)) for m in methods]
        asked = AttributionSpec.model_validate({"checks": names})
        facts, found = checked(seen, base, pairs, asked, Silence())  # type: ignore[arg-type]
        return {f.name: f for f in facts}, {o.id: o.measured for o in found}

    return run


def real(*names: str) -> list[Any]:
    return [catalogue.load("attributions", name) for name in names]


# --- doubles -----------------------------------------------------------------------------------------

WRONG = {
    "noise": (known.noise, {"additivity", "deletion", "random_model"}),
    "flipped": (known.flipped, {"additivity", "deletion", "random_model"}),
    "short": (known.short, {"additivity"}),
    "unstable": (known.unstable, {"seed_stability", "convergence"}),
    "secretly random": (known.secretly_random, {"seed_stability"}),
    "by spread": (known.by_spread, {"random_model"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_method_that_is_wrong_is_flagged_by_what_it_is_wrong_in(
    name: str, audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    attribute, wanted = WRONG[name]
    facts, _ = audited(known.clean(evidence), [known.method(attribute)])
    flagged = {check for check, f in facts.items() if "double" in f.failures}
    assert wanted <= flagged, {c: f.failures or f.summary or f.reason for c, f in facts.items()}


def test_the_right_method_is_flagged_by_nothing(audited: Callable[..., Any], evidence: Callable[..., Any]) -> None:
    facts, found = audited(known.clean(evidence), [known.method(known.honest)], (*CHEAP, *FITS))
    assert {c: f.failures for c, f in facts.items() if f.failures} == {}
    assert {f.status for c, f in facts.items() if c not in ALONE} == {"done"}
    assert found["attribution/double/random_model_recovery"].value == pytest.approx(1.0)
    assert found["attribution/double/rebuilt_score_error"].value < 1e-12


def test_signs_against_another_method_are_a_failure_of_both(
    audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    pair = [known.method(known.honest, "right"), known.method(known.flipped, "wrong")]
    facts, found = audited(known.clean(evidence), pair, ["agreement", "deletion"])
    assert set(facts["agreement"].failures) == {"right", "wrong"}
    assert found["attribution/right/sign_agreement/with=wrong"].value == 0
    # Which of the two is wrong, the model's own answers tell.
    assert set(facts["deletion"].failures) == {"wrong"}


# --- known truths ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_the_game_that_credits_an_idle_decoy_is_flagged(
    seed: int, audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    seen = known.idle_decoy(evidence, seed)
    rows = seen.headline.table.features
    turned = rows.assign(decoy=1 - rows["decoy"])
    model = seen.subject.model
    # The truth: whatever the decoy says, the answer is the same.
    np.testing.assert_array_equal(model.predict_score(rows), model.predict_score(turned))
    facts, found = audited(seen, real("shap", "permutation_importance"), ["response"])
    assert set(facts["response"].failures) == {"shap"} and "decoy" in facts["response"].failures["shap"]
    assert found["attribution/shap/idle_credit"].value > 0.05
    assert found["attribution/permutation_importance/idle_credit"].value == 0


@pytest.mark.parametrize("seed", range(2))
def test_methods_that_shuffle_a_twin_of_the_cause_are_flagged(
    seed: int, audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    facts, found = audited(
        known.twin_decoy(evidence, seed), real("shap", "permutation_importance"), ["off_manifold"], budget=20_000
    )
    assert set(facts["off_manifold"].failures) == {"shap", "permutation_importance"}
    assert found["attribution/permutation_importance/off_manifold"].low > 0.5


@pytest.mark.parametrize("seed", range(2))
def test_a_column_that_was_learnt_by_heart_is_flagged_where_it_comes_first(
    seed: int, audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    facts, _ = audited(
        known.memorised_decoy(evidence, seed), real("shap", "permutation_importance"), ["agreement", "planted_noise"]
    )
    assert "puts serial first" in facts["agreement"].failures["shap"]
    assert "shap" in facts["planted_noise"].failures


def test_outcomes_that_nothing_tells_leave_attributions_unsupported(
    audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    facts, found = audited(
        known.coin(evidence, 100), real("shap", "permutation_importance"), ["skill", "shuffled_labels", "planted_noise"]
    )
    assert "unsupported" in facts["skill"].failures[""]
    assert found["attribution/skill"].low < 0 < found["attribution/skill"].high
    assert "permutation_importance" in facts["shuffled_labels"].failures
    assert set(facts["planted_noise"].failures) == {"shap", "permutation_importance"}


def test_surrogates_are_held_to_what_they_follow(audited: Callable[..., Any], evidence: Callable[..., Any]) -> None:
    """A straight line follows a line whole, and nothing of a parity."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.choice([-1.0, 1.0], (600, 2)), columns=["a", "b"])
    parity = (frame.a * frame.b > 0).astype(int).to_numpy()
    methods = real("surrogate_linear", "lime")
    names = ["surrogate_fidelity", "local_fit"]
    facts, _ = audited(known.subject(evidence, DecisionTreeClassifier(), frame, parity), methods, names)
    assert "surrogate_linear" in facts["surrogate_fidelity"].failures
    assert facts["surrogate_fidelity"].observations == ("attribution/surrogate_linear/fidelity",)
    facts, _ = audited(known.clean(evidence), methods, names)
    assert {f.status for f in facts.values()} == {"done"} and not any(f.failures for f in facts.values())
    facts, _ = audited(known.clean(evidence), real("permutation_importance"), names)
    assert {f.status for f in facts.values()} == {"not_run"}


def test_coin_flips_are_called_unsupported_at_the_stated_rate(
    audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    times = 40
    supported = 0
    for seed in range(times):
        rng = np.random.default_rng(100 + seed)
        frame = pd.DataFrame(rng.normal(size=(240, 2)), columns=["a", "b"])
        seen = known.subject(evidence, LogisticRegression(), frame, rng.integers(0, 2, 240), train=120)
        facts, _ = audited(seen, [], ["skill"])
        supported += not facts["skill"].failures
    # An interval of 95 % lies above what it covers in 2.5 %; more than 5 of 40 would happen once in a thousand times.
    assert supported <= 5
    assert not audited(known.clean(evidence), [], ["skill"])[0]["skill"].failures


@pytest.mark.parametrize("name", ["logistic", "forest", "neighbours"])
def test_clean_data_raise_nothing(name: str, audited: Callable[..., Any], evidence: Callable[..., Any]) -> None:
    models = {
        "logistic": LogisticRegression(),
        "forest": RandomForestClassifier(20, min_samples_leaf=5, random_state=0),
        "neighbours": KNeighborsClassifier(25),
    }
    flags = []
    for seed in range(2):
        seen = known.clean(evidence, seed, models[name])
        facts, _ = audited(seen, real("shap", "permutation_importance"), budget=20_000)
        assert {f.status for c, f in facts.items() if c not in ALONE} == {"done"}
        flags += [(c, f.failures) for c, f in facts.items() if f.failures]
    assert not flags


# --- the contract ------------------------------------------------------------------------------------


def mixed(n: int = 160) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "number": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "text": rng.choice(["u", "v", None], n),
            "kind": pd.Categorical(rng.choice(["p", "q"], n)),
            "flag": rng.integers(0, 2, n).astype(bool),
            "whole": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "same": 1.0,
        }
    )
    return frame


class Signs(ClassifierMixin, BaseEstimator):
    """A classifier of the user's own that takes any table."""

    classes_ = np.array([0, 1])

    def fit(self, frame: Any, target: Any) -> Any:
        return self

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        number = frame["number"].fillna(0).to_numpy(float) + frame["whole"].to_numpy(float) / 9
        p = 1 / (1 + np.exp(-number + (frame["text"] == "u").to_numpy()))
        return np.column_stack([1 - p, p])

    def predict(self, frame: pd.DataFrame) -> Any:
        return (self.predict_proba(frame)[:, 1] > 0.5).astype(int)


def three(n: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["a/b", "c=d", "e", "f"])
    return frame, np.digitize(frame["a/b"] + 0.3 * rng.normal(size=n), [-0.5, 0.5])


def cases(make: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
    frame, several = three()
    two = (several > 0).astype(int)

    def of(model: Any, target: Any, rows: pd.DataFrame = frame, train: int = 150) -> Any:
        return known.subject(make, model, rows, target, train=train)

    def changed(**table: Any) -> Any:
        seen = of(LogisticRegression(), two)
        return replace(seen, subject=replace(seen.subject, train=replace(seen.subject.train, **table)))

    pipeline = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["text"]), remainder="drop"),
        LogisticRegression(),
    )
    words = frame.assign(text=np.where(two == 1, "x", "y"))
    return {
        "binary": lambda: of(LogisticRegression(), two),
        "several classes": lambda: of(LogisticRegression(), several),
        "regression": lambda: of(LinearRegression(), frame["a/b"].to_numpy() * 2 + 1),
        "kinds of columns": lambda: of(Signs(), np.arange(160) % 2, mixed(), 80),
        "text in a pipeline": lambda: of(pipeline, two, words),
        "one column": lambda: of(LogisticRegression(), two, frame[["a/b"]]),
        "no labels to train on": lambda: changed(target_raw=None),
        "few rows": lambda: of(LogisticRegression(), two, frame, 297),
        "constant answers": lambda: of(LogisticRegression(C=1e-12), two, frame * 0 + 1),
    }


NAMES = tuple(cases(lambda *_, **__: None))


@pytest.mark.parametrize("name", NAMES)
def test_every_check_keeps_its_contract_whatever_it_meets(
    name: str, audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    seen = cases(evidence)[name]()
    methods = real("shap", "permutation_importance")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        facts, found = audited(seen, methods, tuple(CHECKS), rows=60, background=15, budget=6_000)
    assert set(facts) == set(CHECKS)
    for check, fact in facts.items():
        assert fact.status != "error", (check, fact.reason)
        text = fact.summary if fact.status == "done" else fact.reason
        assert text.strip().endswith("."), (check, text)
        for method in methods:
            for measure in CHECKS[check].measures:
                assert f"attribution/{method.name}/{measure}" in found
        assert set(fact.failures) <= {"", "shap", "permutation_importance"}
    for id, measured in found.items():
        match measured:
            case Undefined():
                assert measured.reason.endswith("."), id
            case Estimate():
                assert np.isfinite(measured.value), id
                assert measured.low is None or measured.low <= measured.value + 1e-9, id
                assert measured.high is None or measured.high >= measured.value - 1e-9, id
            case Exact():
                assert np.isfinite(float(measured.value)), id


def test_two_runs_give_equal_bytes_and_touch_no_generator(
    audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    texts, before = [], np.random.get_state()[1].tolist()
    for _ in range(2):
        facts, found = audited(
            known.clean(evidence, 0, KNeighborsClassifier(9)), real("shap", "permutation_importance"), tuple(CHECKS),
            rows=60, background=15, budget=6_000,
        )  # fmt: skip
        texts.append(json.dumps([f.model_dump(mode="json") for f in facts.values()]) + repr(found))
    assert texts[0] == texts[1] and np.random.get_state()[1].tolist() == before


def test_a_check_asks_for_no_more_predictions_than_its_budget(
    evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    budget = 60_000
    seen = known.clean(evidence, 0, KNeighborsClassifier(9))
    base = ground(seen, **{**SMALL, "budget": budget})
    pairs = [(m, m.attribute(base)) for m in real("shap", "permutation_importance")]
    asked = [0]

    def counted(rows: pd.DataFrame) -> Any:
        asked[0] += len(rows)
        return base.predict(rows)

    watched = replace(base, predict=counted)
    spied = [(m, replace(a, ground=a.ground and replace(a.ground, predict=counted))) for m, a in pairs]
    # A thirtieth of the method's own budget for one look at a method, or the part of the fewest rows that have an
    # interval, which is six of them; seeds are looked at three times at most.
    rows = min(len(a.ground.rows) for _, a in pairs if a.ground is not None)
    look = budget / 30 + 6 * budget / rows
    for check in CHEAP:
        asked[0] = 0
        checked(seen, watched, spied, AttributionSpec(checks=(check,)), Silence())  # type: ignore[arg-type]
        assert asked[0] <= 3 * len(pairs) * look, check


def test_a_method_that_fails_when_run_again_leaves_numbers_undefined_with_its_words(
    audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    calls = [0]

    def fragile(ground: Any) -> Attributed:
        calls[0] += 1
        if calls[0] > 1:
            raise ZeroDivisionError("no second time")
        return known.honest(ground)

    facts, found = audited(known.clean(evidence), [known.method(fragile)], ["seed_stability", "background"])
    assert {f.status for f in facts.values()} == {"done"}
    assert "no second time" in found["attribution/double/seed_top_jaccard"].reason
    assert "no second time" in found["attribution/double/background_rank_correlation"].reason


def test_a_check_that_breaks_is_an_error_and_the_others_go_on(
    audited: Callable[..., Any], evidence: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit.attribution.checks import response

    def broken(_: Any) -> Any:
        raise ZeroDivisionError("fell over")

    monkeypatch.setattr(response, "CHECK", replace(response.CHECK, find=broken))
    facts, found = audited(known.clean(evidence), [known.method(known.honest)], ["response", "additivity"])
    assert facts["response"].status == "error" and "fell over" in facts["response"].reason
    assert "fell over" in found["attribution/double/idle_credit"].reason
    assert facts["additivity"].status == "done"


def test_models_are_fitted_unasked_only_where_the_training_table_is_small(
    evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    def status(n: int, names: Any) -> dict[str, str]:
        seen = known.subject(evidence, LogisticRegression(), *two_columns(n), train=n - 60)
        base = ground(seen, **SMALL)
        pairs = [(m, m.attribute(base)) for m in real("permutation_importance")]
        facts, found = checked(seen, base, pairs, AttributionSpec(checks=names), Silence())  # type: ignore[arg-type]
        for f in facts:
            if f.status == "not_run" and f.name in FITS:
                assert "name it under attribution.checks" in f.reason
                measure = CHECKS[f.name].measures[0]
                assert (
                    found
                    and f.reason
                    == {o.id: o.measured for o in found}[f"attribution/permutation_importance/{measure}"].reason
                )
        return {f.name: f.status for f in facts}

    assert {status(400, None)[name] for name in FITS} == {"done"}
    assert {status(1400, None)[name] for name in FITS} == {"not_run"}
    assert set(status(1400, tuple(FITS)).values()) == {"done"}
    assert status(400, False) == {}


def two_columns(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "b"])
    return frame, (frame.a + rng.normal(size=n) > 0).astype(int).to_numpy()


# --- the measures ------------------------------------------------------------------------------------


def test_rank_correlations_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 4, (20, 7)).astype(float), rng.normal(size=(20, 7))
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(rank_correlations(one, other), expected, atol=1e-12)


@pytest.mark.parametrize(("d", "k"), [(6, 3), (10, 5), (3, 1)])
def test_the_chance_of_leaders_is_what_random_orders_share(d: int, k: int) -> None:
    rng = np.random.default_rng(0)
    shared = shared_leaders(rng.random((20_000, d)), rng.random((20_000, d)), k)
    assert chance_of_leaders(d, k) == pytest.approx(shared.mean(), abs=4 * shared.std() / np.sqrt(20_000))


def test_the_interval_of_a_mean_over_rows_is_students() -> None:
    values = np.random.default_rng(0).normal(size=12)
    found = mean_over(values, 0.95)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert isinstance(found, Estimate) and (found.low, found.high) == pytest.approx((low, high))


def test_deletion_of_a_linear_model_has_the_area_that_follows_from_its_weights(
    audited: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    """With one weight that is not zero, the first column replaced carries the whole fall: the area is all of it."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    model = LinearRegression()
    seen = known.subject(evidence, model, frame, frame["a"].to_numpy())
    model.coef_, model.intercept_ = np.array([1.0, 0.0, 0.0]), 0.0
    _, found = audited(seen, [known.method(known.by_spread)], ["deletion", "response"])
    assert found["attribution/double/deletion_area"].value == pytest.approx(1.0)
    assert found["attribution/double/insertion_area"].value == pytest.approx(1.0)
    # In a random order of three, the column is gone after one step in a third, after two in two thirds.
    gain = found["attribution/double/deletion_gain"]
    assert gain.low < 0.5 < gain.high
    assert found["attribution/double/idle_credit"].value == pytest.approx((2 + 1) / (3 + 2 + 1))
