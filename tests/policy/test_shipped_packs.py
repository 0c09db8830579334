"""The packs that come with the package: their own tests, run on counts, and the arithmetic written out by scipy."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import exp, log, sqrt

import pytest
from scipy.stats import fisher_exact

from audit.policy.conclude import conclude
from audit.policy.judge import judge
from audit.policy.read import pack_path, read_pack
from audit.records.observation import Observation
from audit.resources import shipped_packs

PACKS = {name: read_pack(path) for name, path in shipped_packs().items()}
TESTS = [(name, test) for name, pack in PACKS.items() for test in pack.pack.pack_tests]


def observed(a, counts: dict[str, tuple[int, int]], column: str = "sex") -> list[Observation]:
    """What fairness measures of (selected, rows) by group, from first principles."""
    reference = max(counts, key=lambda name: Fraction(*counts[name]))
    c, m = counts[reference]
    found = []
    for name, (k, n) in counts.items():
        key = f"{column}={name}"
        ratio = Fraction(k, n) / Fraction(c, m)
        reach = 1.96 * sqrt(1 / max(k, 0.5) - 1 / n + 1 / c - 1 / m)
        estimate = a.estimate(
            f"fairness/impact_ratio/{key}", k / n / (c / m), exp(log(ratio) - reach), exp(log(ratio) + reach), n + m
        )
        found += [
            a.exact(f"fairness/impact_ratio/{key}", 1.0, n) if name == reference else estimate,
            a.exact(f"fairness/selection_rate_p_value/{key}", fisher_exact([[k, n - k], [c, m - c]]).pvalue, n + m),
            a.exact(f"fairness/selection_reversal/{key}", int(Fraction(k + 1, n) > Fraction(c - 1, m)), n + m),
            a.estimate(f"fairness/selection_rate/{key}", k / n, 0.0, 1.0, n),
            a.exact(f"fairness/shortfall/{key}", 0.0, n),
        ]
    return found


def ugesp(a, counts, minimum=30):
    sizes = {name: n for name, (_, n) in counts.items()}
    groupings = tuple(
        _of_least(a.grouping(column, *counts, sizes=sizes), minimum) for column in ("sex", "race_ethnicity")
    )
    sensitive = {"features": ["sex", "race_ethnicity"], "minimum_group": minimum}
    spec = {"context": {"use_case": "hiring"}, "sensitive": sensitive}
    both = [*observed(a, counts), *observed(a, counts, "race_ethnicity")]
    case = a.case(*both, groupings=groupings, spec=spec)
    pack = read_pack(pack_path("us-ugesp-adverse-impact", None), {"small_group": minimum})
    return {verdict.control: verdict for verdict in judge((pack,), case)}


def _of_least(grouping, minimum):
    groups = tuple(g.model_copy(update={"small": g.n < minimum}) for g in grouping.groups)
    return grouping.model_copy(update={"groups": groups})


@pytest.mark.parametrize(("name", "test"), TESTS, ids=[f"{name}: {test.name}" for name, test in TESTS])
def test_a_pack_says_of_its_own_tables_what_it_promises(name, test, a):
    verdicts = ugesp(a, test.given)
    highest = max(Fraction(*counts) for counts in test.given.values())
    for what, by_group in test.expect.items():
        for group, expected in by_group.items():
            if what == "impact_ratio":
                assert round(float(Fraction(*test.given[group]) / highest), 2) == expected
            else:
                part = next(p for p in verdicts[what].parts if p.observation.endswith(f"={group}"))
                assert part.outcome == expected, (what, group, part.reason)


@pytest.mark.parametrize(
    ("counts", "outcome", "words"),
    [
        ({"a": (15, 20), "b": (6, 10)}, "pass", "is 0.800 "),
        ({"a": (6, 10), "b": (4, 9)}, "inconclusive", "one other selection would turn it round"),
        ({"a": (10, 20), "b": (3, 10)}, "inconclusive", "the difference is not significant"),
        ({"a": (48, 80), "b": (12, 40)}, "fail", "the difference is statistically significant"),
        ({"a": (1500, 2000), "b": (1250, 2000)}, "inconclusive", "practically significant"),
    ],
)
def test_the_decision_table_on_tables_of_counts(counts, outcome, words, a):
    part = next(p for p in ugesp(a, counts, minimum=1)["UGESP-4D-IR"].parts if p.observation.endswith("=b"))
    assert (part.outcome, words in part.reason) == (outcome, True), part.reason


def test_impact_makes_the_packs_gates_apply_and_its_absence_does_not(a):
    found = ugesp(a, {"a": (48, 80), "b": (12, 40)})
    assert [found[id].outcome for id in ("UGESP-5", "UGESP-3B")] == ["attestation_missing"] * 2
    found = ugesp(a, {"a": (48, 80), "b": (48, 80)})
    assert [found[id].outcome for id in ("UGESP-5", "UGESP-3B", "UGESP-4D-SMALL")] == ["not_applicable"] * 3
    found = ugesp(a, {"a": (48, 80), "b": (3, 10)})
    assert found["UGESP-4D-SMALL"].outcome == "attestation_missing"


def test_a_role_that_no_column_plays_leaves_the_question_of_impact_open(a):
    spec = {"context": {"use_case": "hiring"}, "sensitive": {"features": ["sex"]}}
    counts = {"a": (48, 80), "b": (48, 80)}
    case = a.case(*observed(a, counts), groupings=(a.grouping("sex", *counts),), spec=spec)
    found = {verdict.control: verdict.outcome for verdict in judge((PACKS["us-ugesp-adverse-impact"],), case)}
    assert (found["UGESP-4D-IR"], found["UGESP-5"], found["UGESP-3B"]) == ("not_run",) * 3


def test_outside_employment_the_pack_does_not_apply_and_undeclared_it_asks(a):
    pack = PACKS["us-ugesp-adverse-impact"]
    for context, outcome in (
        ({"use_case": "credit", "facts": {"demonstration": False}}, "not_applicable"),
        ({}, "not_run"),
    ):
        verdicts = judge((pack,), a.case(spec={"context": context}))
        assert {verdict.outcome for verdict in verdicts} == {outcome}
        assert len(verdicts) == len(pack.pack.controls)


def test_the_table_of_controls_of_the_guidelines_is_complete():
    kinds = {control.id: (control.kind, control.mode) for control in PACKS["us-ugesp-adverse-impact"].pack.controls}
    assert kinds == {
        "UGESP-4D-IR": ("screen", "automated"),
        "UGESP-4D-SIG": ("screen", "automated"),
        "UGESP-4D-PRAC-GAP": ("record", "automated"),
        "UGESP-4D-PRAC-SHORTFALL": ("record", "automated"),
        "UGESP-QA20": ("record", "automated"),
        "UGESP-4D-SMALL": ("gate", "attested"),
        "UGESP-4C": ("record", "automated"),
        "UGESP-15": ("record", "hybrid"),
        "UGESP-5": ("gate", "attested"),
        "UGESP-3B": ("gate", "attested"),
    }


SOUND = {
    "performance/beats_dummy": (0.2, 0.1, 0.3),
    "robustness/non_finite_predictions": (0, 0, 0),
    "robustness/train_test_overlap_excess": (0.0, -0.01, 0.01),
    "robustness/single_feature_max": (0.7, 0.6, 0.8),
}


def soundness(a, changes=(), **case):
    values = {**SOUND, **dict(changes)}
    pack = PACKS["technical-soundness"]
    built = a.case(*(a.estimate(id, *v) for id, v in values.items() if v is not None), **case)
    verdicts = judge((pack,), built)

    return {v.control: v.outcome for v in verdicts}, conclude(verdicts, built.stages)


def test_a_sound_model_meets_the_default_gates(a):
    _, conclusion = soundness(a)
    assert (conclusion.outcome, conclusion.exit_code) == ("meets", 0)


@pytest.mark.parametrize(
    ("id", "values", "outcome"),
    [
        ("performance/beats_dummy", (0.0, 0.0, 0.0), "does_not_meet"),
        ("performance/beats_dummy", (-0.1, -0.2, 0.0), "does_not_meet"),
        ("performance/beats_dummy", (0.1, -0.01, 0.2), "inconclusive"),
        ("performance/beats_dummy", None, "incomplete"),
        ("robustness/non_finite_predictions", (1, 1, 1), "does_not_meet"),
        ("robustness/non_finite_predictions", None, "incomplete"),
        ("robustness/train_test_overlap_excess", (0.2, 0.1, 0.3), "does_not_meet"),
        ("robustness/single_feature_max", (1.0, 0.99, 1.0), "does_not_meet"),
        ("robustness/single_feature_max", (0.99, 0.98, 1.0), "meets"),
    ],
)
def test_each_default_gate_decides(id, values, outcome, a):
    assert soundness(a, [(id, values)])[1].outcome == outcome


def test_without_training_rows_the_gate_on_overlap_gives_way_to_a_screen_that_says_it_was_not_tested(a):
    tables = tuple(table for table in a.subject().tables if table.role == "test")
    outcomes, conclusion = soundness(a, [("robustness/train_test_overlap_excess", None)], tables=tables)
    assert (outcomes["TS-OVERLAP"], outcomes["TS-OVERLAP-UNTESTED"]) == ("not_applicable", "not_run")
    assert conclusion.outcome == "meets"
    assert "technical-soundness@1.0.0/TS-OVERLAP-UNTESTED" in conclusion.findings


def test_the_model_card_gates_nothing(a):
    assert {control.kind for control in PACKS["model-card-core"].pack.controls} == {"record"}


@pytest.mark.parametrize("name", PACKS)
def test_a_shipped_pack_names_when_it_is_to_be_checked_again(name):
    authority = PACKS[name].pack.pack.authority
    assert date.fromisoformat(authority.checked_on) < date.fromisoformat(authority.recheck_by)
    assert PACKS[name].pack.pack.caveats


def test_the_packs_of_the_first_release_are_there():
    assert set(PACKS) >= {"model-card-core", "technical-soundness", "us-ugesp-adverse-impact"}
