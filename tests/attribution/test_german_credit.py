"""German credit, where its table lies beside the project: reasons and changes for everybody who is turned down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import credit
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from audit.attribution.ground import ground_of
from audit.attribution.people.counterfactuals import search
from audit.attribution.people.crowd import crowd_of
from audit.records.spec import CounterfactualSpec

TABLE = Path(__file__).parents[3] / "shared" / "data" / "german" / "german_algofairness.csv"
PROTECTED = ("personal_status", "foreign_worker", "age")
LIMITS: dict[str, Any] = {
    "immutable": ("purpose", "credit_history", "number_of_credits", "people_liable_for"),
    "monotone": {"residence_since": "increasing"},
    "ranges": {"credit_amount": (250.0, 20_000.0)},
}
MODELS = {
    "logistic": lambda: LogisticRegression(max_iter=2000),
    "forest": lambda: RandomForestClassifier(100, random_state=0),
}


@pytest.mark.skipif(not TABLE.exists(), reason="the shared data are not here")
@pytest.mark.parametrize("name", sorted(MODELS))
def test_everybody_turned_down_has_true_reasons_and_most_a_change(name: str, evidence: Callable[..., Any]) -> None:
    whole = pd.read_csv(TABLE).sample(frac=1, random_state=0).reset_index(drop=True)
    y = (whole.pop("credit") == 1).astype(int).to_numpy()
    train, test = whole[:650], whole[650:].reset_index(drop=True)
    encode = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")),
    )
    model = make_pipeline(encode, MODELS[name]()).fit(train, y[:650])
    given = credit.favouring(evidence(model, test, y[650:], train=train), 1)
    denied = np.flatnonzero(model.predict(test) == 0)
    numbers = [int(i) + 1 for i in denied]
    facts, found = credit.people(
        given, PROTECTED, rows=min(200, len(denied)), row_numbers=numbers, counterfactuals=False
    )
    assert found["attribution/reasons/coverage"].value == 1.0 and len(facts.persons) == len(denied) > 50
    favoured = train[model.predict(train) == 1]
    for person, row in zip(facts.persons, denied, strict=True):
        faults = credit.faults_of_reasons(
            [r.feature for r in person.reasons],
            test.iloc[row],
            lambda rows: model.predict_proba(rows)[:, 1],
            favoured,
            PROTECTED,
        )
        assert not faults, (faults, person.reasons)

    spec = credit.spec_of(PROTECTED, rows=350)
    ground = ground_of(given, given.subject.model, spec, spec.attribution)
    crowd = crowd_of(given, ground)
    answers = crowd.answers
    persons = crowd.observed + np.flatnonzero(~answers.favoured[crowd.observed :])
    asked = CounterfactualSpec(**LIMITS)
    frozen = np.isin(crowd.names, (*PROTECTED, *asked.immutable))
    searches = search(crowd, persons, frozen, asked, lambda changed, _: changed.favoured, 75_000)
    changed = [s for s in searches if s.found is not None]
    assert len(changed) >= 0.8 * len(persons) > 40
    columns = np.arange(len(crowd.names))
    for one in changed:
        row = crowd.rows.iloc[one.person]
        values = pd.Series([crowd.rows.iloc[r, j] for r, j in zip(one.found, columns, strict=True)], crowd.names)
        faults = credit.faults_of_change(
            row,
            values,
            lambda rows: model.predict(rows) == 1,
            train,
            immutable=(*PROTECTED, *asked.immutable),
            monotone=asked.monotone,
            ranges=asked.ranges,
        )
        assert not faults, faults
