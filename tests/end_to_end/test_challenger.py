"""A challenger through the whole command: what stands in record and report, and what ends the audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression

import audit
from audit.records.audit import AuditRecord
from tests.end_to_end.conftest import Command, people, quick_spec


@pytest.fixture(scope="module")
def rivals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables and two models in files."""
    folder, train = tmp_path_factory.mktemp("rivals"), people(400, 1)
    train.to_csv(folder / "train.csv", index=False)
    people(300, 2).to_csv(folder / "test.csv", index=False)
    for name, columns in (("now", ["income", "debt"]), ("then", ["noise", "debt"])):
        skops.io.dump(LogisticRegression().fit(train[columns], train["paid"]), folder / f"{name}.skops")
    return folder


def written(folder: Path, **changes: object) -> Path:
    spec = {**quick_spec(), "model": {"path": "now.skops"}, "challenger": {"path": "then.skops", "name": "last year"}}
    spec["data"] = {"test": "test.csv", "train": "train.csv", "target": "paid"}
    spec["decision"] = {"positive": "yes", "costs": {"false_positive": 5, "false_negative": 1}}
    spec |= {"attribution": False, "robustness": False, **changes}
    (folder / "audit.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    return folder / "audit.yaml"


@pytest.fixture(scope="module")
def record(rivals: Path) -> AuditRecord:
    return audit.run(written(rivals))


def test_it_stands_in_the_record_and_in_every_part_of_the_report(record: AuditRecord) -> None:
    assert record.subject.challenger is not None
    assert (record.subject.challenger.name, record.subject.challenger.format) == ("last year", "skops")
    digests = {f.role: f.name for f in record.provenance.files}
    assert digests["challenger"] == "then.skops"
    ids = {o.id for o in record.observations}
    assert {
        "performance/roc_auc/challenger/difference",
        "performance/roc_auc/challenger/p_value/holm",
        "performance/accuracy/challenger/mcnemar_p",
        "performance/expected_cost/challenger/difference",
        "performance/net_benefit/challenger/difference",
    } <= ids
    html = audit.render(record, "html").decode()
    assert html.count("last year") >= 3, "on the cover, in the summary and in the chapter on scope"
    for text in ("Comparison with other models", "The challenger", "Expected cost", "Net benefit", "Impact ratio"):
        assert text in html


def test_policies_may_hold_the_difference_against_a_limit(rivals: Path) -> None:
    shipped = yaml.safe_load((Path(audit.__file__).parents[1] / "policies/technical-soundness.yaml").read_text("utf-8"))
    control = next(c for c in shipped["controls"] if c.get("measure", {}).get("metric") == "performance/beats_dummy")
    control = {**control, "measure": {**control["measure"], "metric": "performance/roc_auc/challenger/difference"}}
    (rivals / "house.yaml").write_text(yaml.safe_dump({**shipped, "controls": [control]}, sort_keys=False))
    found = audit.run(written(rivals, fairness=False, policies=["./house.yaml"]))
    (verdict,) = found.verdicts
    assert verdict.outcome == "pass", verdict.reason


@pytest.mark.parametrize(
    ("challenger", "message"),
    [
        ({"path": "lost.skops"}, "challenger.path: there is no file 'lost.skops'"),
        ({"predictions": {"score": "old"}}, "has no column 'old', which challenger.predictions.score names"),
    ],
)
def test_one_at_fault_ends_the_audit_with_its_place(
    rivals: Path, command: Command, challenger: dict[str, object], message: str
) -> None:
    written(rivals, challenger=challenger)
    done = command("run", "audit.yaml", "--out", "out", cwd=rivals)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (rivals / "out").exists()


def test_check_tells_of_it(rivals: Path, command: Command) -> None:
    written(rivals)
    done = command("check", "audit.yaml", cwd=rivals)
    assert done.returncode == 0
    assert "challenger    then.skops, not pinned" in done.stdout


def test_yesterdays_records_without_any_of_this_are_read(record: AuditRecord, tmp_path: Path) -> None:
    old = json.loads(audit.render(record, "json"))
    for section, keys in (("performance", ("decisions",)), ("fairness", ("thresholds",)), ("subject", ("challenger",))):
        for key in keys:
            old[section].pop(key)
    old["spec"].pop("challenger")
    for peer in old["performance"]["peers"]:
        peer.pop("threshold")
    (tmp_path / "old.json").write_text(json.dumps(old), encoding="utf-8")
    assert audit.load_record(tmp_path / "old.json").performance is not None
