"""Limits that were fixed beforehand: an audit that was changed since stops and says what was changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import audit
from audit.cli.freeze import freeze
from audit.errors import OutputError, PolicyError
from audit.plan import intent_of
from audit.report.formats import html
from audit.spec.read import read_spec

PACK = {"pack": "fair-lending-practice", "params": {"adverse_impact_ratio": 0.85}}


def written(folder: Path, **changes: Any) -> Path:
    counts = {"m": (500, 600), "w": (200, 400)}
    rows = [{"sex": s, "approved": int(i < k)} for s, (k, n) in counts.items() for i in range(n)]
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    spec = {
        "audit": 1, "model": {"predictions": {"label": "approved"}}, "task": "binary", "data": {"test": "table.csv"},
        "context": {"use_case": "credit"}, "decision": {"positive": 1, "favourable": 1},
        "sensitive": {"features": ["sex"]}, "policies": [PACK, "model-card-core"],
        "performance": False, "robustness": False, "efficiency": False, "attribution": False, **changes,
    }  # fmt: skip
    path = folder / "audit.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def locked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    freeze(written(tmp_path))
    assert "lock: audit.lock" in capsys.readouterr().out
    return tmp_path


def test_a_lock_names_packs_and_limits_for_a_reader(locked: Path) -> None:
    lock = yaml.safe_load((locked / "audit.lock").read_text())
    assert lock["frozen_on"] == date.today().isoformat()
    assert [pack["pack"] for pack in lock["packs"]] == ["fair-lending-practice@1.0.0", "model-card-core@1.0.0"]
    assert lock["packs"][0]["limits"] == {"FL-AIR": "ge 0.85 (ci_three_way)", "FL-SIG": "ge 0.05 (p_value)"}


def test_an_audit_that_agrees_with_its_lock_says_when_its_limits_were_fixed(locked: Path) -> None:
    record = audit.run(written(locked, lock="audit.lock"))
    assert {pack.frozen_on for pack in record.packs} == {date.today().isoformat()}
    assert [file.role for file in record.provenance.files].count("lock") == 1
    assert "Limits fixed on" in html.render(record).decode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"policies": ["fair-lending-practice", "model-card-core"]},
            "FL-AIR was ge 0.85 (ci_three_way), is ge 0.8 (ci_three_way)",
        ),
        ({"policies": [PACK]}, "model-card-core@1.0.0 was frozen, and the spec does not name it any more"),
        ({"policies": [PACK, "model-card-core", "tripod-ai"]}, "tripod-ai@1.0.0 was not frozen"),
        (
            {"decision": {"positive": 1, "favourable": 1, "threshold": 0.4}},
            "the decision (labels, threshold, costs) was changed",
        ),
    ],
)
def test_what_was_changed_since_stops_the_audit_before_a_row_is_read(
    changes: dict[str, Any], message: str, locked: Path
) -> None:
    with pytest.raises(PolicyError) as caught:
        intent_of(read_spec(written(locked, lock="audit.lock", **changes)))
    assert message in str(caught.value) and caught.value.exit_code == 2


def test_a_change_of_how_a_pack_decides_is_found_though_no_limit_moved(locked: Path) -> None:
    text = (locked / "audit.lock").read_text()
    first = yaml.safe_load(text)["packs"][1]["sha256"]
    (locked / "audit.lock").write_text(text.replace(first, "0" * 64))
    with pytest.raises(PolicyError, match="no limit, but what is measured or how it is decided"):
        intent_of(read_spec(written(locked, lock="audit.lock")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema: policy-lock/2\nfrozen_on: '2026-01-01'\npacks: []\n", "audit.lock:1"),
        ("schema: policy-lock/1\nfrozen_on: yesterday\npacks: []\n", "audit.lock:2"),
        ("[]\n", "audit.lock"),
    ],
)
def test_a_broken_lock_is_refused_at_its_line(text: str, message: str, locked: Path) -> None:
    (locked / "audit.lock").write_text(text)
    with pytest.raises(PolicyError) as caught:
        intent_of(read_spec(written(locked, lock="audit.lock")))
    assert message in str(caught.value)


def test_a_lock_is_never_written_over(locked: Path) -> None:
    with pytest.raises(OutputError, match="is there already"):
        freeze(locked / "audit.yaml")
