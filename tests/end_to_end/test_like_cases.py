"""Groups are compared within strata, at the four-fifths limit and three columns deep, from a file to the record."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import audit
from audit.errors import DataError, SpecError
from audit.records.audit import AuditRecord
from audit.records.measured import Exact, Measured

# UC Berkeley, 1973: department to men admitted and rejected, women admitted and rejected.
BERKELEY = {
    "A": (512, 313, 89, 19),
    "B": (353, 207, 17, 8),
    "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244),
    "E": (53, 138, 94, 299),
    "F": (22, 351, 24, 317),
}
OFF = {"performance": False, "attribution": False, "robustness": False, "efficiency": False}


def berkeley(**changes: Any) -> pd.DataFrame:
    rows = [
        {"department": name, "sex": sex, "admitted": admitted, "people": n}
        for name, counts in BERKELEY.items()
        for (sex, admitted), n in zip(product(("man", "woman"), (1, 0)), counts, strict=True)
    ]
    return pd.DataFrame(rows).assign(**changes)


def run(folder: Path, table: pd.DataFrame, **sections: Any) -> AuditRecord:
    table.to_csv(folder / "test.csv", index=False)
    spec = {
        "model": {"predictions": {"label": "admitted"}},
        "task": "binary",
        "data": {"test": "test.csv", "weight": {"column": "people", "kind": "frequency"}},
        "decision": {"positive": 1, "favourable": 1},
        "sensitive": {"features": ["sex"]},
        **OFF,
    }
    return audit.run(spec | sections, folder=folder)


def found(record: AuditRecord) -> dict[str, Measured]:
    return {o.id: o.measured for o in record.observations}


def test_departments_turn_the_figures_of_berkeley_round(tmp_path: Path) -> None:
    # R: mantelhaen.test(UCBAdmissions), common odds ratio 0.9046968, 95 % 0.7719074 to 1.0603298.
    record = run(tmp_path, berkeley(), fairness={"strata": ["department"]})
    by_id = found(record)
    ratio = by_id["fairness/mantel_haenszel_odds_ratio/sex=woman"]
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.9046968, 0.7719074, 1.0603298), abs=5e-8)
    assert by_id["fairness/denial_odds_ratio/sex=woman"].low > 1
    assert by_id["fairness/strata_compared/sex=woman"].value == 6
    assert record.fairness is not None and record.fairness.strata == ("department",)
    column = {c.name: c.role for t in record.subject.tables for c in t.columns}
    assert column["department"] == "stratum"


def test_several_columns_make_one_stratum_and_a_missing_value_none(tmp_path: Path) -> None:
    table = berkeley()
    table["year"] = np.where(table["department"] < "D", 1, 2)
    table["department"] = table["department"].where(table["department"] != "F")
    by_id = found(run(tmp_path, table, fairness={"strata": ["department", "year"]}))
    assert by_id["fairness/strata_compared/sex=woman"].value == 5
    assert by_id["fairness/mantel_haenszel_odds_ratio/sex=woman"].n == 4526 - 714


def test_a_stratum_that_no_column_holds_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no column 'departmnt', which fairness\.strata names\. Did you mean"):
        run(tmp_path, berkeley(), fairness={"strata": ["departmnt"]})
    with pytest.raises(SpecError, match="named twice"):
        run(tmp_path, berkeley(), fairness={"strata": ["department", "department"]})


def decided(counts: dict[str, tuple[int, int]]) -> pd.DataFrame:
    rows = [(g, d, n) for g, (hits, of) in counts.items() for d, n in ((1, hits), (0, of - hits))]
    return pd.DataFrame(rows, columns=["sex", "admitted", "people"])


def test_four_fifths_is_met_exactly(tmp_path: Path) -> None:
    packs = {"policies": ["us-ugesp-adverse-impact"], "context": {"use_case": "hiring", "facts": {}}}
    roles = {"sensitive": {"features": ["sex"], "roles": {"sex": "sex"}, "minimum_group": 5}}
    exact = run(tmp_path, decided({"f": (6, 10), "m": (15, 20)}), **packs, **roles)
    by_id = found(exact)
    assert by_id["fairness/impact_ratio/sex=f"].value == 0.8
    assert by_id["fairness/shortfall_to_four_fifths/sex=f"] == Exact(value=0, n=30)
    parts = [p for v in exact.verdicts if v.control == "UGESP-4D-IR" for p in v.parts]
    assert not [p for p in parts if "below the limit" in p.reason]


def test_groups_three_columns_deep_are_measured_and_small_ones_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {
        name: rng.choice(list(values), 900) for name, values in {"sex": "fm", "race": "xyz", "age": "oy"}.items()
    }
    columns["race"][:12] = "w"
    table = pd.DataFrame(columns).assign(admitted=rng.integers(0, 2, 900), people=1)
    sensitive = {"features": ["sex", "race", "age"], "intersections": [["sex", "race", "age"]]}
    record = run(tmp_path, table, sensitive=sensitive, report={"formats": ["json", "html"]})
    by_id = found(record)
    here = (table["sex"] == "f") & (table["race"] == "x") & (table["age"] == "o")
    rate = by_id["fairness/selection_rate/sex=f&race=x&age=o"]
    assert rate.value == pytest.approx(table.loc[here, "admitted"].mean())
    assert "fairness/denial_odds_ratio/sex=f&race=x&age=o" in by_id
    assert not [id for id in by_id if "mantel" in id or "strata" in id]
    assert record.fairness is not None
    deep = record.fairness.groupings[3]
    small = [g for g in deep.groups if "w" in g.label]
    assert small and all(g.small for g in small)
    assert any("groups under 30 rows" in note and small[0].label in note for note in record.fairness.notes)
