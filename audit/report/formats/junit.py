"""The verdicts as JUnit XML, which every CI system shows beside the other tests."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.verdict import Verdict
from audit.report.standing import account_of, standing


def render(record: AuditRecord) -> bytes:
    """Return one test suite a pack and one test case a control, after one for the conclusion of the audit.

    A gate that failed is a failure, a gate that could not be judged an error: these two are what turns a build red, as
    the exit code does. A finding that does not block, a waived failure and a control that does not apply are skipped,
    with their reason as the message.
    """
    suites = Element("testsuites", name=_allowed(record.spec.title))
    _conclusion(suites, record)
    for pack in dict.fromkeys(verdict.pack for verdict in record.verdicts):
        _suite(suites, pack, [verdict for verdict in record.verdicts if verdict.pack == pack], record)
    for name in ("tests", "failures", "errors", "skipped"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    indent(suites)
    text: str = tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _conclusion(suites: Element, record: AuditRecord) -> None:
    # A stage in error, or a pack without gates, ends an audit with no control to blame.
    suite, conclusion = SubElement(suites, "testsuite", name="audit"), record.conclusion
    case = SubElement(suite, "testcase", classname="audit", name="conclusion", time="0")
    if conclusion.exit_code:
        tag = "failure" if conclusion.outcome == "does_not_meet" else "error"
        SubElement(case, tag, type=conclusion.outcome, message=_allowed(conclusion.sentence))
    SubElement(case, "system-out").text = _allowed(f"{conclusion.outcome}. {conclusion.sentence}")
    _counted(suite)


def _suite(suites: Element, pack: str, verdicts: list[Verdict], record: AuditRecord) -> None:
    suite = SubElement(suites, "testsuite", name=_allowed(pack))
    properties = SubElement(suite, "properties")
    for name, value in (("model", record.subject.model.name), ("record", record.digest or "")):
        SubElement(properties, "property", name=name, value=_allowed(value))
    for verdict in verdicts:
        case = SubElement(
            suite, "testcase", classname=_allowed(pack.partition("@")[0]), name=_allowed(_title(verdict)), time="0"
        )
        _outcome(case, verdict)
    _counted(suite)


def _counted(suite: Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _title(verdict: Verdict) -> str:
    return f"{verdict.control}: {verdict.title}"


def _outcome(case: Element, verdict: Verdict) -> None:
    message = _allowed(verdict.reason)
    match standing(verdict):
        case "blocks":
            found = SubElement(
                case, "failure" if verdict.outcome == "fail" else "error", type=verdict.outcome, message=message
            )
            found.text = _allowed(account_of(verdict))
        case "finding":
            SubElement(case, "skipped", message=f"{verdict.kind} {verdict.outcome}, does not block: {message}")
        case "waived":
            SubElement(case, "skipped", message=f"waived: {message}")
        case "not_applicable":
            SubElement(case, "skipped", message=f"not applicable: {message}")
    SubElement(case, "system-out").text = _allowed(f"{verdict.outcome}. {account_of(verdict)}")


def _allowed(text: str) -> str:
    # XML 1.0 has no way to write these at all.
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


FORMAT = OutputFormat(name="junit", suffix=".xml", media_type="application/xml", render=render, stem="junit")
