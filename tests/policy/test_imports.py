"""A house pack that takes over another pack: what it tightens, what it loosens, and what it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import audit
from audit.errors import PolicyError
from audit.policy.pack import pack_schema
from audit.policy.read import read_pack
from audit.report.formats import html

BASE = "fair-lending-practice"
WHY = "Our book has 400 rows a year, and 5 % raised alarms nobody could act on."


def house(folder: Path, *imports: dict[str, Any], name: str = "house", **more: Any) -> Path:
    pack = {
        "schema": "policy-pack/1",
        "pack": {
            "id": name, "version": "1.0.0", "title": "House rules", "kind": "house", "maintainers": ["us"],
            "authority": {"instrument": "House rules", "citation": "none", "status": "none",
                          "checked_on": "2026-11-22", "recheck_by": "2027-11-22"},
        },
        "imports": list(imports),
        **more,
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(pack, sort_keys=False), encoding="utf-8")
    return path


def test_limits_are_tightened_and_loosened_with_a_reason(tmp_path: Path) -> None:
    asked = {"adverse_impact_ratio": 0.9, "alpha": {"value": 0.01, "rationale": WHY}}
    resolved = read_pack(house(tmp_path, {"pack": BASE, "params": asked}))
    limits = {control.id: control.limit for control in resolved.pack.controls}
    assert limits["FL-AIR"].value == 0.9 and limits["FL-AIR"].origin == "house"
    assert limits["FL-SIG"].value == 0.01
    changed = {p.name: (p.pack, p.shipped, p.value, p.change, p.rationale) for p in resolved.params if p.overridden}
    assert changed == {
        "adverse_impact_ratio": (BASE, 0.8, 0.9, "tightened", ""),
        "alpha": (BASE, 0.05, 0.01, "loosened", WHY),
    }
    assert [digest.name for digest in resolved.imported] == [f"{BASE}.yaml"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"pack": BASE, "params": {"alpha": 0.01}}, "0.01 is looser than the pack's 0.05"),
        ({"pack": BASE, "params": {"adverse_impact_ratio": {"value": 0.7, "rationale": "x"}}}, "only stricter values"),
        ({"pack": BASE, "params": {"nobody": 1}}, "unknown parameter 'nobody'"),
        ({"pack": "fair-lending"}, "unknown pack 'fair-lending'"),
        ({"pack": BASE, "only": ["FL-AIRS"]}, "unknown control 'FL-AIRS'. Did you mean 'FL-AIR'?"),
        ({"pack": BASE, "onyl": []}, "unknown key 'onyl'"),
        ({"pack": "missing.yaml"}, "cannot be read"),
    ],
)
def test_what_an_import_may_not_say(entry: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_pack(house(tmp_path, entry))
    assert message in str(caught.value)
    assert "house.yaml:" in str(caught.value)


def test_an_import_takes_the_controls_that_it_names_and_each_id_once(tmp_path: Path) -> None:
    taken = read_pack(house(tmp_path, {"pack": BASE, "only": ["FL-AIR"]})).pack
    assert [control.id for control in taken.controls] == ["FL-AIR"]
    with pytest.raises(PolicyError, match="comes from two imports"):
        read_pack(house(tmp_path, {"pack": BASE}, {"pack": BASE}))


def test_a_circle_of_imports_is_refused(tmp_path: Path) -> None:
    house(tmp_path, {"pack": "two.yaml"}, name="one")
    house(tmp_path, {"pack": "one.yaml"}, name="two")
    with pytest.raises(PolicyError, match="imports itself"):
        read_pack(tmp_path / "one.yaml")


def test_a_pack_without_controls_and_imports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="a pack has controls, or imports those of another"):
        read_pack(house(tmp_path))


def test_imports_stand_in_the_schema() -> None:
    assert set(pack_schema()["$defs"]["Import"]["properties"]) == {"pack", "params", "only"}


def test_a_house_pack_judges_and_the_report_lists_what_was_changed(tmp_path: Path) -> None:
    asked = {"adverse_impact_ratio": 0.9, "alpha": {"value": 0.01, "rationale": WHY}}
    house(tmp_path, {"pack": BASE, "params": asked})
    counts = {"m": (500, 600), "w": (300, 400)}  # a ratio of 0.9, so 0.8 is met and 0.9 is not surely met
    rows = [{"sex": s, "approved": int(i < k)} for s, (k, n) in counts.items() for i in range(n)]
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    spec = {
        "audit": 1, "model": {"predictions": {"label": "approved"}}, "task": "binary", "data": {"test": "table.csv"},
        "context": {"use_case": "credit"}, "decision": {"positive": 1, "favourable": 1},
        "sensitive": {"features": ["sex"]}, "policies": ["./house.yaml"],
        "performance": False, "robustness": False, "efficiency": False, "attribution": False,
    }  # fmt: skip
    record = audit.run(spec, folder=tmp_path)
    verdicts = {verdict.control: verdict for verdict in record.verdicts}
    (part,) = [p for p in verdicts["FL-AIR"].parts if p.observation == "fairness/impact_ratio/sex=w"]
    assert part.outcome == "inconclusive" and "at least 0.9 (origin: house)" in part.reason
    assert verdicts["FL-AIR"].pack == "house@1.0.0"
    names = [file.name for file in record.provenance.files if file.role == "pack"]
    assert names == ["house.yaml", f"{BASE}.yaml"]
    page = html.render(record).decode()
    for told in ("tightened from 0.8", "loosened from 0.05", WHY, f"from {BASE}"):
        assert told in page, told


def test_an_imported_control_applies_only_where_its_own_pack_does(tmp_path: Path, a: Any) -> None:
    from audit.policy.judge import judge

    resolved = read_pack(house(tmp_path, {"pack": BASE}))
    spec = {"context": {"use_case": "hiring", "facts": {"demonstration": False}}}
    assert {v.outcome for v in judge((resolved,), a.case(spec=spec))} == {"not_applicable"}
