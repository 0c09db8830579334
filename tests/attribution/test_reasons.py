"""Reasons for unfavourable decisions: each truly moved the score against the person, or it is not given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import credit
import numpy as np
import pandas as pd
import pytest
from credit import people
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

PROTECTED = ("sex", "age")


@pytest.mark.parametrize("favourable", [1, 0])
@pytest.mark.parametrize("name", sorted(credit.MODELS))
def test_every_reason_of_everybody_turned_down_passes_the_truth_test(
    name: str, favourable: int, evidence: Callable[..., Any]
) -> None:
    train, paid = credit.applications(900, 0)
    test, y = credit.applications(150, 1)
    model = credit.MODELS[name]().fit(train, paid)

    def favour(rows: pd.DataFrame) -> np.ndarray:
        return model.predict_proba(rows)[:, favourable]

    whole = credit.favouring(evidence(model, test, y, train=train), favourable)
    denied = np.flatnonzero(model.predict(test) != favourable)[:40]
    facts, found = people(
        whole, PROTECTED, rows=len(denied), row_numbers=[int(i) + 1 for i in denied], counterfactuals=False
    )
    assert found["attribution/reasons/coverage"].value == 1.0
    assert len(facts.persons) == len(denied) > 20
    favoured = train[model.predict(train) == favourable]
    for person, row in zip(facts.persons, denied, strict=True):
        assert person.favoured is False and person.reasons
        faults = credit.faults_of_reasons(
            [r.feature for r in person.reasons], test.iloc[row], favour, favoured, PROTECTED
        )
        assert not faults, (faults, person.reasons)
        assert [r.effect for r in person.reasons] == sorted((r.effect for r in person.reasons), reverse=True)


def test_the_contract_tells_reasons_by_size_alone_and_protected_ones(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(900, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    denied = train[model.predict(train) == 0].head(30)
    favoured = train[model.predict(train) == 1]

    def favour(rows: pd.DataFrame) -> np.ndarray:
        return model.predict_proba(rows)[:, 1]

    def linear(row: pd.Series) -> list[str]:
        # Double: the largest |SHAP| of the logistic's own columns, whatever their sign.
        encoded = model[0].transform(pd.DataFrame([row]).astype(train.dtypes.to_dict()))[0]
        each = np.abs((encoded - model[0].transform(train).mean(axis=0)) * model[1].coef_[0])
        owners = [n.split("__")[1] for n in model[0].get_feature_names_out()]
        size = {c: sum(e for e, o in zip(each, owners, strict=True) if o.split("_")[0] == c) for c in train.columns}
        return sorted((c for c in size if c != "sex"), key=lambda c: -size[c])[:4]

    by_size = [credit.faults_of_reasons(linear(row), row, favour, favoured, ("sex",)) for _, row in denied.iterrows()]
    assert sum(map(bool, by_size)) > len(denied) / 2
    assert any("against the person" in fault for faults in by_size for fault in faults)
    women = denied[denied.sex == "female"]
    assert "sex is protected" in credit.faults_of_reasons(["sex"], women.iloc[0], favour, favoured, ("sex",))


def test_effects_of_a_linear_score_are_those_of_its_weights(evidence: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(600, 4)), columns=list("abcd"))
    y = (frame.a - 2 * frame.b + 0.5 * frame.c + rng.normal(size=600) > 0).astype(int).to_numpy()
    model = LinearSVC().fit(frame, y)
    whole = credit.favouring(evidence(model, frame, y, train=frame), 1)
    facts, _ = people(whole, (), row_numbers=[1, 2, 3, 4, 5, 6], rows=6, counterfactuals=False)
    for number, person in enumerate(facts.persons):
        if person.favoured:
            assert not person.reasons
            continue
        row = frame.iloc[number]
        for reason in person.reasons:
            weight = model.coef_[0]["abcd".index(reason.feature)]
            assert reason.gain == pytest.approx(weight * (float(reason.reference) - row[reason.feature]), abs=2e-3)
        moved = {
            c: w * (frame[c][model.predict(frame) == 1].mean() - row[c])
            for c, w in zip("abcd", model.coef_[0], strict=True)
        }
        assert person.reasons[0].feature == max(moved, key=lambda c: moved[c])


def test_protected_and_excluded_inputs_are_withheld_and_counted(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(900, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    test, y = credit.applications(200, 1)
    whole = credit.favouring(evidence(model, test, y, train=train), 1)
    facts, found = people(whole, reasons={"excluded": ["debt"], "count": 2})
    assert facts.protected == ("sex",)
    assert not {"sex", "debt"} & set(facts.given)
    assert not any(id.startswith(("attribution/reasons/given/sex", "attribution/reasons/given/debt")) for id in found)
    assert found["attribution/reasons/withheld"].value > 0.2
    assert max(len(p.reasons) for p in facts.persons) <= 2
    free, all_found = people(whole, sensitive=(), reasons={"count": 2})
    assert all_found["attribution/reasons/withheld"].value == 0
    assert "sex" in free.given


def test_shares_by_group_are_those_of_a_count(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(900, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    test, y = credit.applications(200, 1)
    groups = pd.DataFrame({"sex": test.sex})
    whole = credit.favouring(evidence(model, test, y, train=train, sensitive=groups), 1)
    numbers = [int(i) + 1 for i in np.flatnonzero(model.predict(test) == 0)]
    facts, found = people(whole, row_numbers=numbers, rows=len(numbers), counterfactuals=False)
    assert facts.denied == facts.explained == len(numbers) == len(facts.persons)
    for name in facts.given:
        has = np.array([name in {r.feature for r in p.reasons} for p in facts.persons])
        measured = found[f"attribution/reasons/given/{name}"]
        assert measured.value == pytest.approx(has.mean()) and measured.n == len(numbers)
        women = (test.sex.to_numpy() == "female")[[n - 1 for n in numbers]]
        assert found[f"attribution/reasons/given/{name}/sex=female"].value == pytest.approx(has[women].mean())


def test_reasons_of_noise_are_unsteady_and_those_of_a_plain_rule_are_not(evidence: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
    y = (frame.a > 0).astype(int).to_numpy()
    plain = LogisticRegression().fit(frame, y)
    _, found = people(credit.favouring(evidence(plain, frame, y, train=frame), 1), ())
    assert found["attribution/reasons/stability"].value > 0.9
    assert found["attribution/reasons/fidelity"].value > 0.95
    # However alike all are, so few people leave room for others.
    assert all(found[f"attribution/reasons/{name}"].low < 1 for name in ("coverage", "fidelity", "stability", "turned"))


def test_words_tell_the_direction_and_come_from_the_table(evidence: Callable[..., Any]) -> None:
    frame = pd.DataFrame({"late_payments": [0, 0, 1, 5, 6, 7] * 20, "home": ["own", "own", "own", "rent"] * 30})
    y = (frame.late_payments < 3).astype(int).to_numpy()
    model = make_linear(frame, y)
    whole = credit.favouring(evidence(model, frame, y, train=frame), 1)
    wording = {"late_payments": {"high": "Too many payments were late", "low": "Never"}}
    default, _ = people(whole, ())
    worded, _ = people(whole, (), reasons={"wording": wording})
    texts = {r.text for p in default.persons for r in p.reasons}
    assert "Late payments is high" in texts and "Late payments is low" not in texts
    assert {r.text for p in worded.persons for r in p.reasons if r.feature == "late_payments"} == {
        "Too many payments were late"
    }


def make_linear(frame: pd.DataFrame, y: np.ndarray) -> Any:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encode = make_column_transformer(
        (OneHotEncoder(), make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    return make_pipeline(encode, LogisticRegression()).fit(frame, y)


def test_in_several_classes_reasons_are_for_not_being_the_favourable_one(evidence: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc"))
    y = np.digitize(frame.a + 0.2 * rng.normal(size=500), [-0.5, 0.5])
    model = LogisticRegression().fit(frame, y)
    facts, found = people(credit.favouring(evidence(model, frame, y, train=frame), 2), ())
    assert facts.favourable == "2" and found["attribution/reasons/coverage"].value == 1.0
    for person in facts.persons:
        if not person.favoured:
            assert person.reasons[0].feature == "a" and "low" in person.reasons[0].text


class Labels(LogisticRegression):
    predict_proba = decision_function = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("favourable", "sensitive", "reason"), [(None, (), "decision.favourable"), (1, ("a", "b"), "")]
)
def test_what_cannot_be_told_is_said(
    favourable: int | None, sensitive: tuple[str, ...], reason: str, evidence: Callable[..., Any]
) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["a", "b"])
    y = (frame.a > 0).astype(int).to_numpy()
    model = LogisticRegression().fit(frame, y)
    facts, found = people(credit.favouring(evidence(model, frame, y, train=frame), favourable), sensitive)
    if reason:
        assert facts.reasons.status == "not_run" and reason in facts.reasons.reason
        assert facts.counterfactuals.status == "not_run" and not found
    else:
        assert found["attribution/reasons/coverage"].value == 0.0
        assert found["attribution/reasons/fidelity"].kind == "undefined"
        assert facts.counterfactuals.status == "not_run" and "may change" in facts.counterfactuals.reason


def test_a_model_that_turns_nobody_down_has_no_reasons_to_give(evidence: Callable[..., Any]) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["a", "b"])
    y = np.r_[np.zeros(2, dtype=int), np.ones(198, dtype=int)]
    model = LogisticRegression().fit(frame, y)
    assert set(model.predict(frame)) == {1}
    facts, found = people(credit.favouring(evidence(model, frame, y, train=frame), 1), ())
    assert facts.denied == 0
    assert "nobody" in found["attribution/reasons/coverage"].reason
    assert "nobody" in found["attribution/counterfactuals/found"].reason
    against, _ = people(credit.favouring(evidence(model, frame, y, train=frame), 0), ())
    assert against.reasons.status == "not_run" and "favours none" in against.reasons.reason
