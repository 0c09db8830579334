"""Whatever the text, reading it ends in a spec or in a SpecError with sentences."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.errors import SpecError
from audit.records.spec import AuditSpec
from audit.spec.document import MAX_DEPTH
from audit.spec.read import read_spec, spec_from_dict
from audit.spec.scalars import resolved
from audit.spec.starter import written

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

BASE = yaml.safe_dump(
    {
        "model": {"path": "m", "trust": []},
        "data": {"test": "t", "target": "y", "features": ["a"]},
        "sensitive": {"features": ["s", "r"], "intersections": [["s", "r"]], "bins": {"s": [0, 1]}},
        "performance": {"cross_validation": {"folds": 5, "by": "plain"}, "metrics": ["f1"]},
        "policies": ["a", {"pack": "b", "params": {}}],
        "fairness": False,
        "seed": 3,
    },
    sort_keys=False,
)
NAMES = [*AuditSpec.model_fields, "path", "folds", "by", "metrics", "features", "level", "rows", "x"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["no", "1e400", "0x1", "group"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def outcome(read):
    """Return a spec, or raise where reading ends in anything else than sentences."""
    try:
        return read().spec
    except SpecError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.message[-1] in ".?", problem
            assert "pydantic" not in str(problem)
        return None


@QUIET
@given(text=st.text(alphabet=st.sampled_from("abk:-[]{},'\"|>&*!%@`#?\n\t 01.~<\\\ufeff\u2028é"), max_size=60))
def test_any_text_is_read_or_refused_in_words(tmp_path, text):
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    outcome(lambda: read_spec(path))


@QUIET
@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_words(tmp_path, data):
    path = tmp_path / "s.yaml"
    path.write_bytes(data)
    outcome(lambda: read_spec(path))


@QUIET
@given(data=st.data())
def test_a_sound_spec_with_a_few_characters_changed_is_read_or_refused_in_words(tmp_path, data):
    text = list(BASE)
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(
            st.sampled_from(["", " ", ":", "[", "]", "{", "-", "\n", "x", "9", "'", "*"])
        )
    path = tmp_path / "s.yaml"
    path.write_text("".join(text))
    spec = outcome(lambda: read_spec(path))
    assert spec is None or AuditSpec.model_validate(spec.model_dump()) == spec


@QUIET
@given(key=st.sampled_from(NAMES), value=VALUES)
def test_any_value_under_any_key_is_read_or_refused_in_words(tmp_path, key, value):
    values = {"model": {"path": "m"}, "data": {"test": "t", "target": "y"}, key: value}
    spec = outcome(lambda: spec_from_dict(values, tmp_path))
    assert spec is None or AuditSpec.model_validate(spec.model_dump()) == spec


@QUIET
@given(text=st.text(max_size=20))
def test_text_written_into_a_spec_is_read_back_as_the_same_text(text):
    line = f"[{written(text)}]"
    assert yaml.safe_load(line) == [text]
    assert resolved(written(text)) == text or written(text).startswith('"')


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 5, 2000])
def test_deep_python_values_are_refused(tmp_path, depth):
    value = []
    for _ in range(depth):
        value = [value]
    assert outcome(lambda: spec_from_dict({"title": value}, tmp_path)) is None
