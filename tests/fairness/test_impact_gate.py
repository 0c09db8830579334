"""A gate on impact ratios fails equal groups no more often than it says, however its reference is chosen."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from audit.fairness.gaps import draw_most
from audit.fairness.together import joint_level
from audit.fairness.two_rates import katz, two_sided_p
from audit.policy.case import Case
from audit.policy.judge import judge
from audit.policy.multiplicity import adjusted
from audit.policy.read import read_pack
from audit.policy.requests import requests_of
from audit.records.observation import Observation
from audit.records.plan import STAGES
from audit.records.sections import ModelFacts, StageStatus, SubjectSection

PACK = """
schema: policy-pack/1
pack:
  {id: house, version: 1.0.0, title: House, kind: house, maintainers: [us],
   authority: {instrument: rules, citation: none, status: in_force, checked_on: "2026-01-01", recheck_by: "2027-01-01"}}
controls:
  - {id: IR, title: Impact ratio, cites: [{ref: house, checked: primary}], rationale: It has to be., obligation: must,
     mode: automated, kind: gate, severity: major,
     measure: {metric: impact_ratio, group_by: GROUPS, reference: REFERENCE},
     limit: {origin: house, op: ge, value: 0.8, decide_on: RULE}, min_sample: {group_n: 1, below: inconclusive},
     evidence: [{kind: result, pointer: /observations}]}
