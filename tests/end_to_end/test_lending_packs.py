"""The lending packs on tables whose figures are worked out by hand, and on a model of real credit decisions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import audit
from audit.records.audit import AuditRecord

SHARED = Path(__file__).resolve().parents[3] / "shared"


def audited(folder: Path, counts: dict[str, tuple[int, int]], **context: Any) -> AuditRecord:
    rows = [{"sex": sex, "approved": int(i < approved)} for sex, (approved, n) in counts.items() for i in range(n)]
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    spec = {
        "audit": 1, "model": {"predictions": {"label": "approved"}}, "task": "binary", "data": {"test": "table.csv"},
        "context": {"use_case": "credit", **context}, "decision": {"positive": 1, "favourable": 1},
        "sensitive": {"features": ["sex"], "roles": {}}, "policies": ["fair-lending-practice"],
        "performance": False, "robustness": False, "efficiency": False, "attribution": False,
    }  # fmt: skip
    return audit.run(spec, folder=folder)


def part(record: AuditRecord, control: str, group: str) -> Any:
    verdict = next(v for v in record.verdicts if v.control == control)
    return next(p for p in verdict.parts if p.observation.endswith(f"/sex={group}"))


@pytest.mark.parametrize(
    ("women", "air", "significant"),
    [
        # 5/6 of men are approved. Half of the women: 0.6, far below 0.8 and far from chance.
        ((200, 400), "fail", "fail"),
        # 320 of 400: 0.96; the difference of 3.3 points is not significant (Z = 1.35).
        ((320, 400), "pass", "pass"),
        # 28 of 40: 0.84, but the interval of so few rows holds 0.8.
        ((28, 40), "inconclusive", "fail"),
        # 10 of 20 are too few rows to be judged at all.
        ((10, 20), "inconclusive", "inconclusive"),
    ],
)
def test_the_ratio_and_the_test_on_tables_of_counts(
    women: tuple[int, int], air: str, significant: str, tmp_path: Path
) -> None:
    record = audited(tmp_path, {"m": (500, 600), "w": women})
    ratio = next(o for o in record.observations if o.id == "fairness/impact_ratio/sex=w").measured
    assert ratio.value == pytest.approx(float(Fraction(*women) / Fraction(5, 6)))  # type: ignore[union-attr]
    assert part(record, "FL-AIR", "w").outcome == air
    assert part(record, "FL-SIG", "w").outcome == significant


def test_the_recorded_measures_by_hand(tmp_path: Path) -> None:
    record = audited(tmp_path, {"m": (500, 600), "w": (200, 400)})
    found = {o.id: o.measured.value for o in record.observations if o.measured.kind != "undefined"}  # type: ignore[union-attr]
    # Odds of denial: 1 for women (200 to 200), 1/5 for men (100 to 500).
    assert found["fairness/denial_odds_ratio/sex=w"] == pytest.approx(5.0)
    assert found["fairness/marginal_effect/sex=w"] == pytest.approx(5 / 6 - 1 / 2)


def test_outside_credit_the_pack_does_not_apply(tmp_path: Path) -> None:
    record = audited(tmp_path, {"m": (50, 60), "w": (20, 40)}, use_case="hiring", facts={"demonstration": False})
    assert {v.outcome for v in record.verdicts} == {"not_applicable"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not on this machine")
def test_a_model_of_german_credit_has_true_reasons_and_waits_for_people(tmp_path: Path) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    names = (SHARED / "data/german").glob("*.csv")
    frame = pd.read_csv(next(names))
    target = next(c for c in ("credit", "class", "target", "risk") if c in frame.columns)
    numeric = frame.select_dtypes("number").drop(columns=target)
    train, test = numeric.iloc[:700], numeric.iloc[700:]
    model = HistGradientBoostingClassifier(random_state=0, max_iter=40).fit(train, frame[target].iloc[:700])
    worse = sorted(frame[target].unique())[-1]
    record = audit.run(
        model=model,
        test=test.assign(label=frame[target].iloc[700:]),
        target="label",
        spec={
            "decision": {"positive": worse.item(), "favourable": sorted(frame[target].unique())[0].item()},
            "context": {"use_case": "credit"}, "policies": ["us-regb-adverse-action"],
            "performance": False, "robustness": False, "efficiency": False, "fairness": False,
            "attribution": {"methods": ["shap"], "rows": 300},
        },
    )  # fmt: skip
    outcomes = {v.control: v.outcome for v in record.verdicts}
    assert outcomes["REGB-9B2-TRUE"] == "pass" and outcomes["REGB-9B2-COUNT"] == "pass"
    assert outcomes["REGB-9B2-VAGUE"] == outcomes["REGB-12B"] == "attestation_missing"
    assert (record.conclusion.outcome, record.conclusion.exit_code) == ("incomplete", 3)
