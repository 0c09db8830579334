"""`audit policies` as a reader meets it."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from audit.cli.policies import policies
from audit.errors import PolicyError, SpecError
from audit.resources import shipped_packs


def test_the_list_names_every_pack_with_its_version_and_recheck(capsys):
    policies()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "VERSION", "STATUS", "CONTROLS", "RECHECK", "BY", "TITLE"]
    assert [line.split()[0] for line in lines[1:]] == list(shipped_packs())


def test_a_pack_is_shown_with_its_caveats_limits_and_citations(capsys):
    policies("show", "us-ugesp-adverse-impact")
    text = capsys.readouterr().out
    expected = (
        "This is not legal advice.",
        "four_fifths = 0.8 (origin: guidance)",
        "29 CFR 1607.4(D) (checked: reproduced)",
        "a limit of at least 0.8 (origin: guidance)",
    )
    for words in expected:
        assert words in text


def test_a_name_is_needed_and_has_to_be_known():
    with pytest.raises(SpecError, match="expected the name of a pack"):
        policies("show")
    with pytest.raises(PolicyError, match="Did you mean 'technical-soundness'"):
        policies("show", "technical-soundnes")


def test_the_schema_accepts_the_shipped_packs_and_refuses_an_unknown_key(capsys):
    policies("schema")
    schema = jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out))
    for path in shipped_packs().values():
        pack = yaml.safe_load(path.read_text())
        schema.validate(pack)
        assert not schema.is_valid({**pack, "extra": 1})
