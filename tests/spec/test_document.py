# ruff: noqa: E501 (messages stand whole, as they are printed)
import sys

import pytest

from audit.errors import PolicyError, SpecError
from audit.spec.document import MAX_EVENTS, document_from_values, plain_value, read_document

BILLION_LAUGHS = "a: &a [x, x, x]\n" + "".join(
    f"{k}: &{k} [*{p}, *{p}, *{p}]\n" for p, k in zip("abcdefg", "bcdefgh", strict=True)
)
MERGE_BOMB = "a0: &a0 {k: 1}\n" + "".join(f"a{i + 1}: &a{i + 1} {{<<: [*a{i}, *a{i}]}}\n" for i in range(40))


def told(data, error=SpecError):
    try:
        document = read_document(data if isinstance(data, bytes) else data.encode(), "s.yaml", error)
    except error as raised:
        return [str(problem) for problem in raised.problems]
    return [str(problem) for problem in document.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: *x\n", "s.yaml:1:4 a: the alias *x is not read. Write the value out."),
        ("a: &x 1\n", "s.yaml:1:4 a: the anchor &x is not read. Write the value out."),
        ("a: !!python/object:os.system 1\n", "s.yaml:1:4 a: the tag tag:yaml.org,2002:python/object:os.system is not read. Write the value without a tag."),
        ("a: !!str 1\n", "s.yaml:1:4 a: the tag tag:yaml.org,2002:str is not read. Write the value without a tag."),
        ("a:\n  <<: {b: 1}\n", "s.yaml:2:3 a: the merge key << is not read. Write the values out."),
        ("a: 1\nb: 2\na: 3\n", "s.yaml:3:1 a: the key 'a' is given twice; first in line 1. Delete one of the two."),
        ("a: {b: 1, 'b': 2}\n", "s.yaml:1:11 a.b: the key 'b' is given twice; first in line 1. Delete one of the two."),
        ("a: [1, {b: 1, b: 2}]\n", "s.yaml:1:15 a[1].b: the key 'b' is given twice; first in line 1. Delete one of the two."),
        ("? [a]\n: 1\n", "s.yaml:1:3: a key has to be text. Put it in quotes if it begins with [ or {."),
        ("a: 1\n--- \nb: 2\n", "s.yaml:2:1: a second document begins. Keep one document in a file."),
        ("", "s.yaml:1:1: the file is empty. `audit new` writes a spec to start from."),
        ("# nothing\n", "s.yaml:2:1: the file is empty. `audit new` writes a spec to start from."),
        ("a:\n\t- 1\n", "s.yaml:2:1: a tab stands where only spaces may. Indent with spaces."),
        ("title: Credit: spring\n", "s.yaml:1:14: a second ': ' stands in this line, or the line is indented too far. "
                                    "Put text that holds ': ' in quotes, or mend the indentation."),
        ("a: 'open\n", "s.yaml:2:1: a quote is opened and never closed. Close it."),
        ("a: [1, 2\nb: 3\n", "s.yaml:2:2: a '[' is opened and not closed before this place. Close it with ']' or add a comma."),
        ("a: {b: 1\nc: [\n", None),
        ("a: @b\n", "s.yaml:1:4: text may not begin with this character. Put the text in quotes."),
        ("a: %b\n", "s.yaml:1:4: text may not begin with this character. Put the text in quotes."),
        ("a: 1\n b: 2\n", "s.yaml:2:3: a second ': ' stands in this line, or the line is indented too far. "
                          "Put text that holds ': ' in quotes, or mend the indentation."),
        ("a:\n   b: 1\n  c: 2\n", "s.yaml:3:3: this line is indented differently from its neighbours, or a quote or bracket before it is open. "
                                  "Give the keys of one section the same indentation."),
        ("a: 1\nb\n", "s.yaml:3:1: a key without ':' ends here. Write `key: value`."),
        ("a: .inf\n", "s.yaml:1:4 a: expected a finite number, found .inf."),
        ("a: .nan\n", "s.yaml:1:4 a: expected a finite number, found .nan."),
        ("a: 1e999\n", "s.yaml:1:4 a: expected a finite number, found 1e999."),
        ('a: "\\ud800"\n', "s.yaml:1:4 a: the text holds half a character (a lone surrogate). Write it whole."),
        ("a: b\x07c\n", "s.yaml:1:5: the character U+0007 cannot stand in YAML. Delete it; it may be invisible."),
        (b"a: 1\nb: \xff\n", "s.yaml:2:4: the text is not UTF-8. Save the file with the encoding UTF-8."),
        ("a: 1\n".encode("utf-16"), "s.yaml:1:1: the text is not UTF-8. Save the file with the encoding UTF-8."),
    ],
)  # fmt: skip
def test_a_text_that_could_be_misread_is_refused_with_its_line(text, expected):
    lines = told(text)
    assert lines
    if expected is not None:
        assert expected in lines


