"""Tables that leave nothing to measure give a value or a reason in every stage: never a warning, never an error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit import catalogue
from audit.errors import AuditError
from audit.plan import intent_of, opened_plan
from audit.records.measured import Estimate, Undefined
from audit.records.observation import Observation
from audit.records.plan import STAGES
from audit.spec.read import spec_from_dict
from audit.subject.gather import gather_evidence
from audit.subject.load import load_subject

ROWS = 60
Frame = pd.DataFrame
Asked = dict[str, Any]


class Heard:
    """Takes what a stage says; a Python warning of ours or of a library is an error long before."""

    def progress(self, done: int, total: int, text: str = "") -> None:
        pass

    def warning(self, text: str) -> None:
        pass


def frame(task: str) -> Frame:
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "x": rng.normal(size=ROWS),
            "c": rng.choice(["u", "v"], ROWS),
            "sex": rng.choice(["f", "m"], ROWS),
            "w": np.ones(ROWS),
        }
    )
    if task == "regression":
        table["y"] = rng.normal(size=ROWS)
        table["label"] = table["y"] + rng.normal(size=ROWS)
    elif task == "multiclass":
        table["y"] = rng.choice(["a", "b", "k"], ROWS)
        shares = rng.dirichlet(np.ones(3), ROWS)
        table[["pa", "pb", "pk"]] = shares
        table["label"] = np.array(["a", "b", "k"])[shares.argmax(axis=1)]
    else:
        table["y"] = rng.integers(0, 2, ROWS)
        table["score"] = np.clip(0.5 + 0.2 * (table["y"] - 0.5) + 0.3 * rng.normal(size=ROWS), 0.01, 0.99)
        table["label"] = (table["score"] >= 0.5).astype(int)
    return table


def spec(task: str) -> dict[str, Any]:
    predictions: dict[str, Any] = {"label": "label"}
    if task == "binary":
        predictions["score"] = "score"
    if task == "multiclass":
        predictions["score"] = {"a": "pa", "b": "pb", "k": "pk"}
    decision = {"positive": 1} if task == "binary" else {"favourable": "a"} if task == "multiclass" else {}
    return {
        "audit": 1,
        "task": task,
        "model": {"predictions": predictions},
        "data": {
            "test": "test.csv",
            "train": "train.csv",
            "target": "y",
            "features": ["x", "c"],
            "weight": {"column": "w"},
        },
        "decision": decision,
        "sensitive": {"features": ["sex", "c"], "intersections": [["sex", "c"]], "minimum_group": 2},
        "performance": {"interval": {"resamples": 100}},
    }


def first_class(table: Frame) -> Frame:
    return table.assign(y=table["y"].iloc[0])


def last_row_alone(table: Frame) -> Frame:
    return table.assign(sex=["f"] * (len(table) - 1) + ["m"])


def some_missing(table: Frame) -> Frame:
    hole = np.arange(len(table)) % 3 == 0
    return table.assign(x=table["x"].mask(hole), c=table["c"].mask(hole), sex=table["sex"].mask(hole))


def constant_scores(table: Frame) -> Frame:
    names = [n for n in ("score", "pa", "pb", "pk") if n in table]
    return table.assign(**{n: 1 / max(len(names), 2) for n in names}, label=table["label"].iloc[0])


def certain_scores(table: Frame) -> Frame:
    if "score" in table:
        return table.assign(score=table["label"].astype(float))
    return table.assign(**{f"p{k}": (table["label"] == k).astype(float) for k in "abk" if f"p{k}" in table})


DEFECTS: dict[str, Callable[[Frame], Frame]] = {
    "as_it_is": lambda t: t,
    "one_class": first_class,
    "constant_scores": constant_scores,
    "certain_scores": certain_scores,
    "perfect": lambda t: certain_scores(t.assign(label=t["y"])),
    "one_group": lambda t: t.assign(sex="f"),
    "group_of_one": last_row_alone,
    "missing_values": some_missing,
    "all_missing": lambda t: t.assign(x=np.nan, c=None, sex=None),
    "most_weights_zero": lambda t: t.assign(w=(np.arange(len(t)) < 3).astype(float)),
    "huge_weights": lambda t: t.assign(w=1e6),
    "equal_rows": lambda t: pd.concat([t.iloc[:1]] * ROWS, ignore_index=True),
    "two_rows": lambda t: t.iloc[:2],
    "one_row": lambda t: t.iloc[:1],
    "constant_features": lambda t: t.assign(x=0.0, c="u"),
    "infinite_features": lambda t: t.assign(x=np.where(np.arange(len(t)) == 0, np.inf, t["x"])),
    "far_values": lambda t: t.assign(x=t["x"] * 1e300),
}


def observed(
    folder: Path, task: str, spoil: Callable[[Frame], Frame], kind: str, more: Callable[[Asked], None] | None = None
) -> Iterator[Observation]:
    table = frame(task)
    spoil(table).to_csv(folder / "test.csv", index=False)
    table.to_csv(folder / "train.csv", index=False)
    asked = spec(task)
    asked["data"]["weight"]["kind"] = kind
    if more is not None:
        more(asked)
    with opened_plan(intent_of(spec_from_dict(asked, folder))) as plan:
        evidence = gather_evidence(load_subject(plan, Heard()), plan.spec, Heard())
        for stage in STAGES:
            _, found = import_module(f"audit.{stage}.measure").measure(evidence, plan, Heard())
            yield from found


def check(found: list[Observation]) -> None:
    assert found
    assert len({o.id for o in found}) == len(found)
    for observation in found:
        match observation.measured:
            case Undefined(reason=reason):
                assert reason.endswith((".", "?")), (observation.id, reason)
                assert "nan" not in reason.lower().split(), (observation.id, reason)
            case Estimate(value=value, low=low, high=high, method=method):
                assert np.isfinite(value), observation.id
                assert low is None or low <= value, observation.id
                assert high is None or value <= high, observation.id
                assert method, observation.id


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_stage_gives_a_value_or_a_reason(task: str, defect: str, tmp_path: Path) -> None:
    kind = "sampling" if len(defect) % 2 else "frequency"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            check(list(observed(tmp_path, task, DEFECTS[defect], kind)))
        except AuditError as refused:
            # Too little to audit at all is refused by name, before anything is measured.
            assert defect in REFUSED[task], str(refused)
            assert all(problem.message for problem in refused.problems)


# What once was refused is measured as far as it goes.
REFUSED: dict[str, frozenset[str]] = {"binary": frozenset(), "multiclass": frozenset(), "regression": frozenset()}


def labels_only(asked: Asked) -> None:
    asked["model"]["predictions"].pop("score", None)


def without_training(asked: Asked) -> None:
    del asked["data"]["train"]


def everything(asked: Asked) -> None:
    """A challenger, costs, grades, thresholds, strata, every metric that has no arguments."""
    asked["challenger"] = {"predictions": {**asked["model"]["predictions"], "label": "c2"}}
    if asked["task"] == "binary":
        asked["decision"] |= {"costs": {"false_positive": 5, "false_negative": 1}}
        asked["challenger"]["predictions"]["score"] = "x01"
    names = [name for name in catalogue.names("metrics") if name not in ("interval_coverage", "interval_score")]
    suited = [n for n in names if asked["task"] in catalogue.load("metrics", n).tasks]
    asked["performance"] |= {"metrics": suited, "grades": {"edges": [0, 0.3, 1]}}
    asked["fairness"] = {"strata": ["c"], "metrics": suited}
    if asked["task"] != "binary":
        del asked["performance"]["grades"]


LACKING: dict[str, Callable[[Frame], Frame]] = {
    "first_class": first_class,
    "other_class": lambda t: t.assign(y=t["y"].max()),
    "class_absent": lambda t: t.assign(y=t["y"].where(t["y"] != "b", "a")),
    "one_class_constant_scores": lambda t: constant_scores(first_class(t)),
    "one_class_in_a_group": lambda t: t.assign(y=t["y"].where(t["sex"] == "f", t["y"].iloc[0])),
    "one_row": lambda t: t.iloc[:1],
}


@pytest.mark.parametrize(
    ("task", "defect", "more"),
    [
        ("binary", "first_class", everything),
        ("binary", "other_class", without_training),
        ("binary", "one_class_constant_scores", labels_only),
        ("binary", "one_class_in_a_group", without_training),
        ("multiclass", "other_class", everything),
        ("multiclass", "class_absent", without_training),
        ("multiclass", "one_row", without_training),
    ],
)
def test_one_class_is_measured_whatever_else_is_asked(
    task: str, defect: str, more: Callable[[Asked], None], tmp_path: Path
) -> None:
    def spoil(table: Frame) -> Frame:
        both = table.assign(c2=table["label"].iloc[::-1].to_numpy(), x01=(table["x"] - table["x"].min()) / 10)
        return LACKING[defect](both)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(list(observed(tmp_path, task, spoil, "frequency", more)))


def test_that_there_is_one_class_is_said(tmp_path: Path) -> None:
    heard: list[str] = []

    class Listening(Heard):
        def warning(self, text: str) -> None:
            heard.append(text)

    table = frame("binary")
    for name, rows in (("test", LACKING["other_class"](table)), ("train", table)):
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    with opened_plan(intent_of(spec_from_dict(spec("binary"), tmp_path))) as plan:
        load_subject(plan, Listening())
    assert heard == [
        "data.test: test.csv, column 'y' holds one class only (1): what tells classes apart has no value there."
    ]


def test_what_is_known_of_one_class_is_a_number_and_the_rest_says_why(tmp_path: Path) -> None:
    found = {o.id: o.measured for o in observed(tmp_path, "binary", LACKING["other_class"], "frequency")}
    table = frame("binary")
    rate = (table["label"] == 1).mean()
    for name in ("accuracy", "true_positive_rate", "selection_rate"):
        assert found[f"performance/{name}"].value == pytest.approx(rate)
    assert found["performance/brier_score"].value == pytest.approx(((1 - table["score"]) ** 2).mean())
    for name in ("roc_auc", "false_positive_rate"):
        assert isinstance(found[f"performance/{name}"], Undefined)


def test_a_metric_that_warns_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = catalogue.load

    def spoiled(kind: str, name: str) -> Any:
        found = load(kind, name)
        if (kind, name) == ("metrics", "accuracy"):
            warnings.warn("divided by zero", RuntimeWarning, stacklevel=1)
        return found

    monkeypatch.setattr("audit.performance.choice.catalogue.load", spoiled)
    with warnings.catch_warnings(), pytest.raises(RuntimeWarning, match="divided by zero"):
        warnings.simplefilter("error")
        check(list(observed(tmp_path, "binary", DEFECTS["as_it_is"], "frequency")))


@pytest.mark.parametrize(
    "measured",
    [
        Undefined(reason="No sentence"),
        Undefined(reason="It is nan here."),
        Estimate(value=2.0, low=0.0, high=1.0, level=0.95, method="m", n=1),
    ],
)
def test_a_bad_observation_is_caught(measured: Undefined | Estimate) -> None:
    with pytest.raises(AssertionError):
        check([Observation(id="a", label="a", measured=measured)])
