"""Which statements are missing, and how new ones are added to a file that people keep by hand."""

from __future__ import annotations

from datetime import date

import pytest

from audit.errors import PolicyError
from audit.policy.attestations import Attestation, AttestationFile, Statements
from audit.policy.attesting import Signed, added, missing_statements
from audit.policy.document import read_tree, typed


def attestation(a, **changes) -> Attestation:
    base = {
        "control": "A-1", "pack": "house@1.0.0", "answer": "yes", "person": "Ann", "role": "reviewer",
        "signed_on": "2026-11-20", "model_sha256": a.SHA,
    }  # fmt: skip
    return Attestation.model_validate({**base, **changes})


def missing(pack, a, *stated, today=None):
    house = pack(a.control(), a.attested())
    signed = Signed(Statements(attestations=stated), today or a.TODAY, a.SHA)
    return [(item.control.id, item.why) for item in missing_statements((house,), signed)]


def test_only_a_control_that_asks_a_person_is_missing_a_statement(pack, a):
    assert missing(pack, a) == [("A-1", "No reviewer has answered: Was it reviewed?")]


def test_one_that_is_answered_or_refused_is_not_missing(pack, a):
    assert missing(pack, a, attestation(a)) == []
    assert missing(pack, a, attestation(a, answer="no")) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signed_on": "2025-11-20"}, "expired on 2026-11-20"),
        ({"model_sha256": "b" * 64}, "it is about another model"),
        ({"pack": "house@0.9.0"}, "it is about house@0.9.0"),
        ({"role": "intern"}, "only a reviewer can make it"),
    ],
)
def test_one_that_is_expired_or_void_is_missing_and_says_why(changes, why, pack, a):
    ((control, said),) = missing(pack, a, attestation(a, **changes))
    assert control == "A-1" and why in said


def test_a_second_person_who_is_the_first_in_other_letters_does_not_count(pack, a):
    asks = {"question": "Was it reviewed?", "answers": ["yes"], "role": "reviewer", "second_role": "owner"}
    house = pack(a.attested(attestation=asks))
    twice = attestation(a, second_person=" ann ", second_role="owner")
    (item,) = missing_statements((house,), Signed(Statements(attestations=(twice,)), date(2026, 11, 22), a.SHA))
    assert "the second person is the first" in item.why


OLD = """control: OLD, pack: p, answer: "yes", person: Bob, role: r, signed_on: "2026-01-01" """.strip()
BLOCK = """\
# Kept by Ann.
schema: policy-attestations/1
attestations:   # newest last
- control: OLD
  pack: p
  answer: "yes"
  person: Bob
  role: r
  signed_on: "2026-01-01"   # a holiday
# To be answered: X-9.
"""
FILES = {
    "block": BLOCK,
    "block without a last newline": BLOCK.rpartition("\n#")[0],
    "block with another key after it": f"attestations:\n    - {{{OLD}}}\n# kept\nschema: policy-attestations/1\n",
    "windows": BLOCK.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + BLOCK,
    "literal note": BLOCK.replace("  role: r\n", "").replace(
        "# To be", "  role: r\n  note: |\n    two\n    lines\n# To be"
    ),
    "empty": "schema: policy-attestations/1\nattestations: []  # none yet\n# attestations:\n#   - control: X\n",
    "no key": "# kept\nschema: policy-attestations/1",
    "flow": f"schema: policy-attestations/1\nattestations: [{{{OLD}}}]  # kept\n",
    "json": '{"schema": "policy-attestations/1", "attestations": [{"control": "OLD", "pack": "p", "answer": "yes", '
    '"person": "Bob", "role": "r", "signed_on": "2026-01-01"}]}',
}


def read(data: bytes) -> tuple[Attestation, ...]:
    return typed(AttestationFile, read_tree(data, "a.yaml")).attestations


@pytest.mark.parametrize("name", FILES)
def test_entries_are_added_and_nothing_that_stood_there_is_lost(name, a):
    data = FILES[name].encode()
    before = read(data)
    new = added(data, "a.yaml", [attestation(a), attestation(a, control="A-2", note="fine")])
    assert [item.control for item in read(new)] == [*(item.control for item in before), "A-1", "A-2"]
    assert read(new)[: len(before)] == before
    comments = [line[line.index("#") :] for line in FILES[name].splitlines() if "#" in line]
    assert all(comment in new.decode() for comment in comments)
    assert new.count(b"\r\n") == (new.count(b"\n") if name == "windows" else 0)
    again = added(new, "a.yaml", [attestation(a, control="A-3")])
    assert [item.control for item in read(again)][-3:] == ["A-1", "A-2", "A-3"]


def test_a_file_that_is_not_there_is_begun(a):
    assert read(added(None, "a.yaml", [attestation(a)])) == (attestation(a),)


@pytest.mark.parametrize(
    "text",
    ["no", "1e3", "0o17", "null", "~", "2026-01-01", "a: b", "- x", "# none", "'\"\\", "{x}", "*a", "&a", "!!python/x",
     "|", "é 中文", "]\nattestations: []", "\t", "x" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("name", ["block", "empty", "flow"])
def test_whatever_is_answered_reads_as_that_text(text, name, a):
    entry = attestation(a, answer=text, person=text, note=text)
    assert read(added(FILES[name].encode(), "a.yaml", [entry]))[-1] == entry


def test_where_entries_cannot_be_added_they_are_told_and_not_lost(a):
    with pytest.raises(PolicyError, match=r"entries cannot be added to[\s\S]*- control: \"A-1\""):
        added(b"{schema: policy-attestations/1}", "a.yaml", [attestation(a)])


def test_a_faulty_file_is_refused_before_anything_is_added(a):
    with pytest.raises(PolicyError, match=r"a\.yaml:1"):
        added(b"schema: other\n", "a.yaml", [attestation(a)])
