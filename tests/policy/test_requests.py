"""What packs want measured, with their roles as columns."""

from __future__ import annotations

from audit.policy.measures import full_name
from audit.policy.pack import Measure
from audit.policy.read import pack_path, read_pack
from audit.policy.requests import requests_of
from audit.records.spec import AuditSpec


def spec(**sensitive) -> AuditSpec:
    return AuditSpec.model_validate({"model": {"path": "m"}, "data": {"test": "t"}, "sensitive": sensitive})


def test_roles_become_columns_and_companions_are_asked_for():
    pack = read_pack(pack_path("us-ugesp-adverse-impact", None))
    found = requests_of((pack,), spec(features=["sex", "colour"], roles={"colour": "race_ethnicity"}))
    groups = {request.measure: request.group_by for request in found}
    both = (("sex",), ("colour",))
    assert groups["impact_ratio"] == groups["selection_rate_p_value"] == groups["selection_reversal"] == both
    intersected = {columns for request in found if request.measure == "selection_rate" for columns in request.group_by}
    assert ("sex", "colour") in intersected
    assert {request.stage for request in found} == {"fairness"}
    assert len({request.model_dump_json() for request in found}) == len(found)


def test_a_role_that_no_column_plays_is_left_out():
    pack = read_pack(pack_path("us-ugesp-adverse-impact", None))
    assert requests_of((pack,), spec()) == ()
    only = requests_of((pack,), spec(features=["sex"]))
    assert {columns for request in only for columns in request.group_by} == {("sex",)}


def test_measures_without_groups_keep_their_stage_and_wildcards_ask_for_nothing():
    pack = read_pack(pack_path("technical-soundness", None))
    found = {f"{request.stage}/{request.measure}" for request in requests_of((pack,), spec())}
    assert {"performance/beats_dummy", "robustness/single_feature_max", "attribution/shap"} <= found
    assert not [name for name in found if "*" in name]


def test_arguments_of_a_measure_stay_with_it(pack, a):
    house = pack(a.control(measure={"metric": "f_beta", "args": {"beta": 2}}))
    (request,) = requests_of((house,), spec())
    assert (request.stage, request.measure, request.arguments) == ("performance", "f_beta", {"beta": 2})
    assert house.pack.controls[0].measure is not None


def test_a_default_leaves_no_trace_in_the_id_that_is_looked_up():
    def name(**args):
        return full_name(Measure(metric="f_beta", args=args))

    assert name(beta=2) == name(beta=2.0) == "performance/f_beta;beta=2"
    assert name() == name(beta=1) == name(beta=1.0) == "performance/f_beta"
    assert full_name(Measure(metric="f_beta", args={"beta": 2}, group_by=(("sex",),))) == "fairness/f_beta;beta=2"
    assert full_name(Measure(metric="f_beta/macro", args={"beta": 2})) == "performance/f_beta;beta=2/macro"