"""


@pytest.fixture(scope="module")
def gate():
    path = Path(__file__).parents[1] / "simulations" / "impact_gate.py"
    spec = importlib.util.spec_from_file_location("impact_gate", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["impact_gate"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["impact_gate"]


@pytest.mark.parametrize("picked", [True, False])
@pytest.mark.parametrize(
    ("sizes", "rates"), [((35, 3000), (0.02, 0.05)), ((30, 60), (0.1, 0.5)), ((30, 30, 60), (0.1,))]
)
def test_by_enumeration_of_all_tables(gate, sizes, rates, picked):
    for rate in rates:
        cell = gate.enumerated(sizes, rate, picked)
        assert cell.gate <= gate.STATED, cell
        assert cell.point > 0.05, "the double: the rule on the point"


@pytest.mark.parametrize(("groups", "n"), [(3, 200), (5, 200), (8, 60), (8, 1000)])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_of_many_groups(gate, groups, n, rate):
    for sizes in ((n,) * groups, (*(n,) * (groups - 1), 3000)):
        for picked in (True, False):
            cell = gate.simulated(sizes, rate, picked, 4000, 1)
            # Of 4,000 tables a true 2.5 % comes out above 3.3 % once in a thousand times.
            assert cell.gate <= 0.033, cell


def test_intervals_that_each_hold_alone_would_fail_equal_groups_too_often(gate):
    # The double: eight groups of 200, a rate of 5 %, the best one picked.
    cell = gate.simulated((200,) * 8, 0.05, True, 4000, 1)
    assert cell.alone > 0.1 > gate.STATED > cell.gate


def test_several_groupings_at_once_share_one_rate(gate):
    assert gate.several(((40, 60), (30, 60, 90, 200, 400)), 0.1, 4000, 1) <= 0.033
    assert gate.crossed(1000, np.array([0.5, 0.5]), np.array([0.5, 0.3, 0.2]), 0.1, 4000, 1) <= 0.033


@pytest.mark.parametrize("weights", [False, True])
def test_the_lowest_rate_beside_the_highest(gate, weights):
    # In half of such tables somebody has 0 of 30 beside 3 of 30, which once read as a ratio of at most 0.7.
    assert max(gate.measured((30, 30, 30), 0.05, 40, 1, weights)) <= 0.1


@pytest.mark.parametrize(
    ("reference", "groups", "columns"),
    [("highest_rate", "[[g]]", 1), ("a", "[[g]]", 1), ("highest_rate", "[[g], [h], [g, h]]", 3)],
)
def test_what_is_counted_is_what_the_pack_says(
    gate, tmp_path, make_evidence, make_plan, found, reference, groups, columns
):
    """The verdict of a pack on what was measured, table by table, beside the arithmetic of the simulation."""
    rng, outcomes = np.random.default_rng(4), []
    for _ in range(25):
        rates = rng.uniform(0.2, 0.5, size=5)
        counts = {
            f"{g}{h}": (rng.binomial(n := int(rng.integers(5, 150)), rate), n)
            for g, rate in zip("abcde", rates, strict=True)
            for h in "xy"
        }
        verdict = judged(tmp_path, make_evidence, make_plan, found, counts, groups, reference)
        picked, tables = reference == "highest_rate", by_column(counts, columns)
        expected = any(
            gate.failed(np.array([[k for k, _ in t]]), np.array([n for _, n in t]), picked, "together", columns)[0]
            for t in tables
        )
        assert (verdict.outcome == "fail") == expected
        outcomes.append(expected)
        if expected and columns == 1:
            assert "hold together" in verdict.reason
    assert 0 < sum(outcomes) < 25


def test_the_rule_on_the_point_is_told_apart(tmp_path, make_evidence, make_plan, found):
    counts = {"ax": (10, 30), "bx": (14, 30)}
    by_rule = {
        rule: judged(tmp_path, make_evidence, make_plan, found, counts, "[[g]]", "highest_rate", rule).outcome
        for rule in ("point", "ci_three_way")
    }
    assert by_rule == {"point": "fail", "ci_three_way": "inconclusive"}


def test_holm_allows_for_a_reference_that_was_picked():
    """Five equal groups, the best one picked: four p-values come of ten pairs."""
    rng, alarms, naive = np.random.default_rng(2), 0, 0
    for hits in rng.binomial(200, 0.3, size=(1500, 5)):
        best = int(hits.argmax())
        p = [two_sided_p(int(h), 200, int(hits[best]), 200) for g, h in enumerate(hits) if g != best]
        alarms += min(adjusted(p, "holm", 10)) < 0.05
        naive += min(adjusted(p, "holm")) < 0.05
    assert alarms / 1500 <= 0.067 < naive / 1500  # 0.05 and three standard errors


def test_joint_levels_by_tables():
    # Tukey: q(0.95; 3, inf) = 3.314 and q(0.95; 8, inf) = 4.286, over the root of 2 (Montgomery 2017, appendix V)
    for groups, q in ((3, 3.314), (8, 4.286)):
        assert norm.ppf(0.5 + joint_level(0.95, groups, True) / 2) == pytest.approx(q / 2**0.5, abs=5e-4)
    # Sidak: 1 - 0.95^(1/4) = 0.012741
    assert 1 - joint_level(0.95, 5, False) == pytest.approx(0.012741, abs=1e-6)
    assert 1 - joint_level(0.95, 2, True, groupings=5) == pytest.approx(0.01)


def test_few_selected_rest_on_exact_ends():
    low, high = (binomtest(k, n).proportion_ci(0.95, method="exact") for k, n in ((4, 35), (60, 3000)))
    reach = np.hypot(np.log(4 / 35 / low.low), np.log(high.high / 0.02))
    assert katz(60, 3000, 4, 35, 0.95)[1] == pytest.approx(0.02 / (4 / 35) * np.exp(reach))
    assert katz(60, 3000, 5, 35, 0.95)[1] < katz(60, 3000, 4, 35, 0.95)[1]


def test_a_ratio_of_zero_is_at_most_what_both_ends_allow():
    draws = np.column_stack([np.linspace(0, 0.1, 1001), np.linspace(0.4, 0.6, 1001)])
    assert draw_most(draws, None, 0.9) == pytest.approx(0.0975 / 0.405)
    assert draw_most(draws, 1, 0.9) == pytest.approx(0.0975 / 0.405)
    assert draw_most(draws, 0, 0.9) == pytest.approx(0.0975 / 0.405)
    assert draw_most(draws[:, :1], None, 0.9) == 1.0


def by_column(counts, columns):
    """Counts by g, by h and by both, as many of the three as are asked for."""
    whole = {key: [0, 0] for key in ([k[0] for k in counts] + [k[1] for k in counts])}
    for key, (k, n) in counts.items():
        for part in key:
            whole[part][0] += k
            whole[part][1] += n
    first = [v for k, v in whole.items() if k in "abcde"]
    return [first, [v for k, v in whole.items() if k in "xy"], list(counts.values())][:columns]


def judged(folder, make_evidence, make_plan, found, counts, groups, reference, rule="ci_three_way"):
    rows = [(key, y, w) for key, (k, n) in counts.items() for y, w in ((1, k), (0, n - k)) if w]
    sensitive = {"g": [key[0] for key, _, _ in rows], "h": [key[1] for key, _, _ in rows]}
    evidence = make_evidence(sensitive, label=[y for _, y, _ in rows], weight=[w for _, _, w in rows])
    path = folder / "house.yaml"
    path.write_text(PACK.replace("GROUPS", groups).replace("REFERENCE", reference).replace("RULE", rule))
    pack = read_pack(path, None)
    more = {"reference": {"g": reference}} if reference != "highest_rate" else {}
    plan = make_plan(["g", "h"], fairness={"metrics": ["selection_rate"]}, roles={"g": "g", "h": "h"}, **more)
    plan = plan.model_copy(update={"requests": requests_of((pack,), plan.spec)})
    section, by_id = found(evidence, plan)
    model = ModelFacts(name="m", format="predictions", type="predictions", refittable=False)
    case = Case(
        spec=plan.spec,
        subject=SubjectSection(task="binary", model=model, tables=(), features=(), classes=("0", "1"), positive="1"),
        observations=tuple(Observation(id=id, label="Impact ratio", measured=m) for id, m in by_id.items()),
        stages=tuple(StageStatus(stage=stage, status="done", reason="") for stage in STAGES),
        today=date(2026, 11, 22),
        fairness=section,
    )
    return judge((pack,), case)[0]
