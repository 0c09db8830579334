"""What a pack may not say, and where the message points."""

from __future__ import annotations

import json
import tempfile
from copy import deepcopy
from pathlib import Path

import jsonschema
import pytest
import yaml

from audit.errors import PolicyError
from audit.policy.read import read_pack, read_packs
from audit.records.spec import AuditSpec
from audit.resources import shipped_packs

SHARED = Path(__file__).parents[2].parent / "shared" / "docs"
LIMIT = {"origin": "house", "op": "ge", "value": 0.8, "decide_on": "point"}

REFUSED = {
    "record with a limit": ({"kind": "record"}, "a record has no limit"),
    "screen without min_sample": ({"kind": "screen", "min_sample": None}, "a screen that is measured needs min_sample"),
    "gate without limit": ({"limit": None}, "a gate that is measured needs a limit"),
    "limit without origin": ({"limit": {k: v for k, v in LIMIT.items() if k != "origin"}}, "'origin' is missing"),
    "limit of nobody": ({"limit": {**LIMIT, "origin": "none"}}, "a limit names who set it"),
    "law by hearsay": (
        {"limit": {**LIMIT, "origin": "law"}, "cites": [{"ref": "Act 1", "checked": "secondary"}]},
        "needs a citation that is checked: primary or reproduced",
    ),
    "no measure": ({"measure": None}, "needs a measure"),
    "no evidence": ({"evidence": None}, "needs evidence"),
    "attested without a question": ({"mode": "attested"}, "a control that is attested needs an attestation"),
    "no citation": ({"cites": []}, "cites"),
    "unknown key": ({"treshold": 0.8}, "unknown key 'treshold'"),
    "unknown condition": ({"limit": {**LIMIT, "decide_on": "ci_three_ways"}}, "Did you mean 'ci_three_way'?"),
    "unknown op": ({"limit": {**LIMIT, "op": ">="}}, "limit.op"),
    "text for a number": ({"limit": {**LIMIT, "value": "0.8"}}, "limit.value"),
    "one number for between": ({"limit": {**LIMIT, "op": "between"}}, "between takes two numbers"),
    "between upside down": ({"limit": {**LIMIT, "op": "between", "value": [2, 1]}}, "smaller number first"),
    "unknown parameter": ({"limit": {**LIMIT, "value": {"param": "nobody"}}}, "unknown parameter 'nobody'"),
    "no alpha": ({"limit": {**LIMIT, "decide_on": "four_fifths"}}, "four_fifths needs alpha"),
    "no companion": (
        {"limit": {**LIMIT, "decide_on": "four_fifths", "alpha": 0.05}}, "needs the measure that gives 'p_value'"
    ),
    "companion unread": ({"limit": {**LIMIT, "and_test": {"p_value": "x"}}}, "point does not read 'p_value'"),
    "screen that blocks": ({"kind": "screen", "on_fail": {"exit": "block"}}, "a screen never blocks"),
    "bad duration": ({"waivable": {"allowed": True, "max_duration": "90 days"}}, "expected a duration such as P90D"),
    "small id": ({"id": "c-1"}, "controls[0].id"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_pack_that_misstates_is_refused_with_its_line(name, pack, a):
    changes, message = REFUSED[name]
    with pytest.raises(PolicyError) as caught:
        pack(a.control(**changes))
    text = str(caught.value)
    assert message in text
    assert text.startswith("house.yaml:")
    line = int(text.split(":")[1])
    written = a.pack_text(a.control(**changes)).splitlines()
    assert line > written.index("controls:")


def test_all_problems_are_told_at_once(pack, a):
    with pytest.raises(PolicyError) as caught:
        pack(a.control(kind="gates", severity="grave", obligation="shall"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "rule", [{"group_share": 0.02}, {"events": 10}, {"expected_cell": 5}, {"reversal_check": True}]
)
def test_what_only_groups_have_takes_groups(rule, pack, a):
    with pytest.raises(PolicyError, match="take a measure with group_by"):
        pack(a.control(min_sample=rule))
    pack(a.control(kind="screen", min_sample=rule, measure={"metric": "selection_rate", "group_by": [["sex"]]}))


@pytest.mark.parametrize("status", ["proposed", "superseded", "rescinded", "withdrawn"])
def test_a_law_that_does_not_stand_cannot_gate(status, pack, a):
    with pytest.raises(PolicyError, match=f"a pack that is {status} cannot gate"):
        pack(a.control(), authority={"status": status})
    pack(a.control(kind="screen"), authority={"status": status})


def test_ids_are_unique_and_dates_exist(pack, a):
    with pytest.raises(PolicyError, match="given twice"):
        pack(a.control(), a.control())
    with pytest.raises(PolicyError, match=r"recheck_by.*expected a date"):
        pack(a.control(), authority={"recheck_by": "2026-02-30"})


PARAMS = {
    "floor": {"value": 0.8, "origin": "guidance", "override": "tighten_only"},
    "rows": {"value": 30, "origin": "house", "override": "free"},
    "law": {"value": 0.02, "origin": "law"},
}
WITH_PARAMS = {
    "limit": {**LIMIT, "origin": "guidance", "value": {"param": "floor"}},
    "min_sample": {"group_n": {"param": "rows"}, "origin": "convention"},
}


def test_parameters_stand_in_their_places_and_a_spec_may_tighten_them(a):
    text = yaml.safe_load(a.pack_text(a.control(**WITH_PARAMS)))
    text["params"] = PARAMS
    assert _limit(text).value == 0.8
    assert _limit(text).origin == "guidance"
    tightened = _limit(text, {"floor": 0.9})
    assert (tightened.value, tightened.origin) == (0.9, "house")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"floor": 0.7}, "allows only stricter values than 0.8, found 0.7"),
        ({"law": 0.03}, "the pack fixes it at 0.02"),
        ({"flor": 0.9}, "Did you mean 'floor'?"),
        ({"floor": "high"}, "expected a value like 0.8"),
        ({"rows": 50}, "50 is looser than the pack's 30"),
    ],
)
def test_what_a_spec_may_not_set(params, message, a):
    text = yaml.safe_load(a.pack_text(a.control(**WITH_PARAMS)))
    text["params"] = PARAMS
    with pytest.raises(PolicyError) as caught:
        _limit(text, params)
    assert message in str(caught.value)


