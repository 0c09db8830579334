# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import hashlib
from pathlib import Path

import pytest

from audit.errors import SpecError
from audit.records.spec import AuditSpec, CrossValidationSpec, PerformanceSpec
from audit.spec.read import read_spec, spec_from_dict, spec_from_record

BASE = {"model": {"path": "m.skops"}, "data": {"test": "t.csv", "target": "y"}}
DESIGN = """
audit: 1
title: Credit decisions, spring model
context: {owner: A, purpose: B, use_case: credit, jurisdiction: [US, NO], version: "3.1", out_of_scope: [x], facts: {a: [1, no]}}
model: {path: model.skops, name: credit-ranker, sha256: null, trust: [], key: null, code: []}
challenger: null
task: binary
data:
  {test: data/test.parquet, train: data/train.parquet, reference: null, target: default, features: null,
   weight: null, id: null, time: null, missing: [""]}
decision: {positive: 1, favourable: 0, threshold: 0.5, costs: null}
sensitive:
  features: [sex, race, age]
  table: null
  roles: {race: race_ethnicity}
  intersections: [[sex, race]]
  bins: {age: [0, 25, 40, 120]}
  reference: {race: White}
  minimum_group: 30
performance: {metrics: [roc_auc], cross_validation: {folds: 5, by: stratified, column: null}, interval: {level: 0.95, resamples: 2000}}
attribution: {methods: [shap, permutation_importance], rows: 1000, local: {rows: 10, choose: [worst, near_threshold, per_group]}}
policies: [fair-lending-practice, {pack: eu-ai-act-high-risk, params: {a: 1}}, ./house.yaml]
attestations: attestations.yaml
waivers: waivers.yaml
report: {formats: [html, pdf, json], language: en}
allow_paths: []
seed: 0
"""


def test_the_spec_of_the_design_is_read_as_its_author_meant(read):
    spec = read(DESIGN).spec
    assert spec.context.jurisdiction == ("US", "NO")
    assert spec.context.facts == {"a": [1, "no"]}
    assert spec.decision.positive == 1 and spec.decision.favourable == 0
    assert type(spec.decision.positive) is int
    assert spec.sensitive.bins == {"age": (0.0, 25.0, 40.0, 120.0)}
    assert spec.policies[0] == "fair-lending-practice"
    assert spec.policies[1].params == {"a": 1}
    assert spec == AuditSpec.model_validate(spec.model_dump())


@pytest.mark.parametrize("word", ["no", "No", "NO", "off", "Off", "false", "False"])
def test_where_only_false_is_possible_no_and_off_mean_it(sound, word):
    spec = sound(f"fairness: {word}\nattribution: {{local: {word}}}\nefficiency: {{latency: {word}}}\n")
    assert (spec.fairness, spec.attribution.local, spec.efficiency.latency) == (False, False, False)


@pytest.mark.parametrize("word", ["yes", "on", "On", "true"])
def test_where_only_a_boolean_is_possible_yes_and_on_mean_it(sound, word):
    assert sound(f"performance: {{baseline: {word}}}\n").performance.baseline is True


def test_quoted_no_is_text_and_so_is_no_where_text_is_possible(sound, problems):
    assert sound("decision: {positive: no, favourable: on}\n").decision.positive == "no"
    assert problems('model: {path: m}\ndata: {test: t, target: y}\nfairness: "no"\n')


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("1.5", 1.5), ("1e-3", 0.001), ("true", True), ("yes", "yes"), ("12:30", "12:30"), ('"1"', "1"),
     ("2024-01-31", "2024-01-31"), ("1_000", "1_000"), ("007", "007"), ("0x1F", 31)],
)  # fmt: skip
def test_a_label_keeps_the_type_that_was_written(sound, text, value):
    got = sound(f"decision: {{positive: {text}}}\n").decision.positive
    assert (type(got), got) == (type(value), value)


def test_numbers_mean_what_was_written(sound):
    assert sound("decision: {threshold: 1e-3}\n").decision.threshold == 0.001
    assert sound("attribution: {rows: 1e3}\n").attribution.rows == 1000
    assert sound("decision: {threshold: 1}\n").decision.threshold == 1.0


