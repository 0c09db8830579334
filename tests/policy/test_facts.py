"""Three-valued conditions against every completion of what is unknown."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.policy.facts import answer, declared_facts, role_columns
from audit.policy.pack import Applies
from audit.records.spec import AuditSpec, ContextSpec

NAMES = ("a", "b", "c")
LEAF = st.sampled_from([{"fact": {"name": name, "op": "eq", "value": True}} for name in NAMES])
TREES = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"all": branches}),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"any": branches}),
        inner.map(lambda branch: {"not": branch}),
    ),
    max_leaves=6,
)


def truth(tree: dict, facts: dict[str, bool]) -> bool:
    ((word, inner),) = tree.items()
    match word:
        case "all":
            return all(truth(branch, facts) for branch in inner)
        case "any":
            return any(truth(branch, facts) for branch in inner)
        case "not":
            return not truth(inner, facts)
    return facts[inner["name"]]


@given(TREES, st.dictionaries(st.sampled_from(NAMES), st.booleans()))
def test_an_answer_holds_however_the_unknown_facts_turn_out(tree, facts):

    found = answer(Applies.model_validate_json(json.dumps(tree)), facts)
    unknown = [name for name in NAMES if name not in facts]
    completions = {truth(tree, {**facts, **dict(zip(unknown, values, strict=True))})
                   for values in product([True, False], repeat=len(unknown))}  # fmt: skip
    if found.holds is not None:
        assert completions == {found.holds}
    else:
        assert set(found.unknown) <= set(unknown)
    if not unknown:
        assert found.holds is not None


def fact(**words) -> Applies:
    return Applies.model_validate({"fact": words})


@pytest.mark.parametrize(
    ("words", "value", "holds"),
    [
        ({"op": "eq", "value": "US"}, ("US", "EU"), True),
        ({"op": "ne", "value": "US"}, ("US", "EU"), False),
        ({"op": "in", "value": ["US", "CA"]}, ("EU", "CA"), True),
        ({"op": "not_in", "value": ["US", "CA"]}, ("EU",), True),
        ({"op": "ge", "value": 10}, 10, True),
        ({"op": "lt", "value": 10}, 10, False),
        ({"op": "gt", "value": 10}, "many", False),
        ({"op": "eq", "value": True}, 1, False),
        ({"op": "eq", "value": 1}, True, False),
        ({"op": "present"}, None, True),
        ({"op": "absent"}, None, False),
    ],
)
def test_comparisons_of_one_fact(words, value, holds):
    assert answer(fact(name="f", **words), {"f": value}).holds is holds


@pytest.mark.parametrize("op", ["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge"])
def test_what_nobody_declared_is_unknown(op):
    value = ["x"] if "in" in op else 1
    assert answer(fact(name="f", op=op, value=value), {}).holds is None
    assert answer(fact(name="f", op="absent"), {}).holds is True
    assert answer(None, {}).holds is True


def test_a_context_declares_what_it_states_and_nothing_else():
    context = ContextSpec(owner="Ann", facts={"owner": "Bob", "extra": 1})
    assert declared_facts(context) == {"owner": "Ann", "extra": 1}


def test_columns_play_the_role_declared_or_the_one_of_their_own_name():
    sensitive = {"features": ["sex", "race", "age"], "roles": {"race": "race_ethnicity"}}
    spec = AuditSpec.model_validate({"model": {"path": "m"}, "data": {"test": "t"}, "sensitive": sensitive})
    assert role_columns(spec) == {"sex": "sex", "age": "age", "race_ethnicity": "race"}


def test_a_derived_fact_cannot_be_declared_otherwise(a):
    case = a.case(spec={"context": {"facts": {"task": "regression", "has_train": False}}})
    assert (case.facts["task"], case.facts["has_train"], case.facts["test_rows"]) == ("binary", True, 200)


def test_a_small_group_is_told_by_the_role_of_its_column(a):
    groupings = (
        a.grouping("sex", "f", "m"),
        a.grouping("colour", "x", "y", sizes={"x": 29}),
        a.grouping("age", "old", sizes={"old": 3}),
    )
    spec = {"sensitive": {"features": ["sex", "colour", "age"], "roles": {"colour": "race_ethnicity"}}}
    assert set(a.case(groupings=groupings, spec=spec).facts["small_roles"]) == {"race_ethnicity", "age"}
