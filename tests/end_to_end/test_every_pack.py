"""Every shipped pack judges one audit: what it asks for is measured, and what nobody stated is never passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import audit
from audit.policy.read import read_pack
from audit.records.audit import AuditRecord
from audit.records.verdict import Verdict
from audit.resources import shipped_packs

PACKS = {name: read_pack(path).pack for name, path in shipped_packs().items()}
CONTROLS = [(name, control.id) for name, pack in PACKS.items() for control in pack.controls]
FACTS = {
    "demonstration": True, "affected_residence": "US-NY-NYC", "substantially_assists_decision": True,
    "output_kind": "classification", "sorts_into_groups": False, "data_source_kind": "historical",
    "vendor_model": False, "special_categories_used": False, "learns_in_use": False, "bank_model": True,
    "eu_ai_act_high_risk": True, "gdpr_applies": True, "cn_recommendation_service": True,
    "ethical_considerations": "none known", "caveats": "made up",
}  # fmt: skip


def people(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"income": rng.normal(3, 1, rows).round(4), "debt": rng.normal(0, 1, rows).round(4)})
    groups = {"sex": ["female", "male"], "race": ["a", "b"], "age": ["young", "old"]}
    frame = frame.assign(**{name: rng.choice(values, rows) for name, values in groups.items()})
    logit = 1.5 * (frame["income"] - 3) - frame["debt"]
    return frame.assign(paid=(rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int))


@pytest.fixture(scope="module")
def record() -> AuditRecord:
    train, test = people(400, 1), people(300, 2)
    model = LogisticRegression().fit(train[["income", "debt"]], train["paid"])
    spec: dict[str, Any] = {
        "context": {"owner": "o", "purpose": "p", "version": "1", "use_case": "hiring", "out_of_scope": ["x"],
                    "facts": FACTS},
        "decision": {"positive": 1, "favourable": 1},
        "sensitive": {"features": ["sex", "race", "age"], "roles": {"race": "race_ethnicity"},
                      "intersections": [["sex", "race"]]},
        "performance": {"cross_validation": {"folds": 3}, "interval": {"resamples": 200},
                        "grades": {"edges": [0, 0.25, 0.5, 0.75, 1.0]}},
        "attribution": {"methods": ["shap"], "rows": 150, "local": {"rows": 3}},
        "policies": list(PACKS),
    }  # fmt: skip
    return audit.run(spec, model=model, train=train, test=test, target="paid")


def verdict_on(record: AuditRecord, pack: str, control: str) -> Verdict:
    return next(v for v in record.verdicts if v.pack.partition("@")[0] == pack and v.control == control)


@pytest.mark.parametrize(("pack", "control"), CONTROLS, ids=[f"{p}/{c}" for p, c in CONTROLS])
def test_what_a_control_measures_is_measured_and_what_it_asks_a_person_is_asked(
    pack: str, control: str, record: AuditRecord
) -> None:
    declared = next(c for c in PACKS[pack].controls if c.id == control)
    verdict = verdict_on(record, pack, control)
    if verdict.outcome == "not_applicable":
        return
    if declared.attestation is not None:
        assert verdict.outcome == "attestation_missing"
        assert declared.attestation.question in verdict.reason
    elif declared.kind == "record":
        assert verdict.outcome == "recorded", verdict.reason
    else:
        assert verdict.outcome in ("pass", "fail", "inconclusive"), verdict.reason


def test_not_every_control_of_a_pack_is_beside_the_point_here(record: AuditRecord) -> None:
    for pack in PACKS:
        outcomes = {v.outcome for v in record.verdicts if v.pack.partition("@")[0] == pack}
        assert outcomes - {"not_applicable"}, pack


def test_nobody_stated_anything_so_the_audit_is_never_green(record: AuditRecord) -> None:
    assert record.conclusion.outcome != "meets" and record.conclusion.exit_code != 0


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_says_what_it_does_not_decide_and_how_its_wording_was_checked(name: str) -> None:
    pack = PACKS[name]
    assert pack.pack.caveats
    assert pack.pack.authority.recheck_by > pack.pack.authority.checked_on
    if pack.pack.kind == "law":
        assert any("not legal advice" in caveat for caveat in pack.pack.caveats)
    for control in pack.controls:
        read = any(cite.checked != "memory" for cite in control.cites)
        assert read or control.kind != "gate", f"{control.id} gates on a citation from memory"
        if control.limit and control.limit.origin == "law":
            assert any(cite.checked in ("primary", "reproduced") for cite in control.cites)


def test_a_superseded_pack_gates_nothing_and_names_its_heir() -> None:
    alias = PACKS["us-mrm-sr11-7"]
    assert alias.pack.authority.superseded_by in PACKS
    assert {control.kind for control in alias.controls} <= {"record", "screen"}
    heir = PACKS["us-mrm-sr26-2"]
    assert [control.id for control in alias.controls] == [control.id for control in heir.controls]


def test_a_pack_of_questions_alone_ends_incomplete(tmp_path: Path) -> None:
    rows = "sex,label\n" + "".join(f"{s},{i % 2}\n" for s in ("f", "m") for i in range(40))
    (tmp_path / "table.csv").write_text(rows, encoding="utf-8")
    spec = {
        "audit": 1, "model": {"predictions": {"label": "label"}}, "task": "binary", "data": {"test": "table.csv"},
        "context": {"facts": {"gdpr_applies": True}}, "decision": {"positive": 1}, "policies": ["gdpr-explanation"],
        "performance": False, "fairness": False, "robustness": False, "efficiency": False, "attribution": False,
    }  # fmt: skip
    found = audit.run(spec, folder=tmp_path)
    assert (found.conclusion.outcome, found.conclusion.exit_code) == ("incomplete", 3)
    assert "attestation_missing" in {v.outcome for v in found.verdicts}
