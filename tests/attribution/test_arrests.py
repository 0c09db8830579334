"""The demo on arrests: everybody who is not released has reasons that hold up when they are put to the model again."""

from __future__ import annotations

import credit
import numpy as np
import yaml

import audit
from audit.demo import arrests

THRESHOLD = 0.8
SENSITIVE = ("colour", "sex", "age")


def test_everybody_who_is_turned_down_has_true_reasons() -> None:
    demo = arrests.make()
    columns = list(demo.model.feature_names_in_)
    released = list(demo.model.classes_).index("Yes")

    def favour(rows):
        return demo.model.predict_proba(rows[columns])[:, released]

    train, test = demo.train.reset_index(drop=True), demo.test.reset_index(drop=True)
    denied = np.flatnonzero(favour(test) < THRESHOLD)
    spec = yaml.safe_load(demo.spec)
    kept = {key: spec[key] for key in ("context", "decision", "sensitive", "seed")}
    numbers = [int(row) + 1 for row in denied]
    local = {"rows": 1, "row_numbers": numbers, "neighbours": 0, "counterfactuals": False}
    asked = {"rows": len(test), "methods": ["shap"], "checks": False, "local": local}
    off = dict.fromkeys(("performance", "fairness", "robustness", "efficiency"), False)
    record = audit.run(
        {**kept, **off, "attribution": asked, "policies": ["model-card-core"]},
        model=demo.model,
        train=train,
        test=test,
        target="released",
    )
    assert record.attribution is not None and record.attribution.people is not None
    persons = record.attribution.people.persons[: len(denied)]
    coverage = record.observation("attribution/reasons/coverage")
    assert coverage is not None and (coverage.measured.value, coverage.measured.n) == (1.0, len(denied))
    assert len(persons) == len(denied) > 400
    favoured = train[favour(train) >= THRESHOLD][columns]
    # People with equal inputs are told the same, so each is put to the test once.
    told = {
        tuple(test[columns].iloc[row]): ([r.feature for r in person.reasons], row)
        for person, row in zip(persons, denied, strict=True)
    }
    for reasons, row in told.values():
        faults = credit.faults_of_reasons(reasons, test[columns].iloc[row], favour, favoured, SENSITIVE)
        assert not faults, (faults, row)