def test_loosening_what_is_free_takes_a_rationale(a):
    text = yaml.safe_load(a.pack_text(a.control(**WITH_PARAMS)))
    text["params"] = PARAMS
    _limit(text, {"rows": {"value": 50, "rationale": "Two sites only."}})
    _limit(text, {"rows": 20})


def _limit(text: dict, params: dict | None = None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "house.yaml")
        path.write_text(yaml.safe_dump(text))
        return read_pack(path, params).pack.controls[0].limit


def test_packs_are_found_by_name_and_by_path(tmp_path, a):
    (tmp_path / "own.yaml").write_text(a.pack_text(a.control()))
    spec = AuditSpec.model_validate(
        {"model": {"path": "m"}, "data": {"test": "t"}, "policies": ["technical-soundness", "own.yaml"]}
    )
    assert [r.pack.pack.id for r in read_packs(spec, tmp_path)] == ["technical-soundness", "house"]
    for wrong, message in (
        ("tehcnical-soundness", "Did you mean 'technical-soundness'?"),
        ("none.yaml", "cannot be read"),
    ):
        with pytest.raises(PolicyError) as caught:
            read_packs(spec.model_copy(update={"policies": (wrong,)}), tmp_path)
        assert message in str(caught.value)
    with pytest.raises(PolicyError, match="named twice"):
        read_packs(spec.model_copy(update={"policies": ("own.yaml", "own.yaml")}), tmp_path)


def test_yaml_is_read_strictly(tmp_path, a):
    for text in (
        a.pack_text(a.control()) + "\nneeds: &x [a]\n",
        a.pack_text(a.control()) + "\nschema: policy-pack/1\n",
    ):
        (tmp_path / "own.yaml").write_text(text)
        with pytest.raises(PolicyError):
            read_pack(tmp_path / "own.yaml")


def test_every_number_of_a_judgement_stands_in_yaml():
    for path in shipped_packs().values():
        for control in read_pack(path).pack.controls:
            assert control.limit is None or control.limit.origin != "none"


@pytest.mark.skipif(not SHARED.exists(), reason="the schema of the language is not here")
def test_the_language_refuses_and_accepts_what_its_schema_does():
    schema = jsonschema.Draft202012Validator(json.loads((SHARED / "policy_pack.schema.json").read_text()))
    example = yaml.safe_load((SHARED / "example_pack.yaml").read_text())
    house = example["controls"][1]
    mutations = [
        lambda pack: None,
        lambda pack: pack["controls"][0].update(limit=house["limit"]),
        lambda pack: pack["controls"][1].pop("min_sample"),
        lambda pack: pack["controls"][1]["limit"].pop("origin"),
        lambda pack: pack["controls"][1].pop("limit"),
        lambda pack: pack["controls"][1].pop("measure"),
        lambda pack: pack["controls"][2].pop("attestation"),
        lambda pack: pack["pack"]["authority"].pop("recheck_by"),
        lambda pack: pack["pack"].update(version="1.0"),
        lambda pack: pack["applies_if"].update(any=[]),
        lambda pack: pack["controls"][0].update(severity="grave"),
        lambda pack: pack.pop("controls"),
        lambda pack: pack.update(extra=1),
    ]
    for mutate in mutations:
        changed = deepcopy(example)
        mutate(changed)
        assert _reads(changed) is schema.is_valid(changed), changed


def _reads(text: dict) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pack.yaml")
        path.write_text(yaml.safe_dump(text))
        try:
            read_pack(path)
        except PolicyError:
            return False
        return True
