"""One contract for every check: it runs on whatever a table holds, keeps its promises and gives the same again."""

import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from audit.catalogue import load_all
from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation
from audit.robustness.measure import lacking

CHECKS = load_all("checks")
SETTING = Setting(level=0.95, seed=1, budget=2000)
BY_POSITION = {"label_order", "leakage", "drift_classifier"}
"""The first looks at the order of rows, the others deal folds by it: another order may give other numbers."""
SLOW = {"drift_classifier"}
"""Checks that fit models: they meet some of the cases."""


# --- what the checks meet --------------------------------------------------------------------------


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "whole": rng.integers(0, 5, n),
            "text": rng.choice(["u", "v", None], n),
            "yes": rng.integers(0, 2, n).astype(bool),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "kind": pd.Categorical(rng.choice(["p", "q"], n)),
        }
    )
    frame.loc[rng.random(n) < 0.2, "number"] = np.nan
    return frame


def target(n, classes, seed=0):
    rng = np.random.default_rng(seed + 100)
    return rng.integers(0, classes, n) if classes else rng.normal(size=n)


def subject(make_table, make_evidence, n=150, classes=2, frame=rows, **table):
    test = make_table("test", frame(n), target(n, classes))
    train = make_table("train", frame(2 * n, 1), target(2 * n, classes, 1))
    if table:
        test, train = (replace(t, **{name: value(t) for name, value in table.items()}) for t in (test, train))
    task = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    score = None if classes in (0, 2) else np.full((n, classes), 1 / classes)
    return make_evidence(test, train, task=task, classes=classes, score=score)


def timed(table):
    days = np.random.default_rng(table.n).integers(0, 90, table.n)
    return (np.datetime64("2026-01-01") + days).astype("datetime64[ns]")


def bare(n, seed=0):
    return pd.DataFrame(index=range(n))


def empty(n, seed=0):
    return pd.DataFrame({"a": np.full(n, np.nan), "b": [None] * n, "c": pd.array([None] * n, dtype="Int64")})


def constant(n, seed=0):
    return pd.DataFrame({"a": np.ones(n), "b": ["x"] * n, "c": np.full(n, np.inf)})


def half_labelled(make_table, make_evidence):
    evidence = subject(make_table, make_evidence)
    unlabelled = replace(evidence.subject.test, target=None)
    headline = replace(evidence.headline, table=unlabelled, sample=replace(evidence.headline.sample, target=None))
    return replace(evidence, subject=replace(evidence.subject, test=unlabelled), headline=headline)


def labels_only(make_table, make_evidence):
    evidence = subject(make_table, make_evidence)
    label = target(150, 2, 5)
    predictions = replace(evidence.headline.predictions, label=label, score=None, probability=False)
    sample = replace(evidence.headline.sample, label=label, score=None)
    return replace(evidence, headline=replace(evidence.headline, predictions=predictions, sample=sample))


CASES = {
    "binary": subject,
    "multiclass": lambda t, e: subject(t, e, classes=4),
    "regression": lambda t, e: subject(t, e, classes=0),
    "labels only": labels_only,
    "test without labels": half_labelled,
    "test alone": lambda t, e: e(t("test", rows(150), target(150, 2))),
    "one row": lambda t, e: subject(t, e, n=1),
    "two rows": lambda t, e: subject(t, e, n=2, classes=0),
    "no features": lambda t, e: subject(t, e, frame=bare),
    "nothing but gaps": lambda t, e: subject(t, e, frame=empty),
    "constant columns": lambda t, e: subject(t, e, frame=constant),
    "constant target": lambda t, e: subject(t, e, classes=1),
    "constant value": lambda t, e: subject(t, e, classes=0, target=lambda t: np.full(t.n, 3.0)),
    "frequency weights": lambda t, e: subject(
        t, e, weight=lambda t: np.arange(t.n) % 3.0, weight_kind=lambda t: "frequency"
    ),
    "sampling weights": lambda t, e: subject(
        t, e, weight=lambda t: 1e-3 + np.arange(t.n) % 4, weight_kind=lambda t: "sampling"
    ),
    "times, ids and groups": lambda t, e: subject(
        t,
        e,
        time=timed,
        identity=lambda t: np.arange(t.n) % 200 - 1,
        sensitive=lambda t: pd.DataFrame({"sex": np.where(np.arange(t.n) % 3, "f", "unknown")}),
    ),
    "times that are all missing": lambda t, e: subject(t, e, time=lambda t: np.full(t.n, np.datetime64("NaT", "ns"))),
    "times as numbers": lambda t, e: subject(t, e, time=lambda t: np.arange(t.n, dtype=np.float64)),
}


# --- the contract ----------------------------------------------------------------------------------


def told(check: Check, evidence) -> Finding | None:
    """What a check finds; None where it says that it cannot be run."""
    if lacking(check.needs, evidence):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return check.find(evidence, SETTING)
        except CheckNotRunError as reason:
            assert str(reason).endswith(".")
            return None