def test_keys_are_text_as_written(sound):
    spec = sound("sensitive: {features: ['1', 'no'], reference: {1: a, no: b}}\n")
    assert spec.sensitive.reference == {"1": "a", "no": "b"}


def test_a_section_whose_keys_are_all_commented_out_is_left_out(sound):
    spec = sound("context:\n#  owner: me\nperformance:\nreport:\n")
    assert spec.performance == PerformanceSpec()
    assert "performance" not in spec.model_fields_set


def test_what_was_left_out_has_its_default(sound):
    spec = sound("performance: {cross_validation: {by: plain}}\n")
    assert spec.performance.cross_validation == CrossValidationSpec(folds=5, by="plain")


def test_positions_of_keys_written_and_left_out(read):
    source = read("model: {path: m}\ndata:\n  test: t.csv\nperformance:\n  metrics: [a, b]\n")
    assert source.position(("performance", "metrics", 1)) == "spec.yaml:5:16 performance.metrics[1]"
    assert source.position(("data", "target")) == "spec.yaml:3:3 data.target"
    assert source.position(("report", "formats", 0)) == "spec.yaml:1:1 report.formats[0]"
    assert source.position(()) == "spec.yaml:1:1"
    assert source.writes(("performance", "metrics")) and not source.writes(("report", "formats"))


def test_what_the_provenance_needs_is_kept(tmp_path):
    text = b"model: {path: m}\r\ndata: {test: t}\n"
    (tmp_path / "a.yaml").write_bytes(text)
    source = read_spec(tmp_path / "a.yaml", ("seed=3",))
    assert source.sha256 == hashlib.sha256(text).hexdigest()
    assert (source.size, source.name, source.folder, source.overrides) == (
        len(text),
        "a.yaml",
        tmp_path.resolve(),
        {"seed": "3"},
    )


def test_a_dict_gives_the_same_spec(read):
    assert (
        spec_from_dict({**BASE, "fairness": False, "report": {"formats": ("html",)}}, Path()).spec
        == read(
            "model: {path: m.skops}\ndata: {test: t.csv, target: y}\nfairness: false\nreport: {formats: [html]}\n"
        ).spec
    )


def test_a_dict_is_told_of_its_mistakes_by_key(tmp_path):
    with pytest.raises(SpecError) as caught:
        spec_from_dict({**BASE, "seed": "x", "performance": {"metrics": [1, object()]}}, tmp_path)
    assert [str(p) for p in caught.value.problems] == [
        "performance.metrics[1]: expected text, a number, true, false, None, a list or a dict, found a builtins.object.",
        "seed: expected a whole number from 0 to 4294967295, found the text 'x'.",
        'performance.metrics[0]: expected text or a section with metric, args, found the number 1. Put it in quotes: "1".',
    ]


def test_paths_and_tuples_are_welcome_in_a_dict(tmp_path):
    source = spec_from_dict({"model": {"path": tmp_path / "m"}, "data": {"test": "t", "features": ("a",)}}, tmp_path)
    assert source.spec.model.path == str(tmp_path / "m")


def test_equal_dicts_have_equal_digests_in_any_order():
    turned = dict(reversed(BASE.items()))
    assert spec_from_dict(BASE, Path()).sha256 == spec_from_dict(turned, Path()).sha256
    assert spec_from_dict({**BASE, "seed": 1}, Path()).sha256 != spec_from_dict(BASE, Path()).sha256


def test_a_spec_made_in_python_is_held_against_the_rules_as_well():
    sound = AuditSpec.model_validate(BASE)
    assert spec_from_record(sound, Path()).spec == sound
    with pytest.raises(SpecError, match="exactly one of path"):
        spec_from_record(AuditSpec.model_validate({**BASE, "model": {}}), Path())


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file here")
def test_an_endless_file_is_refused():
    with pytest.raises(SpecError, match="larger than 1,000,000 bytes"):
        read_spec(Path("/dev/zero"))
