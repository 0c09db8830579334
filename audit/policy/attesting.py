"""Which statements of people are missing, and new ones as text that is added to a file of attestations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import yaml

from audit.errors import PolicyError, Problem
from audit.policy.attestations import Attestation, AttestationFile, Statements
from audit.policy.document import read_tree, typed
from audit.policy.pack import AttestationAsked, Control, Pack
from audit.policy.read import ResolvedPack
from audit.policy.statements import attestations_of, statement_on
from audit.records.audit import AuditRecord


@dataclass(frozen=True)
class Signed:
    """What was stated so far, and what a statement has to be about to count."""

    statements: Statements
    today: date
    model_sha256: str | None
    """Digest of the model; none where it is no file."""


@dataclass(frozen=True)
class Open:
    """A control that waits for a person."""

    pack: Pack
    control: Control
    question: AttestationAsked
    why: str
    """That nobody answered, or why what was answered does not count."""


def missing_statements(
    packs: Sequence[ResolvedPack], signed: Signed, record: AuditRecord | None = None
) -> tuple[Open, ...]:
    """Return the controls whose statement is missing, expired or void.

    Parameters
    ----------
    packs : sequence of ResolvedPack
        The packs of a spec, in its order.
    signed : Signed
        What was stated so far.
    record : AuditRecord, optional
        An audit by these packs: controls that did not wait for a statement in it, such as those that do not apply, are
        left out.

    Raises
    ------
    PolicyError
        The record is of other packs, or of other versions of them.
    """
    if record is not None:
        _refuse_others(packs, record)
    waited = None if record is None else _waited(record)
    return tuple(
        item
        for resolved in packs
        for item in _open(resolved.pack, signed)
        if waited is None or (resolved.pack.name, item.control.id) in waited
    )


def added(data: bytes | None, source: str, entries: Sequence[Attestation]) -> bytes:
    """Return the content of a file of attestations with entries added, everything that stood there left as it is.

    Parameters
    ----------
    data : bytes or None
        The file as it is; None where there is none yet.
    source : str
        Its name, for problems.
    entries : sequence of Attestation
        What to add.

    Raises
    ------
    PolicyError
        The file cannot be read, or is written in a way that entries cannot be added to; then the text of the entries
        is told.
    """
    before = () if data is None else typed(AttestationFile, read_tree(data, source)).attestations
    new = _HEAD + _block(entries, "  ", "\n") if data is None else _with(data.decode("utf-8"), entries)
    if not _holds(new.encode(), source, (*before, *entries)):
        newline = "\n"
        message = "is written in a way that entries cannot be added to."
        raise PolicyError(Problem(source, message, f"Add them yourself:\n{_block(entries, '  ', newline)}"))
    return new.encode()


_HEAD = """\
# What people answer for, where numbers cannot. `audit attest` adds to it; it may be edited by hand.
# A statement counts only from the role that its control names, for this model and no other, and until it expires.
schema: policy-attestations/1
attestations:
"""


def _open(pack: Pack, signed: Signed) -> Iterator[Open]:
    for control in pack.controls:
        question = control.attestation
        if question is None:
            continue
        stated = statement_on(control, question, pack, signed)
        if stated.outcome in _WAITING:
            yield Open(pack, control, question, _why(control, question, pack, signed, stated.reason))


def _why(control: Control, question: AttestationAsked, pack: Pack, signed: Signed, reason: str) -> str:
    """Return why the statements there are do not count, each in a sentence, or that there is none."""
    told = [
        statement_on(control, question, pack, _alone(signed, item)).reason
        for item in attestations_of(control.id, pack, signed)
    ]
    return " ".join(told) or reason


def _alone(signed: Signed, item: Attestation) -> Signed:
    return Signed(Statements(attestations=(item,)), signed.today, signed.model_sha256)


_WAITING = ("attestation_missing", "attestation_expired")


def _waited(record: AuditRecord) -> frozenset[tuple[str, str]]:
    return frozenset(
        (verdict.pack, verdict.control)
        for verdict in record.verdicts
        for part in verdict.parts
        if part.observation.startswith("attestation/") and part.outcome in _WAITING
    )


def _refuse_others(packs: Sequence[ResolvedPack], record: AuditRecord) -> None:
    judged = {f"{pack.id}@{pack.version}" for pack in record.packs}
    others = [resolved.pack.name for resolved in packs if resolved.pack.name not in judged]
    if others:
        hint = "Run the audit again, or leave the record out."
        raise PolicyError(Problem("--record", f"it was not judged by {', '.join(others)}, which the spec names.", hint))


# --- text ----------------------------------------------------------------------------------------


def _block(entries: Sequence[Attestation], indent: str, newline: str) -> str:
    """Return the items of a list in YAML, every text quoted: no answer or name is ever read as anything else."""
    lines: list[str] = []
    for entry in entries:
        keys = [f"{key}: {_quoted(value)}" for key, value in _written(entry).items()]
        lines += [f"{indent}{'- ' if i == 0 else '  '}{key}" for i, key in enumerate(keys)]
    return "".join(f"{line}{newline}" for line in lines)


def _written(entry: Attestation) -> dict[str, object]:
    return entry.model_dump(mode="json", exclude_defaults=True)


def _quoted(value: object) -> str:
    # JSON is YAML, as long as it stands on one line.
    return json.dumps(value, ensure_ascii=False)


def _with(text: str, entries: Sequence[Attestation]) -> str:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    newline = "\r\n" if "\r\n" in text else "\n"
    found = next(((k, v) for k, v in _root(text).value if k.value == "attestations"), None)
    if found is None:
        ended = text if text.endswith("\n") else text + newline
        return f"{mark}{ended}attestations:{newline}{_block(entries, '  ', newline)}"
    key, node = found
    if not node.flow_style:
        at = _line_end(text, _end(node))
        return mark + _inserted(text, at, _block(entries, " " * node.start_mark.column, newline), newline)
    if node.value:
        close = node.end_mark.index - 1
        items = ", ".join(_quoted(_written(entry)) for entry in entries)
        return f"{mark}{text[:close]}, {items}{text[close:]}"
    start, end = node.start_mark.index, node.end_mark.index
    text = text[:start].rstrip(" ") + text[end:]
    indent = " " * (key.start_mark.column + 2)
    return mark + _inserted(text, _line_end(text, key.end_mark.index + 1), _block(entries, indent, newline), newline)


def _root(text: str) -> yaml.MappingNode:
    # Only for where things stand: what they mean was read strictly before.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return root


def _end(node: yaml.Node) -> int:
    """Return where the last word of a node ends; a block node itself ends only where the next begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    if at > 0 and text[at - 1] == "\n":
        return at
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _inserted(text: str, at: int, block: str, newline: str) -> str:
    before = text[:at] if text[:at].endswith("\n") else text[:at] + newline
    return before + block + text[at:]


def _holds(data: bytes, source: str, entries: Sequence[Attestation]) -> bool:
    """Whether a text reads as exactly these entries."""
    try:
        return typed(AttestationFile, read_tree(data, source)).attestations == tuple(entries)
    except PolicyError:
        return False
