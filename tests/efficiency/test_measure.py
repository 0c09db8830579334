"""What is not known of a model is said, times stay out of the record, and a model that fails takes nothing with it."""

import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from audit.efficiency.latency import latencies
from audit.efficiency.measure import measure
from audit.records.measured import Exact, Undefined
from audit.records.sections import ModelFacts
from audit.subject.evidence import LoadedModel

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})


def evidence_of(model):
    table = SimpleNamespace(features=ROWS)
    return SimpleNamespace(subject=SimpleNamespace(model=model), headline=SimpleNamespace(table=table))


def loaded(native, predict, size=None):
    facts = ModelFacts(name="m", format="skops", type="t", refittable=False, size=size)
    return LoadedModel(
        facts=facts,
        native=native,
        features=None,
        classes=None,
        capabilities=frozenset(),
        predict=predict,
        predict_score=None,
        probability=False,
        fit=None,
    )


def test_sizes_of_a_model_file_are_exact():
    native = LogisticRegression().fit(ROWS, [0, 1, 1])
    section, observations = measure(evidence_of(loaded(native, native.predict, size=1234)), None, None)
    found = {o.id: o.measured for o in observations}
    assert found == {
        "efficiency/file_size": Exact(value=1234, unit="bytes", n=0),
        "efficiency/features": Exact(value=2, n=0),
        "efficiency/parameters": Exact(value=3, n=0),
    }
    assert section.notes == ()


def test_a_model_fitted_inside_has_no_file_and_says_so():
    native = LogisticRegression().fit(ROWS, [0, 1, 1])
    _, observations = measure(evidence_of(loaded(native, native.predict)), None, None)
    assert isinstance(observations[0].measured, Undefined)


def test_an_audit_of_predictions_knows_no_size():
    section, observations = measure(evidence_of(None), None, None)
    assert "Only predictions" in section.notes[0]
    assert [type(o.measured) for o in observations] == [Undefined]


def test_a_model_whose_structure_cannot_be_read_is_noted():
    class Hostile:
        @property
        def tree_(self):
            raise RuntimeError("no entry")

    section, observations = measure(evidence_of(loaded(Hostile(), len, size=1)), None, None)
    assert "no entry" in section.notes[0]
    assert [o.id for o in observations] == ["efficiency/file_size", "efficiency/features"]


def test_latency_is_that_of_the_call():
    def slow(rows):
        time.sleep(0.01 if len(rows) == 1 else 0.03)
        return np.zeros(len(rows))

    found = latencies(evidence_of(loaded(None, slow)))
    assert set(found) == {f"latency_p{p}/batch={b}" for p in (50, 95) for b in (1, 1000)}
    assert 0.01 <= found["latency_p50/batch=1"] <= found["latency_p95/batch=1"]
    assert 0.03 <= found["latency_p50/batch=1000"] <= found["latency_p95/batch=1000"]


def test_a_model_that_fails_on_one_row_is_timed_on_a_thousand():
    def picky(rows):
        if len(rows) == 1:
            raise ValueError("batch too small")
        return np.zeros(len(rows))

    assert set(latencies(evidence_of(loaded(None, picky)))) == {"latency_p50/batch=1000", "latency_p95/batch=1000"}


def test_predictions_have_no_latency():
    assert latencies(evidence_of(None)) == {}
