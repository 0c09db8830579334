"""`audit attest SPEC`: asks a person for the statements that the packs of a spec wait for, and writes them down."""

from __future__ import annotations

import datetime
import hashlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from audit.errors import OutputError, Problem, SpecError

if TYPE_CHECKING:
    from audit.policy.attestations import Attestation, EvidenceGiven
    from audit.policy.attesting import Open, Signed
    from audit.policy.pack import AttestationAsked
    from audit.records.audit import AuditRecord
    from audit.spec.read import ReadSpec

T = TypeVar("T")

_FILE = "attestations.yaml"


def attest(
    spec: Annotated[Path, typer.Argument(help="The audit spec, a YAML file.", metavar="SPEC")],
    record: Annotated[
        Path | None,
        typer.Option(help="The record.json of an audit: ask only for what was missing there.", metavar="FILE"),
    ] = None,
    list: Annotated[bool, typer.Option("--list", help="Print what is missing; ask and write nothing.")] = False,
) -> None:
    """Answer the questions that the packs of a spec put to people, and write the answers to its attestations file.

    Neither the model nor a table is loaded; the model file is hashed, because a statement is about one model. Enter
    alone leaves a question open, Ctrl-D ends without writing.

    Exit codes: 0 written, or nothing to write; 2 spec, pack, attestations or record at fault, no terminal to answer at,
    or ended early; 4 the file cannot be written.
    """
    from audit.policy.attesting import missing_statements
    from audit.policy.read import read_packs
    from audit.report.load import load_record
    from audit.spec.read import read_spec

    if not list and not sys.stdin.isatty():
        raise SpecError(Problem("audit attest", "expected a terminal to answer at.", "Use --list to see what it asks."))
    read = read_spec(spec)
    path = _destination(read)
    signed = _signed(read, path)
    audited = None if record is None else load_record(record)
    missing = missing_statements(read_packs(read.spec, read.folder), signed, audited)
    print("\n".join(_opening(missing, signed, audited)))
    if list:
        print("\n".join(line for item in missing for line in asked(item)))
        return
    entries = tuple(entry for item in missing if (entry := _answered(item, signed, read.folder)) is not None)
    if not entries:
        print("Nothing is written.")
        return
    _write(path, entries)
    count = f"{len(entries)} {'statement is' if len(entries) == 1 else 'statements are'}"
    print(f"\n{count} written to {path}.")
    if read.spec.attestations is None:
        print(f"Name the file in {spec}:\n  attestations: {path.name}")


def asked(item: Open) -> list[str]:
    """Return what a control asks, of whom, and for how long the answer counts."""
    asks = item.question
    answers = " / ".join(asks.answers) if asks.answers else "in words"
    remark = "; the first meets the control, another is a refusal" if len(asks.answers) > 1 else ""
    second = f", with a second person as {asks.second_role}" if asks.second_role else ""
    counts = f"for {asks.valid_for} from the day of signing" if asks.valid_for else "until model or pack changes"
    lines = [
        "",
        f"{item.pack.name} {item.control.id}  {item.control.title} ({item.control.kind}, {item.control.mode})",
        f"  Question  {asks.question}",
        f"  Answers   {answers}{remark}",
        f"  Role      {asks.role}{second}{', independent of the makers of the model' if asks.independent else ''}",
        f"  Evidence  {'required' if asks.evidence_required else 'if there is any'}",
        f"  Counts    {counts}",
        f"  Now       {item.why}",
    ]
    return [shown(line) for line in lines]


def shown(text: str) -> str:
    """Return a text on one line, with nothing in it that a terminal would obey.

    Examples
    --------
    >>> shown("yes" + chr(27) + "[2J no")
    'yes\\\\x1b[2J no'
    """
    kept = text.replace("\r", " ").replace("\n", " ")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in kept)


# --- what is there -------------------------------------------------------------------------------


def _destination(read: ReadSpec) -> Path:
    """Return the file of attestations, which need not be there yet."""
    from audit.spec.paths import resolve_path

    if read.spec.attestations is None:
        path = read.folder / _FILE
        if path.exists():
            hint = f"Add the key to the spec: `attestations: {_FILE}`."
            raise SpecError(Problem(str(path), f"is there already, and {read.name} does not name it.", hint))
        return path
    place = f"{read.name} attestations"
    path = (read.folder / read.spec.attestations).resolve()
    if path.exists() or not path.parent.is_dir() or not path.is_relative_to(read.folder.resolve()):
        return resolve_path(read.folder, read.spec.allow_paths, read.spec.attestations, place)
    return path


def _signed(read: ReadSpec, path: Path) -> Signed:
    from audit.policy.attestations import Statements, read_statements
    from audit.policy.attesting import Signed

    only = read.spec.model_copy(update={"waivers": None})
    statements = read_statements(only, read.folder) if path.exists() else Statements()
    return Signed(statements, datetime.date.today(), _model_digest(read))


def _model_digest(read: ReadSpec) -> str | None:
    from audit.spec.paths import resolve_path

    if read.spec.model.path is None:
        return None
    return _digest(resolve_path(read.folder, read.spec.allow_paths, read.spec.model.path, f"{read.name} model.path"))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SpecError(Problem(str(path), f"cannot be read: {error.strerror}.", "Check the path.")) from error