def counted(work):
    """Return what `work` returns and how many calls it made: a measure of work that a busy machine does not move."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        result = work()
        return result, calls
    finally:
        sys.setprofile(None)


def test_the_count_of_calls_counts():
    assert counted(lambda: [len("x") for _ in range(10_000)])[1] > 9_999


def test_too_large_a_text_is_refused_unread():
    lines, calls = counted(lambda: told(b"#" * 1_000_001))
    assert lines == ["s.yaml: the file is larger than 1,000,000 bytes. Keep data in tables and name them here."]
    assert calls < 1_000


@pytest.mark.parametrize(
    "nest", ["[" * 40, "{a: " * 40, "- " * 40, "? " * 40, "[" * 500_000, "{" * 500_000, "- " * 400_000]
)
def test_deep_nesting_is_refused_early(nest):
    lines, calls = counted(lambda: told(nest))
    assert calls < 50_000
    assert lines == [
        f"s.yaml:1:{lines[0].split(':')[2]}: values are nested deeper than 32 levels. A spec needs at most 6."
    ]


def test_thirty_two_levels_are_read():
    read_document(b"[" * 32 + b"]" * 32, "s.yaml")


def test_many_values_are_refused():
    lines = told("a: [" + "1, " * MAX_EVENTS + "]")
    assert lines[0].endswith(
        "expected at most 20,000 values, keys and brackets. Keep data in tables and name them here."
    )


@pytest.mark.parametrize("bomb", [BILLION_LAUGHS, MERGE_BOMB])
def test_an_alias_bomb_is_refused_at_once_and_every_alias_named(bomb):
    lines, calls = counted(lambda: told(bomb))
    assert calls < 50_000
    assert any("the alias *a" in line and "is not read" in line for line in lines)
    assert any("the anchor &a" in line for line in lines)


def test_every_faulty_key_is_named_at_once():
    assert len(told("a: *x\nb: &y 1\nc: 1\nc: 2\n")) == 3


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    document = read_document("\ufeffa: 1\r\nb: é\r\n".encode(), "s.yaml")
    assert plain_value(document.root) == {"a": 1, "b": "é"}


def test_positions_count_from_one():
    root = read_document(b"a:\n  - x\n  - {k: v}\n", "s.yaml").root
    item = root.entries["a"].node.items[1]
    assert (str(root.entries["a"].mark), str(item.mark), str(item.entries["k"].node.mark)) == (
        "s.yaml:1:1",
        "s.yaml:3:5",
        "s.yaml:3:9",
    )


def test_another_room_gets_its_own_error():
    with pytest.raises(PolicyError):
        read_document(b"", "pack.yaml", PolicyError)


def test_python_values_make_the_same_tree(tmp_path):
    values = {"a": [1, 2.5, True, None, "x"], "b": {"c": (1, 2)}, "p": tmp_path}
    assert plain_value(document_from_values(values).root) == {
        "a": [1, 2.5, True, None, "x"],
        "b": {"c": [1, 2]},
        "p": str(tmp_path),
    }


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": float("inf")}, {"a": object()}, {"a": {1, 2}}, {"a": "\ud800"}, {1: 1, "1": 2}]
)
def test_python_values_that_no_yaml_could_hold_are_refused(value):
    assert document_from_values(value).problems


def test_a_dict_that_holds_itself_is_refused():
    loop = {}
    loop["a"] = loop
    assert "deeper than 32" in str(document_from_values(loop).problems[0])
