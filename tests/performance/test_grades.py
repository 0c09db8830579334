"""Grades of probability: who is in which, and what the tests say of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.estimation.goodness import binomial, jeffreys
from audit.measure import _measured
from audit.records.measured import Exact, Undefined
from audit.records.plan import Plan
from audit.records.spec import AuditSpec
from audit.subject.evidence import Evidence
from audit.subject.gather import gather_evidence
from audit.subject.load import load_subject
from audit.subject.sandbox.inputs import opened


def audited(folder: Any, frame: pd.DataFrame, heard: Any, **spec: Any) -> tuple[Any, dict[str, Any]]:
    """Measure a table of predictions: the section, and what was measured by id without its stage."""
    frame.to_csv(folder / "test.csv", index=False)
    whole = {"model": {"predictions": {"score": "p"}}, "data": {"test": "test.csv", "target": "y"}, "task": "binary"}
    parsed = AuditSpec.model_validate(whole | spec)
    with opened((("test", folder / "test.csv"),)) as inputs:
        plan = Plan(spec=parsed, folder=str(folder), inputs=inputs)
        evidence: Evidence = gather_evidence(load_subject(plan, heard), parsed, heard)
        section, observations = _measured("performance", evidence, plan, heard)
    return section, {o.id.removeprefix("performance/"): o.measured for o in observations}


def portfolio() -> pd.DataFrame:
    """Three grades: the published 5 of 100 at 2 %, 25 of 1000 at 2 %, and 0 of 50 at 1 %."""
    parts = [("B", 100, 5, 0.02), ("C", 1000, 25, 0.02001), ("A", 50, 0, 0.01)]
    frames = [
        pd.DataFrame({"p": p, "grade": name, "y": np.arange(n) < events, "w": 1.0}) for name, n, events, p in parts
    ]
    return pd.concat(frames, ignore_index=True).assign(y=lambda f: f["y"].astype(int))


def test_the_published_figures() -> None:
    """European Central Bank (2019), 2.5.3.1: N = 100, D = 5, PD = 2 % gives 0.0286, where the binomial gives 0.0508."""
    assert jeffreys(5, 100, 0.02) == pytest.approx(0.0286, abs=5e-5)
    assert binomial(5, 100, 0.02) == pytest.approx(0.0508, abs=5e-5)
    assert jeffreys(25, 1000, 0.02) == pytest.approx(0.1308, abs=5e-5)
    assert binomial(25, 1000, 0.02) == pytest.approx(0.1545, abs=5e-5)
    assert jeffreys(0, 50, 0.01) == pytest.approx(0.6851, abs=5e-5)
    assert binomial(0, 50, 0.01) == 1


def test_grades_of_a_column_are_tested_each_on_its_own(tmp_path: Any, heard: Any) -> None:
    section, found = audited(tmp_path, portfolio(), heard, performance={"grades": {"column": "grade"}})
    assert [(g.label, g.n, g.events) for g in section.grades] == [("A", 50, 0), ("B", 100, 5), ("C", 1000, 25)]
    assert found["jeffreys_p_value/grade=B"].value == pytest.approx(0.0286, abs=5e-5)
    assert found["binomial_p_value/grade=B"].value == pytest.approx(0.0508, abs=5e-5)
    assert found["jeffreys_p_value/grade=A"].value == pytest.approx(0.6851, abs=5e-5)
    assert isinstance(found["jeffreys_p_value/grade=B"], Exact) and found["jeffreys_p_value/grade=B"].n == 100
    assert found["prevalence/grade=B"].value == 0.05 and found["prevalence/grade=B"].method == "wilson"
    assert found["mean_probability/grade=A"].value == pytest.approx(0.01)
    assert found["jeffreys_p_value"].n == 1150
    # 0 %, 5 %, 2.5 %: the last one falls.
    assert found["grade_inversions"].value == 1
    assert {m.name for m in section.measures} >= {"jeffreys_p_value", "binomial_p_value", "mean_probability"}


def test_grades_may_be_cut_from_the_probability(tmp_path: Any, heard: Any) -> None:
    frame = portfolio().drop(columns="grade")
    section, found = audited(tmp_path, frame, heard, performance={"grades": {"edges": (0.01, 0.02, 0.0201)}})
    assert [(g.label, g.n) for g in section.grades] == [("0.01 to 0.02", 50), ("0.02 to 0.0201", 1100)]
    assert found["jeffreys_p_value/grade=0.02 to 0.0201"].n == 1100


def test_a_row_of_weight_two_is_two_rows(tmp_path: Any, heard: Any) -> None:
    frame = portfolio()
    twice = frame.assign(w=2)
    weighted = {"test": "test.csv", "target": "y", "weight": {"column": "w"}}
    graded = {"grades": {"column": "grade"}}
    _, one = audited(tmp_path, twice, heard, performance=graded, data=weighted)
    _, other = audited(tmp_path, pd.concat([frame, frame]), heard, performance=graded)
    for name in ("jeffreys_p_value/grade=B", "binomial_p_value/grade=C", "prevalence/grade=A"):
        assert one[name].value == pytest.approx(other[name].value, abs=1e-12)
        assert one[name].n == other[name].n


def test_rows_without_a_grade_and_weights_that_count_no_rows_are_told(tmp_path: Any, heard: Any) -> None:
    frame = portfolio()
    frame.loc[:2, "grade"] = None
    sampled = {"test": "test.csv", "target": "y", "weight": {"column": "w", "kind": "sampling"}}
    section, found = audited(tmp_path, frame, heard, performance={"grades": {"column": "grade"}}, data=sampled)
    assert any("3 rows are in no grade" in note for note in section.notes)
    assert isinstance(found["jeffreys_p_value/grade=B"], Undefined)
    assert "not whole rows" in found["jeffreys_p_value/grade=B"].reason


def test_without_probabilities_there_is_no_test_of_grades(tmp_path: Any, heard: Any) -> None:
    frame = portfolio().assign(p=lambda f: (f["p"] > 0.015).astype(int))
    section, found = audited(
        tmp_path, frame, heard, model={"predictions": {"label": "p"}}, performance={"grades": {"column": "grade"}}
    )
    assert section.grades == () and any(note.startswith("Grades were not tested") for note in section.notes)
    assert isinstance(found["jeffreys_p_value"], Undefined)


# --- prediction intervals ----------------------------------------------------------------------------


def intervals() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = rng.normal(10, 3, 80)
    p = y + rng.normal(0, 1, 80)
    return pd.DataFrame({"y": y, "p": p, "lo": p - 1.3, "hi": p + 1.3})


def test_supplied_prediction_intervals_are_measured(tmp_path: Any, heard: Any) -> None:
    frame = intervals()
    supplied = {"label": "p", "interval": {"low": "lo", "high": "hi", "level": 0.8}}
    section, found = audited(tmp_path, frame, heard, model={"predictions": supplied}, task="regression")
    inside = ((frame["lo"] <= frame["y"]) & (frame["y"] <= frame["hi"])).mean()
    assert found["interval_coverage"].value == pytest.approx(inside)
    assert (found["interval_coverage"].method, found["mean_interval_width"].value) == ("wilson_t", pytest.approx(2.6))
    outside = np.maximum(frame["lo"] - frame["y"], 0) + np.maximum(frame["y"] - frame["hi"], 0)
    assert found["interval_score"].value == pytest.approx(2.6 + 2 / 0.2 * outside.mean())
    assert [m.name for m in section.measures][-3:] == ["interval_coverage", "mean_interval_width", "interval_score"]


def test_intervals_upside_down_or_of_classes_are_refused(tmp_path: Any, heard: Any) -> None:
    from audit.errors import DataError

    swapped = {"label": "p", "interval": {"low": "hi", "high": "lo", "level": 0.8}}
    with pytest.raises(DataError, match="lies above column 'lo' in 80 rows, first in row 1"):
        audited(tmp_path, intervals(), heard, model={"predictions": swapped}, task="regression")
    frame = portfolio().assign(lo=0.0, hi=1.0)
    with pytest.raises(DataError, match="the task binary has no intervals"):
        audited(
            tmp_path,
            frame,
            heard,
            model={"predictions": {"score": "p", "interval": {"low": "lo", "high": "hi", "level": 0.8}}},
        )