def hold(check: Check, evidence) -> None:
    """Whatever the table: a sentence, promises kept, every id once, ordered intervals, the same again."""
    found = told(check, evidence)
    if found is None:
        return
    assert found.summary.endswith(".")
    ids = Counter(o.id for o in found.observations)
    assert set(check.promises) <= set(ids)
    assert max(ids.values(), default=1) == 1
    assert all(id.startswith("robustness/") for id in ids)
    assert all(len(line) == len(found.table[0]) for line in found.table)
    for observation in found.observations:
        # In a table of many checks nothing else says whether a p-value allows for the others.
        assert "p_value" not in observation.id or "adjusted" in observation.label
        match observation.measured:
            case Estimate(value=value, low=low, high=high):
                assert (low is None or low <= value) and (high is None or value <= high)
            case Undefined(reason=reason):
                assert reason.endswith(".")
            case Exact():
                pass
    assert told(check, evidence) == found


def hold_in_any_order(check: Check, evidence) -> None:
    """Rows in another order: the same figures."""
    if check.name in BY_POSITION:
        return
    one, other = told(check, evidence), told(check, shuffled(evidence))
    assert (one is None) == (other is None)
    if one is None or other is None:
        return
    assert numbers_of(one) == {id: pytest.approx(n, rel=1e-9, abs=1e-9) for id, n in numbers_of(other).items()}


def numbers_of(found: Finding):
    fields = ("value", "low", "high")
    return {
        o.id: [getattr(o.measured, f) for f in fields if getattr(o.measured, f, None) is not None]
        for o in found.observations
    }


def shuffled(evidence):
    from audit.subject.gather import rows_of

    def moved(table, seed):
        order = np.random.default_rng(seed).permutation(table.n)
        return rows_of(table, order), order

    test, order = moved(evidence.subject.test, 1)
    train = None if evidence.subject.train is None else moved(evidence.subject.train, 2)[0]

    def along(values):
        return None if values is None else values[order]

    predictions = evidence.headline.predictions
    predictions = replace(predictions, score=along(predictions.score), label=along(predictions.label))
    sample = evidence.headline.sample
    sample = replace(sample, **{name: along(getattr(sample, name)) for name in ("target", "label", "score", "weight")})
    headline = replace(evidence.headline, table=test, predictions=predictions, sample=sample)
    return replace(
        evidence, subject=replace(evidence.subject, test=test, train=train), headline=headline, held_out=headline
    )


@pytest.mark.parametrize("case", CASES)
def test_every_check_runs_on_whatever_a_table_holds(case, make_table, make_evidence):
    evidence = CASES[case](make_table, make_evidence)
    for check in CHECKS.values():
        if check.name not in SLOW or case in ("one row", "two rows", "nothing but gaps"):
            hold(check, evidence)


@pytest.mark.parametrize("case", ["binary", "multiclass", "regression", "sampling weights", "times, ids and groups"])
def test_the_order_of_rows_decides_nothing(case, make_table, make_evidence):
    evidence = CASES[case](make_table, make_evidence)
    for check in CHECKS.values():
        hold_in_any_order(check, evidence)


def test_most_checks_have_something_to_say_of_a_whole_table(make_table, make_evidence):
    evidence = CASES["times, ids and groups"](make_table, make_evidence)
    silent = {name for name, check in CHECKS.items() if name not in SLOW and told(check, evidence) is None}
    assert all("model" in CHECKS[name].needs for name in silent)


# --- known-bad doubles -----------------------------------------------------------------------------


def double(find, promises=()):
    return Check(name="double", label="Double", find=find, needs=(), promises=promises)


def finding(*values, name="x"):
    told = tuple(
        Observation(id=f"robustness/{name}", label="x", measured=v if not isinstance(v, float) else Exact(value=v, n=1))
        for v in values
    )
    return Finding(summary="A sentence.", observations=told)


ODD = iter(range(1000))
BAD = {
    "breaks a promise": double(lambda e, s: finding(1.0), promises=("robustness/y",)),
    "tells an id twice": double(lambda e, s: finding(1.0, 2.0)),
    "another number each time": double(lambda e, s: finding(float(next(ODD)))),
    "a p-value that does not say whether it is adjusted": double(lambda e, s: finding(0.5, name="p_value")),
    "raises": double(lambda e, s: finding(float(e.subject.test.n // 0))),
    "warns": double(lambda e, s: finding(float(np.log(np.zeros(1))[0] * 0 == 0))),
    "an interval beside its value": double(
        lambda e, s: finding(Estimate(value=1.0, low=2.0, high=3.0, level=0.95, method="none", n=1))
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_the_contract_refuses_a_check_that(name, make_table, make_evidence):
    with pytest.raises((AssertionError, ArithmeticError, RuntimeWarning)):
        hold(BAD[name], CASES["binary"](make_table, make_evidence))


def test_the_contract_refuses_a_check_that_looks_at_the_first_row(make_table, make_evidence):
    first = double(lambda e, s: finding(float(e.headline.predictions.score[0])))
    with pytest.raises(AssertionError):
        hold_in_any_order(first, CASES["binary"](make_table, make_evidence))
