"""The page is whole, inert, the same every time, and true to its record."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.verdict import Conclusion, Outcome
from audit.report.page import page
from audit.report.render import render
from audit.report.templating import words

MAKERS = ("binary", "regression", "multiclass", "empty", "hostile")
RECORDS = {name: getattr(handmade, name)() for name in MAKERS}
VOID = {"meta", "br", "hr", "img", "input", "link", "path", "circle", "rect", "line", "polyline", "polygon"}


class Reader(HTMLParser):
    """Reads a page as a browser would: elements, ids, links, text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: page(record, "screen") for name, record in RECORDS.items()}


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_is_well_formed_and_its_links_lead_somewhere(pages: dict[str, str], name: str) -> None:
    reader = Reader(pages[name])
    assert (reader.unbalanced, reader.open) == ([], [])
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for _, a in reader.elements if a.get("href")]
    assert links
    assert [link for link in links if not link or not link.startswith("#") or link[1:] not in ids] == []


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_asks_for_nothing_and_runs_nothing(pages: dict[str, str], name: str) -> None:
    reader = Reader(pages[name])
    assert {tag for tag, _ in reader.elements} & {
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "link",
        "base",
        "img",
        "foreignobject",
    } == set()
    for _, attributes in reader.elements:
        assert not any(key.startswith("on") or key in ("src", "style", "srcdoc", "action") for key in attributes)
    policy = next(
        a["content"] for t, a in reader.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    style = re.search(r"<style>(.*?)</style>", pages[name], re.DOTALL)
    assert style and policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"style-src 'sha256-{digest}'" in policy
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/2000/svg|base64,[^\"]*", "", style[1])


def test_hostile_names_are_inert_and_still_readable(pages: dict[str, str]) -> None:
    text = Reader(pages["hostile"]).text
    for name in handmade.HOSTILE:
        if "\u202e" not in name:
            assert " ".join(name.split()) in text
    assert "[U+202E]" in text and "\u202e" not in pages["hostile"]
    assert "<script" not in pages["hostile"].lower()
    assert "49" not in re.findall(r"\{\{7\*7\}\}|>49<", pages["hostile"])
    assert pages["hostile"].count("</style>") == 1


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_record_gives_the_same_bytes(pages: dict[str, str], name: str) -> None:
    again = AuditRecord.model_validate_json(json.dumps(RECORDS[name].model_dump(mode="json")))
    assert page(again, "screen") == pages[name]


def test_what_differs_between_equal_runs_is_not_on_the_page(pages: dict[str, str]) -> None:
    record = RECORDS["binary"]
    other = record.model_copy(
        update={"run": record.run.model_copy(update={"host": "elsewhere", "started": "2031-01-01T00:00:00+00:00"})}
    )
    assert page(other, "screen") == pages["binary"]


def test_every_outcome_is_told_by_word_and_by_a_shape_of_its_own(pages: dict[str, str]) -> None:
    t = words("en")
    reader = Reader(pages["binary"])
    for outcome in get_args(Outcome):
        assert t(f"outcome.{outcome}") in reader.text
        assert f"glyph-{outcome}" in pages["binary"]
    drawings = {}
    for name, drawn in re.findall(
        r'<svg class="glyph glyph-(\w+) [^>]*>.*?</title>(.*?)</svg>', pages["binary"], re.DOTALL
    ):
        shape = re.sub(r'\s(fill|stroke|class)="[^"]*"', "", drawn)
        drawings.setdefault(name, shape)
    judged = {name: drawings[name] for name in get_args(Outcome)}
    assert len(set(judged.values())) == len(judged), "two outcomes differ by colour alone"


@pytest.mark.parametrize("outcome", get_args(Conclusion.model_fields["outcome"].annotation))
def test_the_page_says_the_conclusion_of_the_record(outcome: str) -> None:
    record = handmade.binary(outcome)
    text = Reader(page(record, "screen")).text
    expected = words("en")(f"conclusion.{outcome}")
    others = {words("en")(f"conclusion.{o}") for o in ("meets", "does_not_meet", "incomplete")} - {expected}
    assert text.count(expected) >= 2
    assert record.conclusion.sentence in text
    assert not any(other in text for other in others)


def test_waivers_stand_beside_the_conclusion() -> None:
    record = handmade.binary("meets")
    record = record.model_copy(update={"conclusion": record.conclusion.model_copy(update={"waivers": 2})})
    assert "Meets, with 2 waivers" in Reader(page(record, "screen")).text


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_no_page_claims_what_an_audit_cannot_know(name: str, medium: str) -> None:
    text = Reader(page(RECORDS[name], medium)).text.lower()  # type: ignore[arg-type]
    for claim in ("unbiased", "compliant", "is fair", "guarantee", "certified"):
        assert claim not in text


@pytest.mark.parametrize("name", MAKERS)
def test_no_raw_value_of_the_program_reaches_the_reader(pages: dict[str, str], name: str) -> None:
    text = Reader(pages[name]).text
    assert not re.search(r"\bNone\b|\bnan\b|\b(?:True|False)\b(?! [a-z])|Undefined\(|<built-in|object at 0x|\{'", text)


def test_a_section_that_is_not_there_is_a_chapter_that_says_why(pages: dict[str, str]) -> None:
    text = Reader(pages["empty"]).text
    assert "The process that measures was ended: out of memory." in text
    assert "The spec says fairness: false." in text
    assert "There is no model." in text
    assert "No policy pack" in text


def test_every_control_and_every_warning_is_on_the_page(pages: dict[str, str]) -> None:
    text = Reader(pages["binary"]).text
    record = RECORDS["binary"]
    for verdict in record.verdicts:
        assert verdict.control in text and verdict.title in text and verdict.reason in text
    for pack in record.packs:
        for caveat in pack.caveats:
            assert caveat in text
        assert not pack.banner or pack.banner in text
    for warning in record.warnings:
        assert warning in text


def test_every_observation_has_its_line_and_points_to_its_id(pages: dict[str, str]) -> None:
    reader = Reader(pages["binary"])
    for observation in RECORDS["binary"].observations:
        assert observation.id in reader.text
    titles = {a["title"] for tag, a in reader.elements if tag == "a" and a.get("title")}
    assert {"performance/roc_auc", "fairness/impact_ratio/sex=male", "attribution/shap/global/age"} <= titles


def test_paper_is_cut_and_says_where_the_rest_is() -> None:
    record = RECORDS["binary"]
    many = tuple(f"Warning number {i}." for i in range(60))
    text = Reader(page(record.model_copy(update={"warnings": many}), "paper")).text
    assert "Warning number 39." in text and "Warning number 40." not in text
    assert "20 more are in record.json." in text
    assert "in record.json" in text


def test_tables_have_captions_heads_and_scopes(pages: dict[str, str]) -> None:
    for tag, attributes in Reader(pages["binary"]).elements:
        if tag == "th":
            assert attributes.get("scope") in ("col", "row")
    tables = re.findall(r"<table.*?</table>", pages["binary"], re.DOTALL)
    assert tables
    for table in tables:
        caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
        assert caption and html.unescape(caption[1]).strip()
        assert "<tbody>" in table and "<td" in table


def test_every_chart_has_title_and_description(pages: dict[str, str]) -> None:
    charts = re.findall(r'<svg [^>]*class="chart".*?</svg>', pages["binary"], re.DOTALL)
    assert len(charts) > 10
    for chart in charts:
        assert re.search(r"<title[^>]*>[^<]+</title><desc[^>]*>[^<]+</desc>", chart)


def test_headings_step_down_one_at_a_time(pages: dict[str, str]) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(pages["binary"]).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_rendering_needs_no_numpy_pandas_or_sklearn() -> None:
    script = (
        "import sys\n"
        "for name in ('numpy', 'pandas', 'scipy', 'sklearn', 'shap', 'pyarrow', 'skops'): sys.modules[name] = None\n"
        "from audit.records.audit import AuditRecord\nfrom audit.report.render import render\n"
        "record = AuditRecord.model_validate_json(sys.stdin.read())\n"
        "sys.stdout.buffer.write(render(record, 'html'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=render(RECORDS["binary"], "json"), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert done.stdout == render(RECORDS["binary"], "html")
