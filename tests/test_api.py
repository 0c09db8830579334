"""The Python front door: objects in memory, records that show themselves, verify themselves and come back from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import audit
from audit.records.audit import AuditRecord

QUICK = {
    "attribution": False,
    "performance": {"cross_validation": False, "interval": {"resamples": 100}},
    "sensitive": {"features": ["sex"], "table": {"path": "people.csv", "on": "id"}},
}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> AuditRecord:
    folder = tmp_path_factory.mktemp("here")
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(300), "x": generator.normal(size=300)})
    frame["y"] = (frame["x"] + generator.normal(size=300) > 0).astype(int)
    pd.DataFrame({"id": range(300), "sex": generator.choice(["f", "m"], 300)}).to_csv(
        folder / "people.csv", index=False
    )
    model = LogisticRegression().fit(frame[["x"]], frame["y"])
    spec = {**QUICK, "data": {"id": "id"}}
    return audit.run(spec, model=model, test=frame, target="y", folder=folder)


def test_objects_in_memory_are_audited_with_files_beside_them(record: AuditRecord) -> None:
    assert record.subject.model.format == "memory"
    assert record.observation("performance/roc_auc") is not None
    assert record.observation("fairness/selection_rate/sex=f") is not None


def test_a_record_shows_itself_in_a_notebook(record: AuditRecord) -> None:
    shown = record._repr_html_()
    assert record.conclusion.sentence.split(":")[0][:20] in shown
    assert "<script" not in shown


def test_a_record_comes_back_from_disk_and_verifies(record: AuditRecord, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(audit.render(record, "json"))
    again = audit.load_record(tmp_path / "record.json")
    assert again == record
    assert audit.verify(again)


def test_a_changed_record_does_not_verify(record: AuditRecord) -> None:
    spec = record.spec.model_copy(update={"title": "Another"})
    assert not audit.verify(record.model_copy(update={"spec": spec}))


def test_a_path_beside_objects_is_refused() -> None:
    with pytest.raises(audit.AuditError, match="mapping"):
        audit.run("audit.yaml", test=pd.DataFrame({"y": [0, 1]}))


def test_nothing_to_audit_is_refused() -> None:
    with pytest.raises(audit.AuditError, match="found nothing"):
        audit.run()


def test_two_models_in_memory_are_compared(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(generator.normal(size=(200, 2)), columns=["x", "z"])
    frame["y"] = (frame["x"] + frame["z"] + generator.normal(size=200) > 0).astype(int)
    now, then = (LogisticRegression().fit(frame[columns], frame["y"]) for columns in (["x", "z"], ["x"]))
    spec = {name: section for name, section in QUICK.items() if name != "sensitive"}
    found = audit.run(spec, model=now, challenger=then, test=frame, target="y", folder=tmp_path)
    assert found.subject.challenger is not None
    assert (found.subject.challenger.format, found.subject.challenger.name) == ("memory", "LogisticRegression")
    difference = found.observation("performance/roc_auc/challenger/difference")
    assert difference is not None and difference.measured.kind == "estimate"
    assert {f.role for f in found.provenance.files} >= {"model", "challenger", "test"}
    assert "memory" in found.provenance.trust
