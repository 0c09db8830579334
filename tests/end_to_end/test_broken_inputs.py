"""Broken inputs end with exit code 2 and words that a stranger can act on; nothing is written."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

import audit

Break = Callable[[Path, dict[str, Any]], None]


def edit(**sections: Any) -> Break:
    def change(folder: Path, spec: dict[str, Any]) -> None:
        for name, section in sections.items():
            spec[name] = (
                {**spec[name], **section} if isinstance(section, dict) and isinstance(spec.get(name), dict) else section
            )

    return change


def table(change: Callable[[pd.DataFrame], pd.DataFrame], name: str = "test.csv") -> Break:
    def write(folder: Path, spec: dict[str, Any]) -> None:
        change(pd.read_csv(folder / name)).to_csv(folder / name, index=False)

    return write


def pickled(trust: list[str], digest: str | None, model: object = None) -> Break:
    def write(folder: Path, spec: dict[str, Any]) -> None:
        (folder / "model.pkl").write_bytes(pickle.dumps(model or _fitted(folder)))
        spec["model"] = {"path": "model.pkl", "trust": trust} | ({"sha256": digest} if digest else {})

    return write


def _fitted(folder: Path) -> LogisticRegression:
    train = pd.read_csv(folder / "train.csv")
    return LogisticRegression().fit(train[["income", "debt", "noise"]], train["paid"])


def unreadable_parquet(folder: Path, spec: dict[str, Any]) -> None:
    (folder / "test.parquet").write_bytes(b"PAR1 this is not a table PAR1")
    spec["data"]["test"] = "test.parquet"


def predictions_of(values: list[float]) -> Break:
    def write(folder: Path, spec: dict[str, Any]) -> None:
        rows = pd.read_csv(folder / "test.csv").iloc[: len(values)]
        rows.assign(score=values).to_csv(folder / "test.csv", index=False)
        spec["model"] = {"predictions": {"score": "score"}}
        del spec["data"]["train"], spec["data"]["features"]

    return write


def exploding_factory(folder: Path, spec: dict[str, Any]) -> None:
    (folder / "factory.py").write_text("def make():\n    raise RuntimeError('no licence')\n", encoding="utf-8")


BROKEN: dict[str, tuple[Break, tuple[str, ...]]] = {
    "unknown key": (edit(polices=["technical-soundness"]), ("audit.yaml:", "polices", "Did you mean 'policies'?")),
    "wrong type": (edit(seed="first"), ("audit.yaml:", "seed", "'first'")),
    "wrong value": (edit(task="binry"), ("task", "'binry'", "'binary'")),
    "task that is not audited": (edit(task="survival"), ("task", "survival")),
    "unknown metric": (
        edit(performance={"metrics": ["acuracy"]}),
        ("performance.metrics[0]", "'acuracy'", "'accuracy'"),
    ),
    "unknown pack": (
        edit(policies=["technical-soundnes"]),
        ("policies", "technical-soundnes", "'technical-soundness'"),
    ),
    "missing file": (edit(data={"test": "tset.csv"}), ("data.test", "tset.csv", "'test.csv'")),
    "missing target column": (edit(data={"target": "payed"}), ("payed", "'paid'")),
    "missing feature column": (table(lambda t: t.drop(columns="debt")), ("debt", "test.csv")),
    "missing sensitive column": (edit(sensitive={"features": ["gender"]}), ("gender",)),
    "one class to learn from": (table(lambda t: t.assign(paid="yes"), "train.csv"), ("one class",)),
    "all-NaN column": (table(lambda t: t.assign(debt=np.nan)), ("debt",)),
    "text in a numeric column": (
        table(lambda t: t.assign(debt=["much", *t["debt"].astype(str)[1:]])),
        ("debt", "much"),
    ),
    "empty table": (table(lambda t: t.iloc[:0]), ("test.csv", "no rows")),
    "one row per class": (
        table(lambda t: t.groupby("paid").head(1), "train.csv"),
        ("train.csv",),
    ),
    "unreadable parquet": (unreadable_parquet, ("test.parquet",)),
    "infinite prediction": (predictions_of([0.2, np.inf, 0.4, 0.9]), ("score", "inf")),
    "score that is no number": (predictions_of([0.2, np.nan, 0.4, 0.9]), ("score",)),
    "pickle without trust": (pickled([], None), ("model.pkl", "runs whatever code", "model.trust: [pickle]")),
    "trust without digest": (pickled(["pickle"], None), ("sha256",)),
    "wrong sha256": (pickled(["pickle"], "0" * 64), ("sha256", "0000")),
    "no model": (pickled(["pickle"], "PIN", {"a": 1}), ("model.pkl", "key")),
    "factory that fails": (exploding_factory, ("factory:make", "no licence")),
    "path outside": (edit(data={"test": "../test.csv"}), ("data.test", "../test.csv")),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_input_is_told(folder: Path, name: str, command: Any) -> None:
    change, words = BROKEN[name]
    spec = yaml.safe_load((folder / "audit.yaml").read_text(encoding="utf-8"))
    change(folder, spec)
    if spec["model"].get("sha256") == "PIN" and isinstance(spec["model"], dict):
        import hashlib

        spec["model"]["sha256"] = hashlib.sha256((folder / "model.pkl").read_bytes()).hexdigest()
    (folder / "audit.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    done = command("run", "audit.yaml", cwd=folder)
    assert done.returncode == 2, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    for word in words:
        assert word in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "reports").exists() or not any((folder / "reports").rglob("*"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("audit: 1\naudit: 1\n", ("audit.yaml:2:1", "twice")),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ("audit.yaml:1:4", "anchor")),
        ("[" * 5000, ("deep",)),
        ("audit: 1\n\tmodel: x\n", ("audit.yaml:2",)),
    ],
)
def test_hostile_yaml_is_told(tmp_path: Path, command: Any, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "audit.yaml").write_text(text, encoding="utf-8")
    done = command("run", "audit.yaml", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_a_sound_spec_is_not_refused(folder: Path, command: Any) -> None:
    """The known-good double: the same folder without a change is audited."""
    done = command("run", "audit.yaml", "--set", "report.formats=[json]", cwd=folder)
    assert done.returncode in (0, 1, 3), done.stderr
    assert (folder / "reports/audit/record.json").is_file()


def test_a_planted_command_does_not_run(folder: Path) -> None:
    class Planted:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {folder / 'planted'}",)

    spec = yaml.safe_load((folder / "audit.yaml").read_text(encoding="utf-8"))
    pickled([], None, Planted())(folder, spec)
    with pytest.raises(audit.AuditError):
        audit.run(spec, folder=folder)
    assert not (folder / "planted").exists()


def test_all_problems_are_told_at_once(folder: Path, command: Any) -> None:
    spec = yaml.safe_load((folder / "audit.yaml").read_text(encoding="utf-8"))
    spec |= {"sede": 1, "task": "clustering", "seed": -1}
    (folder / "audit.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    done = command("run", "audit.yaml", cwd=folder)
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("sede", "clustering", "-1")), done.stderr


def test_dummy_model_is_no_broken_input(folder: Path) -> None:
    """A useless model is audited, and does not meet: it is no better than the dummy, because it is the dummy."""
    (folder / "factory.py").write_text(
        "from sklearn.dummy import DummyClassifier\ndef make():\n    return DummyClassifier()\n", encoding="utf-8"
    )
    spec = yaml.safe_load((folder / "audit.yaml").read_text(encoding="utf-8"))
    record = audit.run(spec, folder=folder)
    assert record.conclusion.outcome in ("does_not_meet", "inconclusive")
