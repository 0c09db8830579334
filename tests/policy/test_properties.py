"""Whatever is missing, undefined, broken or unknown, nothing of it ever becomes a pass or a conclusion that meets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.policy.conclude import conclude
from audit.policy.judge import judge
from audit.policy.pack import Pack
from audit.policy.read import ResolvedPack, read_pack
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation
from audit.records.plan import STAGES
from audit.records.provenance import FileDigest
from audit.resources import shipped_packs

NUMBERS = st.floats(-2, 2)
MEASURED = st.one_of(
    st.builds(lambda v: Exact(value=v, n=100), NUMBERS),
    st.builds(
        lambda v, w: Estimate(value=v, low=v - w, high=v + w, level=0.95, method="x", n=100), NUMBERS, st.floats(0, 2)
    ),
    st.just(Undefined(reason="It has no value.")),
    st.none(),
)  # fmt: skip
STATUS = st.sampled_from(["done", "off", "not_run", "error"])
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def resolved(*controls: dict[str, Any], text: str = "") -> ResolvedPack:
    """A pack without a file: fast enough to be made for each example."""
    value = yaml.safe_load(text)
    value["controls"] = list(controls)
    pack = Pack.model_validate_json(json.dumps(value), strict=True)
    return ResolvedPack(
        pack=pack, digest=FileDigest(role="pack", name="p", sha256="0" * 64, size=1), params=(), source={}
    )


@cache
def shipped() -> tuple[ResolvedPack, ...]:
    return tuple(read_pack(path) for path in shipped_packs().values())


@PATIENT
@given(
    measured=MEASURED,
    status=STATUS,
    op=st.sampled_from(["ge", "gt", "le", "lt", "eq"]),
    decide_on=st.sampled_from(["point", "ci_three_way", "ci_conservative", "ci_lenient", "p_value"]),
    limit=NUMBERS,
    below=st.sampled_from(["report_only", "inconclusive", "exclude_with_reason", "pool"]),
    least=st.sampled_from([0, 1000]),
    on_inconclusive=st.sampled_from(["fail", "warn"]),
)
def test_a_pass_rests_on_a_number_that_meets_the_limit(
    a, measured, status, op, decide_on, limit, below, least, on_inconclusive
):
    held = {"origin": "house", "op": op, "value": limit, "decide_on": decide_on, "on_inconclusive": on_inconclusive}
    control = a.control(limit=held, min_sample={"group_n": least, "below": below})
    observations = (
        [] if measured is None else [Observation(id="performance/accuracy", label="Accuracy", measured=measured)]
    )
    case = a.case(*observations, status={"performance": status})
    verdicts = judge((resolved(control, text=a.pack_text(control)),), case)
    conclusion = conclude(verdicts, case.stages)
    passed = verdicts[0].outcome == "pass"
    if passed:
        assert isinstance(measured, Exact | Estimate)
        assert least == 0
    assert (conclusion.outcome == "meets") is (passed and status != "error")
    assert (conclusion.exit_code == 0) is (conclusion.outcome == "meets")


@PATIENT
@given(status=st.fixed_dictionaries(dict.fromkeys(STAGES, STATUS)), has=st.booleans())
def test_with_nothing_measured_the_shipped_packs_meet_nothing(a, status, has):
    case = a.case(status=status, spec={"context": {"use_case": "hiring"}} if has else {})
    verdicts = judge(shipped(), case)
    assert not [verdict for verdict in verdicts if verdict.outcome == "pass"]
    assert conclude(verdicts, case.stages).outcome == "incomplete"


@PATIENT
@given(st.data())
def test_taking_a_number_away_never_makes_an_answer_better(a, data):
    order = {"does_not_meet": 0, "inconclusive": 1, "incomplete": 2, "meets": 3}
    ids = ("performance/beats_dummy", "robustness/non_finite_predictions", "robustness/train_test_overlap_excess",
           "robustness/single_feature_max")  # fmt: skip
    values = {id: data.draw(MEASURED.filter(lambda m: m is not None), label=id) for id in ids}
    gone = data.draw(st.sampled_from(ids))
    full = [Observation(id=id, label=id, measured=m) for id, m in values.items()]
    soundness = tuple(pack for pack in shipped() if pack.pack.pack.id == "technical-soundness")
    answers = []
    for observations in (full, [o for o in full if o.id != gone]):
        case = a.case(*observations)
        answers.append(conclude(judge(soundness, case), case.stages).outcome)
    assert answers[1] != "meets"
    assert order[answers[0]] <= order[answers[1]] or answers[0] == "meets"


@pytest.mark.parametrize("path", sorted(shipped_packs().values()), ids=lambda path: Path(path).stem)
def test_a_shipped_pack_never_passes_a_control_on_an_undefined_measure(a, path):
    pack = read_pack(path)
    for control in pack.pack.controls:
        if control.measure is None or control.measure.metric.startswith(("subject/", "selection_rate/")):
            continue
        names = ("female", "male")
        groupings = (a.grouping("sex", *names), a.grouping("race_ethnicity", *names))
        ids = [control.measure.metric.replace("*", "age")] + [
            f"fairness/{control.measure.metric}/{group.key}" for grouping in groupings for group in grouping.groups
        ]
        spec = {"context": {"use_case": "hiring"}}
        case = a.case(*(a.undefined(id) for id in ids if "/" in id), groupings=groupings, spec=spec)
        verdict = next(v for v in judge((pack,), case) if v.control == control.id)
        assert verdict.outcome not in ("pass", "recorded"), control.id
