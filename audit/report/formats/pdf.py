"""The report as PDF/A-3a and PDF/UA-1, with the record attached."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from audit.child import child_environment
from audit.declarations.output_format import OutputFormat
from audit.errors import OutputError, Problem
from audit.records.audit import AuditRecord
from audit.report.fonts import fontconfig, settable
from audit.report.page import page
from audit.report.record_json import record_json
from audit.report.typesetting import NO_LIBRARIES, REFUSED


@dataclass(frozen=True)
class Typeset:
    """What became of a document."""

    pdf: bytes
    messages: tuple[str, ...]
    """What WeasyPrint warned of."""


def render(record: AuditRecord) -> bytes:
    """Return the report for paper; the same record gives the same bytes.

    Raises
    ------
    OutputError
        Pango is not installed, or the pages could not be set.
    """
    digest = record.digest or record.core_digest()
    html = page(_in_bundled_characters(record.model_copy(update={"digest": digest})), "paper")
    return typeset(html, record_json(record).decode(), digest, record.provenance.date).pdf


def typeset(html: str, record: str, digest: str, date: str | None) -> Typeset:
    """Set a document in pages, in a process of its own that sees no font but the bundled ones.

    Raises
    ------
    OutputError
        Pango is not installed, the document asks for something outside itself, or the process broke down.
    """
    job = {"html": settable(html), "record": record, "identifier": digest[:16], "date": date}
    with tempfile.TemporaryDirectory(prefix="audit-pdf-") as folder:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(fontconfig(Path(folder)), encoding="utf-8")
        done = _child(json.dumps(job).encode(), fonts)
    said = tuple(line for line in done.stderr.decode(errors="replace").splitlines() if line.strip())
    if done.returncode:
        raise OutputError(_problem(done.returncode, said))
    return Typeset(done.stdout, said)


def _in_bundled_characters(record: AuditRecord) -> AuditRecord:
    # Before the page is laid out: a code point takes more room than the character that it stands for.
    return AuditRecord.model_validate_json(settable(record.model_dump_json()))


def _child(job: bytes, fonts: Path) -> subprocess.CompletedProcess[bytes]:
    # Fontconfig reads its file once in the life of a process; and without any font Pango would take ours down with it.
    environment = child_environment() | {"FONTCONFIG_FILE": str(fonts), "SOURCE_DATE_EPOCH": "315532800"}
    command = [sys.executable, "-P", "-m", "audit.report.typesetting"]
    try:
        return subprocess.run(command, input=job, capture_output=True, env=environment, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise OutputError(
            Problem("report.pdf", f"the pages were not set within {_PATIENCE} seconds.", _ELSEWHERE)
        ) from error


def _problem(status: int, said: tuple[str, ...]) -> Problem:
    tail = " ".join(said[-3:])[-600:]
    if status == NO_LIBRARIES:
        return Problem("report.pdf", f"the libraries that set its pages are not installed ({tail}).", install_hint())
    if status == REFUSED:
        return Problem("report.pdf", f"{tail}.", _ELSEWHERE)
    return Problem("report.pdf", f"the process that sets its pages ended with status {status} ({tail}).", _ELSEWHERE)


def install_hint(platform: str = sys.platform) -> str:
    """Return how Pango is installed on a system."""
    return f"{_INSTALL.get(platform, _INSTALL['linux'])} {_ELSEWHERE}"


_PATIENCE = 300
_ELSEWHERE = "The HTML report and the record hold the same content."
_INSTALL = {
    "linux": "Run: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "darwin": "Run: brew install pango.",
    "win32": "Install MSYS2, then run in its shell: pacman -S mingw-w64-x86_64-pango.",
}

FORMAT = OutputFormat(name="pdf", suffix=".pdf", media_type="application/pdf", render=render)