def _opening(missing: tuple[Open, ...], signed: Signed, record: AuditRecord | None) -> list[str]:
    count = f"{len(missing)} {'statement is' if len(missing) == 1 else 'statements are'} missing."
    lines = [count if missing else "No statement is missing."]
    if missing and record is None:
        lines.append(
            "Which of them an audit waits for depends on what it measures: with --record record.json only those are "
            "asked for."
        )
    if record is not None and record.subject.model.sha256 != signed.model_sha256:
        lines.append("Beware: the record is of another model than the spec names now.")
    if missing and signed.model_sha256 is not None:
        lines.append(f"They are about the model with sha256 {signed.model_sha256}, and no other.")
    return lines


# --- asking --------------------------------------------------------------------------------------


def _answered(item: Open, signed: Signed, folder: Path) -> Attestation | None:
    from audit.policy.attestations import Attestation

    asks = item.question
    print("\n".join(asked(item)))
    answer = _ask("Answer (Enter leaves it open)", lambda text: _choice(text, asks.answers) if text else "")
    if not answer:
        return None
    person = _ask(f"Your name, as {shown(asks.role)}", _name)
    if asks.independent and _ask("Had you no part in making the model? yes / no", _yes_or_no) == "no":
        print("  It takes a person who had none: the question stays open.")
        return None
    second = _second(asks, person)
    evidence = _evidence(asks, folder)
    note = _ask("Note (Enter for none)", str)
    return Attestation(
        control=item.control.id,
        pack=item.pack.name,
        answer=answer,
        person=person,
        role=asks.role,
        second_person=second,
        second_role=asks.second_role if second else None,
        independent=asks.independent,
        evidence=evidence,
        signed_on=signed.today.isoformat(),
        model_sha256=signed.model_sha256,
        note=note,
    )


def _second(asks: AttestationAsked, person: str) -> str | None:
    from audit.policy.statements import same_person

    def another(text: str) -> str:
        if same_person(text, person):
            raise ValueError("the second person has to be another one than the first")
        return _name(text)

    return _ask(f"Name of the second person, as {shown(asks.second_role)}", another) if asks.second_role else None


def _evidence(asks: AttestationAsked, folder: Path) -> tuple[EvidenceGiven, ...]:
    from audit.policy.attestations import EvidenceGiven

    found: list[EvidenceGiven] = []

    def document(text: str) -> EvidenceGiven | None:
        if not text and (found or not asks.evidence_required):
            return None
        if not text:
            raise ValueError("this control takes at least one document")
        real = _file(text)
        name = real.relative_to(folder).as_posix() if real.is_relative_to(folder) else real.name
        return EvidenceGiven(document=name, sha256=_evidence_digest(real))

    while (given := _ask(f"Evidence, a file (Enter for {'no more' if found else 'none'})", document)) is not None:
        print(f"  sha256 {given.sha256}")
        found.append(given)
    return tuple(found)


def _file(text: str) -> Path:
    try:
        path = Path(text).expanduser().resolve()
        if path.is_file():
            return path
    except (OSError, RuntimeError) as error:
        raise ValueError(f"expected a file: {shown(str(error))}") from error
    raise ValueError("expected a file, and there is none of that name")


def _evidence_digest(path: Path) -> str:
    try:
        return _digest(path)
    except SpecError as error:
        raise ValueError(error.problems[0].message.rstrip(".")) from error


def _ask(prompt: str, read: Callable[[str], T]) -> T:
    """Ask until the answer can be read; `read` says by ValueError why it cannot."""
    while True:
        try:
            text = input(f"  {prompt}: ").strip()
        except EOFError:
            print()
            hint = "Answer again, or leave questions open with Enter."
            raise SpecError(
                Problem("audit attest", "ended before the last question; nothing is written.", hint)
            ) from None
        try:
            if not text.isprintable():
                raise ValueError("expected text that can be printed")
            return read(text)
        except ValueError as wrong:
            print(f"  {wrong}.")


def _choice(text: str, answers: tuple[str, ...]) -> str:
    if not answers:
        return text
    found = next((answer for answer in answers if answer.casefold() == text.casefold()), None)
    if found is None:
        raise ValueError(f"expected one of: {shown(', '.join(answers))}")
    return found


def _yes_or_no(text: str) -> str:
    return _choice(text, ("yes", "no"))


def _name(text: str) -> str:
    if not text:
        raise ValueError("expected a name")
    return text


# --- writing -------------------------------------------------------------------------------------


def _write(path: Path, entries: tuple[Attestation, ...]) -> None:
    """Add entries to a file, whole or not at all: what stands there now is read again, and replaced in one step."""
    from audit.policy.attesting import added

    try:
        before = path.read_bytes() if path.exists() else None
        content = added(before, path.name, entries)
        mode = 0o600 if before is None else path.stat().st_mode & 0o777
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            fresh.write_bytes(content)
            fresh.chmod(mode)
            fresh.replace(path)
    except OSError as error:
        raise OutputError(Problem(str(path), f"cannot be written: {error.strerror}.", "Give another place.")) from error
