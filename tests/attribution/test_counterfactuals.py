"""Counterfactuals turn the decision, within every constraint, with as few columns as can be; or none is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import credit
import numpy as np
import pandas as pd
import pytest
from credit import people
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

CONSTRAINTS: dict[str, Any] = {
    "immutable": ["purpose"],
    "monotone": {"age": "increasing", "months": "increasing"},
    "ranges": {"income": [0, 4000], "debt": [50, 100_000]},
}


def changed_row(row: pd.Series, person: Any, observed: pd.DataFrame) -> pd.Series:
    changed = row.copy()
    for change in person.counterfactual.changes:
        # Values are told as text: of all observed ones the one that is written so.
        number = pd.api.types.is_numeric_dtype(observed[change.feature])
        values = observed[change.feature].dropna().unique()
        changed[change.feature] = min(values, key=lambda v: abs(v - float(change.other))) if number else change.other
    return changed


@pytest.mark.parametrize("name", sorted(credit.MODELS))
def test_every_change_told_turns_the_decision_within_the_constraints(name: str, evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(900, 0)
    # Cents that a report rounds away would make the told value another one.
    train["debt"] = train.debt.round(0)
    test, y = credit.applications(150, 1)
    test["debt"] = test.debt.round(0)
    model = credit.MODELS[name]().fit(train, paid)
    denied = np.flatnonzero(model.predict(test) == 0)[:30]
    whole = credit.favouring(evidence(model, test, y, train=train), 1)
    facts, found = people(
        whole,
        rows=len(denied),
        row_numbers=[int(i) + 1 for i in denied],
        counterfactuals=CONSTRAINTS,
        reasons=False,
    )
    assert found["attribution/counterfactuals/found"].value >= 0.8
    told = [p.counterfactual for p in facts.persons]
    assert sum(c.status == "found" for c in told) >= 0.8 * len(denied)
    assert all(c.searched > 0 for c in told)
    for person, row in zip(facts.persons, denied, strict=True):
        if person.counterfactual.status != "found":
            continue
        assert person.counterfactual.decided == "1" and person.counterfactual.plausible is not None
        faults = credit.faults_of_change(
            test.iloc[row],
            changed_row(test.iloc[row], person, train),
            lambda rows: model.predict(rows) == 1,
            train,
            immutable=["purpose", "sex"],
            monotone=CONSTRAINTS["monotone"],
            ranges=CONSTRAINTS["ranges"],
        )
        assert not faults, (faults, person.counterfactual)


def test_the_contract_tells_changes_that_do_not_turn_and_that_touch_what_is_fixed() -> None:
    train, paid = credit.applications(600, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    row = train[model.predict(train) == 0].iloc[0]
    best = train[model.predict(train) == 1].iloc[0]

    def told(changed: pd.Series, **more: Any) -> list[str]:
        return credit.faults_of_change(row, changed, lambda rows: model.predict(rows) == 1, train, **more)

    worse = row.copy()
    worse["debt"] = train.debt.max()
    assert told(worse) == ["it does not turn the decision"]
    other = row.copy()
    other["sex"] = "male" if row.sex == "female" else "female"
    assert "sex is immutable" in told(other, immutable=["sex"])
    assert any("columns change" in fault for fault in told(best))
    invented = row.copy()
    invented["income"] = 10_000_001
    assert any("never seen" in fault for fault in told(invented))
    younger = row.copy()
    younger["age"] = train.age.min()
    assert "age moves the wrong way" in told(younger, monotone={"age": "increasing"})


def test_two_columns_are_found_where_one_does_not_do(evidence: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 10, size=(500, 3)), columns=list("abc"))
    y = ((frame.a > 4) & (frame.b > 4)).astype(int).to_numpy()
    model = DecisionTreeClassifier(random_state=0).fit(frame, y)
    row = pd.DataFrame({"a": [2, 2], "b": [3, 7], "c": [5, 5]})
    rows = pd.concat([row, frame.iloc[:50]], ignore_index=True)
    whole = credit.favouring(evidence(model, rows, model.predict(rows), train=frame), 1)
    facts, _ = people(whole, (), row_numbers=[1, 2], rows=2)
    both, one = (p.counterfactual for p in facts.persons)
    # As near as can be: 5 is the first value above the cut.
    assert {c.feature: (c.value, c.other) for c in both.changes} == {"a": ("2", "5"), "b": ("3", "5")}
    assert {c.feature: (c.value, c.other) for c in one.changes} == {"a": ("2", "5")}
    # Alone neither column of the first person moves the score: only together they are reasons.
    joint, single = (p.reasons for p in facts.persons)
    assert {r.feature for r in joint} == {"a", "b"} and all(r.together and r.gain == 1.0 for r in joint)
    assert [(r.feature, r.together) for r in single] == [("a", False)]
    few, _ = people(whole, (), row_numbers=[1, 2], rows=2, counterfactuals={"changes": 1})
    assert few.persons[0].counterfactual.status == "none_found" and few.persons[0].counterfactual.searched > 10


def test_none_is_found_where_the_constraints_bar_it(evidence: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    y = (frame.a > 0).astype(int).to_numpy()
    model = LogisticRegression().fit(frame, y)
    whole = credit.favouring(evidence(model, frame, y, train=frame), 1)
    for barred in ({"immutable": ["a"]}, {"monotone": {"a": "decreasing"}}, {"ranges": {"a": [-9, -0.5]}}):
        low = [int(i) + 1 for i in np.argsort(frame.a.to_numpy())[:5]]
        facts, found = people(whole, (), row_numbers=low, counterfactuals=barred)
        denied = [p for p in facts.persons if not p.favoured and p.score < 0.3]
        assert denied and all(p.counterfactual.status == "none_found" for p in denied)
        assert found["attribution/counterfactuals/found"].value < 0.5
    assert {p.counterfactual.status for p in facts.persons if p.favoured} == {"not_needed"}


def test_a_value_moves_as_far_as_was_asked_for(evidence: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 2)), columns=list("ab"))
    y = (3 * frame.a).to_numpy()
    model = LinearRegression().fit(frame, y)
    whole = evidence(model, frame, y, train=frame)
    still, _ = people(whole, ())
    assert still.counterfactuals.status == "not_run" and "move" in still.counterfactuals.reason
    assert still.reasons.status == "not_run" and still.neighbours.status == "not_run"
    facts, _ = people(whole, (), counterfactuals={"move": -1.5})
    found = [p for p in facts.persons if p.counterfactual.status == "found"]
    assert len(found) >= 5
    moves = [p.counterfactual.score - p.score for p in found]
    # Values are observed ones, so a person at the edge may have to go further.
    assert max(moves) <= -1.5 and np.median(moves) > -1.7
    for person in found:
        assert [c.feature for c in person.counterfactual.changes] == ["a"]


def test_the_budget_bounds_what_is_asked_of_the_model(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(600, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    whole = credit.favouring(evidence(model, train, paid, train=train), 1)
    facts, _ = people(whole, counterfactuals={"budget": 100, "immutable": ["income", "debt", "home"]}, reasons=False)
    spent = [p.counterfactual.searched for p in facts.persons if not p.favoured]
    # Beside the search itself a change found is taken back along each column, and asked about once more.
    assert spent and max(spent) <= 100 + 3 * 16 + 1


def test_neighbours_are_the_nearest_that_are_decided_otherwise(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(300, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    whole = credit.favouring(evidence(model, train, paid, train=train), 1)
    facts, _ = people(whole, neighbours=2, row_numbers=[1, 2, 3], rows=3, counterfactuals=False, reasons=False)
    decided = model.predict(train)
    spread = {c: np.nanquantile(train[c], 0.95) - np.nanquantile(train[c], 0.05) for c in credit.NUMBERS}
    for i, person in enumerate(facts.persons):
        apart = []
        for k in range(len(train)):
            total = 0.0
            for c in train.columns:
                one, other = train[c][i], train[c][k]
                if c not in spread:
                    total += one != other
                elif pd.isna(one) or pd.isna(other):
                    total += pd.isna(one) != pd.isna(other)
                else:
                    total += min(1.0, abs(one - other) / spread[c])
            apart.append(total / 7 if decided[k] != decided[i] else np.inf)
        assert [n.distance for n in person.neighbours] == pytest.approx(np.sort(apart)[:2].tolist())
        assert all(n.decided != person.decided for n in person.neighbours)
        nearest = train.iloc[int(np.argmin(apart))]
        differing = {c for c in train.columns if nearest[c] != train[c][i]} - {"months"}
        assert differing <= {d.feature for d in person.neighbours[0].differences}
