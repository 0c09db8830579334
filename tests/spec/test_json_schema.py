# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from audit.errors import SpecError
from audit.spec.json_schema import json_schema

SCHEMA = json_schema()
HEAD = "model: {path: m}\ndata: {test: t, target: y}\n"
SOUND = [
    HEAD,
    HEAD + "fairness: false\nperformance: {cross_validation: false, metrics: [f1], interval: {level: 0.9}}\n",
    HEAD + "performance: {metrics: [f1, {metric: f_beta, args: {beta: 2}}]}\nfairness: {metrics: [{metric: f_beta}]}\n",
    HEAD + "policies: [a, {pack: b, params: {x: [1]}}]\nsensitive: {features: [s], bins: {s: [0, 1.5]}}\n",
    HEAD
    + "decision: {positive: 1, favourable: yes-please, threshold: 1}\ntask: binary\ncontext: {facts: {a: {b: 1}}}\n",
]
WRONG = [
    HEAD + more
    for more in (
        "seed: x\n", "seed: -1\n", "unheard_of: 1\n", "fairness: true\n", "task: survival\n", "title: 3\n", "policies: [3]\n",
        "performance: {metrics: f1}\n", "performance: {interval: {level: 1}}\n", "report: {formats: [3]}\n", "audit: 2\n",
        "performance: {cross_validation: {by: random}}\n", "sensitive: {roles: {a: 3}}\n",
    )
]  # fmt: skip


def sections(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for inner in schema.values():
            yield from sections(inner)


def test_the_schema_is_a_schema_and_names_no_host():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"].startswith("urn:")
    assert [word for word in json.dumps(SCHEMA).split('"') if "://" in word] == [
        "https://json-schema.org/draft/2020-12/schema"
    ]


def test_no_section_takes_unknown_keys():
    found = list(sections(SCHEMA))
    assert len(found) > 15
    assert all(
        section["additionalProperties"] is False for section in found if isinstance(section.get("properties"), dict)
    )


def test_keys_are_described():
    described = [key for section in sections(SCHEMA) for key in section["properties"].values() if isinstance(key, dict)]
    assert sum("description" in key for key in described) > 35


@pytest.mark.parametrize("text", SOUND)
def test_what_is_read_fits_the_schema(read, text):
    read(text)
    assert list(Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_key_type_or_value_fits_neither(read, text):
    with pytest.raises(SpecError):
        read(text)
    assert list(Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(text)))
