"""What is not known of a model is said, times stay out of the record, and a model that fails takes nothing with it."""

import hashlib
import pickle
import sys
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

from audit.efficiency import latency
from audit.efficiency.latency import Costs, costs_of, exponent, fit_times
from audit.efficiency.measure import measure
from audit.records.measured import Exact, Undefined
from audit.records.plan import InputFile, Plan
from audit.records.sections import ModelFacts
from audit.records.spec import AuditSpec, DataSpec, EfficiencySpec, ModelSpec
from audit.subject.evidence import Lesson, LoadedModel

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})


def evidence_of(model):
    table = SimpleNamespace(features=ROWS)
    return SimpleNamespace(subject=SimpleNamespace(model=model), headline=SimpleNamespace(table=table), lessons=())


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
        "efficiency/object_size": Exact(value=len(pickle.dumps(native, protocol=5)), unit="bytes", n=0),
        "efficiency/features": Exact(value=2, n=0),
        "efficiency/parameters": Exact(value=3, n=0),
        "efficiency/operations": Exact(value=2.0, unit="multiplications", n=0),
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
    assert [o.id for o in observations] == ["efficiency/file_size", "efficiency/object_size", "efficiency/features"]


# --- what differs from run to run ------------------------------------------------------------------------


def plan_of(**efficiency):
    return Plan(
        spec=AuditSpec(model=ModelSpec(path="m"), data=DataSpec(test="t"), efficiency=EfficiencySpec(**efficiency))
    )


def costs(predict, **efficiency):
    return costs_of(evidence_of(loaded(None, predict)), plan_of(**efficiency))


def test_latency_is_that_of_the_call():
    def slow(rows):
        time.sleep(0.005 if len(rows) == 1 else 0.02)
        return np.zeros(len(rows))

    found = costs(slow, batches=(1, 1000), calls=5)
    assert set(found.latency) == {f"latency_p{p}/batch={b}" for p in (50, 95) for b in (1, 1000)}
    assert 0.005 <= found.latency["latency_p50/batch=1"] <= found.latency["latency_p95/batch=1"]
    assert 0.02 <= found.latency["latency_p50/batch=1000"] <= found.latency["latency_p95/batch=1000"]
    speed = found.costs["throughput/batch=1000"]
    assert speed.value == pytest.approx(1000 / found.latency["latency_p50/batch=1000"])


def test_calls_are_counted():
    seen = []
    costs(lambda rows: seen.append(len(rows)) or np.zeros(len(rows)), batches=(1, 5000, 10_000), calls=4)
    # One call before the first that counts, and never more than 30,000 rows beyond three calls; the rest is of growth.
    assert [seen[:14].count(n) for n in (1, 5000, 10_000)] == [5, 5, 4]


def test_a_model_that_fails_on_one_row_is_timed_on_a_thousand():
    def picky(rows):
        if len(rows) == 1:
            raise ValueError("batch too small")
        return np.zeros(len(rows))

    found = costs(picky, batches=(1, 1000))
    assert set(found.latency) == {"latency_p50/batch=1000", "latency_p95/batch=1000"}
    assert "batch too small" in found.costs["latency/batch=1"].reason


def test_what_would_take_too_long_is_not_tried():
    largest = []

    def slow(rows):
        largest.append(len(rows))
        time.sleep(0.0005 * len(rows))
        return np.zeros(len(rows))

    found = costs(slow, batches=(1, 100, 100_000), calls=3)
    assert "would take about" in found.costs["latency/batch=100000"].reason
    assert max(largest) < 100_000


def test_predictions_have_no_costs():
    assert costs_of(evidence_of(None), plan_of()) == Costs()


def test_growth_is_the_power_of_the_rows():
    rows = np.repeat([1000.0, 2000.0, 4000.0], 3)
    noise = np.exp(np.random.default_rng(0).normal(0, 0.02, 9))
    found = exponent(rows, 1e-6 * rows**1.5 * noise)
    oracle = stats.linregress(np.log(rows), np.log(1e-6 * rows**1.5 * noise))
    assert found.value == pytest.approx(oracle.slope)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 7) * oracle.stderr)
    assert found.low < 1.5 < found.high


@pytest.mark.parametrize(("row", "told"), [(1e-9, "fixed cost"), (1e-4, None)])
def test_growth_is_not_read_from_fixed_costs(monkeypatch, row, told):
    monkeypatch.setattr(latency, "_calls", lambda model, rows, calls: [0.01 + row * len(rows)] * calls)
    found = costs(len, batches=(1,)).costs["time_growth"]
    if told:
        assert told in found.reason
    else:
        assert found.value == pytest.approx(1.0, abs=0.01)


def test_times_off_leaves_nothing():
    assert costs(lambda rows: np.zeros(len(rows)), latency=False) == Costs()


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from the kernel of Linux")
def test_a_fresh_process_tells_what_a_model_holds(tmp_path):
    """A nearest-neighbour model of 16 MB holds them; one of a few numbers does not."""
    peak = {}
    for name, native in (("small", LogisticRegression().fit(ROWS, [0, 1, 1])), ("large", _large())):
        content = skops.io.dumps(native)
        path = tmp_path / name
        path.write_bytes(content)
        file = InputFile(role="model", path=str(path), sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        plan = plan_of(memory=True, latency=False, batches=(10,)).model_copy(update={"inputs": (file,)})
        found = costs_of(evidence_of(loaded(native, native.predict)), plan).costs
        assert set(found) == {"peak_memory/load", "peak_memory/batch=10"}
        peak[name] = found["peak_memory/load"].value
        assert found["peak_memory/batch=10"].value >= peak[name]
    assert 16e6 <= peak["large"] - peak["small"] <= 100e6


def _large():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(1_000_000, 2)), columns=["a", "b"])
    return KNeighborsRegressor(algorithm="brute").fit(rows, np.zeros(len(rows)))


def test_a_model_without_a_file_has_no_memory_of_its_own():
    found = costs(lambda rows: np.zeros(len(rows)), latency=False, memory=True, batches=(10,)).costs
    assert all(isinstance(measured, Undefined) for measured in found.values()) and len(found) == 2


def lessons(seconds):
    """Three folds with parts of 100, 200, 400 and 800 rows."""
    return tuple(
        Lesson(fold, part, 800 // 2**part, None, None, seconds(800 // 2**part) * (1 + fold / 100))
        for fold in (1, 2, 3)
        for part in (3, 2, 1, 0)
    )


def test_the_growth_of_fits_is_that_of_the_seconds_they_took():
    found = fit_times(lessons(lambda rows: 1e-6 * rows**2))
    assert found.costs["fit_time_growth"].value == pytest.approx(2.0)
    assert found.latency == {
        f"fit_time/rows={rows}": pytest.approx(1e-6 * rows**2 * 1.02) for rows in (100, 200, 400, 800)
    }


def test_fits_that_take_alike_on_any_rows_have_no_growth():
    found = fit_times(lessons(lambda rows: 0.01 + 1e-6 * rows))
    assert "what a fit costs in any case" in found.costs["fit_time_growth"].reason
    assert fit_times(()) == Costs()
