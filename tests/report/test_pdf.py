"""The PDF: sound by two standards, equal by the byte, with the record inside, and deaf to whatever lies outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import handmade
import pypdf
import pytest

from audit.errors import OutputError
from audit.report import typesetting
from audit.report.charts import Bar, ForestPoint, bars, forest
from audit.report.formats import pdf
from audit.report.formats.pdf import install_hint, typeset
from audit.report.record_json import record_json as render_json

DIGEST = "4f5e" * 16
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "家庭年收入与贷款金额之比",
    "🎉 party",
    "\u202eturned",
    "=cmd()",
    "naïve ≥ ½",
)
CHECK = Path(__file__).resolve().parents[3] / "shared" / "tools" / "pdf-conformance" / "check"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def document(body: str = "", style: str = "") -> str:
    chart = bars([Bar(name, 1.0) for name in HOSTILE], title="Sizes", description="d", axis_label="size")
    points = forest([ForestPoint("a", 0.5, 0.2, 0.8)], title="Points", description="d", axis_label="rate")
    rows = "".join(f'<tr><th scope="row">{escaped(name)}</th><td>0.5</td></tr>' for name in HOSTILE)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Audit of a model</title>
    <style>body {{ font-family: sans-serif }} caption {{ position: absolute }} .n {{ display: inline-block }}
    code {{ font-family: monospace }} {style}</style></head>
    <body><h1 id="top">Audit of a model</h1><p>A paragraph with <code>code</code>.</p>
    <p><a href="#top"><span class="n">1</span> Back to the top</a></p>
    <dl><div><dt>Owner</dt><dd>A bank</dd><dd>Another</dd></div><div><dt>Seed</dt><dd><code>0</code></dd></div></dl>
    <table><caption>Rates</caption><thead><tr><th scope="col">Group</th><th scope="col">Rate</th></tr></thead>
    <tbody>{rows}</tbody></table>{chart}{points}{body}</body></html>"""


@pytest.fixture(scope="module")
def made() -> pdf.Typeset:
    return typeset(document(), '{"title": "收入"}', DIGEST, "2026-01-02")


def text_of(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages)


def structure(data: bytes) -> list[pypdf.generic.DictionaryObject]:
    reader = pypdf.PdfReader(BytesIO(data))
    found: list[pypdf.generic.DictionaryObject] = []
    waiting = [reader.trailer["/Root"]["/StructTreeRoot"]]  # type: ignore[index]
    while waiting:
        node = waiting.pop().get_object()
        found.append(node)
        kids = node.get("/K", [])
        kids = kids if isinstance(kids, list) else [kids]
        waiting += [k for k in kids if isinstance(k.get_object(), dict) and "/S" in k.get_object()]
    return found


def test_words_and_hostile_names_can_be_read(made: pdf.Typeset) -> None:
    text = text_of(made.pdf)
    for name in (
        "Audit of a model",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "家庭年收入与贷款金额之比",
        "=cmd()",
        "naïve ≥ ½",
    ):
        assert name in text
    assert "[U+1F389] party" in text
    assert "[U+202E]turned" in text


def test_nothing_is_warned_of(made: pdf.Typeset) -> None:
    assert made.messages == ()


def test_what_is_warned_of_is_told() -> None:
    assert any("colour" in m for m in typeset(document(style="p { colour: red }"), "{}", DIGEST, None).messages)


def test_the_record_is_attached_as_the_source(made: pdf.Typeset) -> None:
    reader = pypdf.PdfReader(BytesIO(made.pdf))
    assert json.loads(reader.attachments["record.json"][0]) == {"title": "收入"}
    listed = reader.trailer["/Root"]["/AF"]  # type: ignore[index]
    assert [entry.get_object()["/AFRelationship"] for entry in listed] == ["/Source"]


def test_only_the_bundled_fonts_are_used(made: pdf.Typeset) -> None:
    names = set()
    for page in pypdf.PdfReader(BytesIO(made.pdf)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            names.add(str(font.get_object()["/BaseFont"]).partition("+")[2].partition("-Bold")[0].partition("-Semi")[0])
    assert names == {"Inter", "JetBrains-Mono", "Noto-Sans-SC"}


def test_a_header_says_what_it_heads(made: pdf.Typeset) -> None:
    scopes = [node["/A"]["/Scope"] for node in structure(made.pdf) if node.get("/S") == "/TH"]
    assert sorted(scopes) == ["/Column"] * 2 + ["/Row"] * len(HOSTILE)


def test_a_table_holds_rows_and_its_caption_first(made: pdf.Typeset) -> None:
    (table,) = [node for node in structure(made.pdf) if node.get("/S") == "/Table"]
    assert [kid.get_object()["/S"] for kid in table["/K"]] == ["/Caption", "/THead", "/TBody"]
    assert all(kid.get_object()["/P"].get_object() == table for kid in table["/K"])


def test_a_term_and_its_meanings_are_one_item_of_a_list(made: pdf.Typeset) -> None:
    (listing,) = [node for node in structure(made.pdf) if node.get("/S") == "/L"]
    items = [kid.get_object() for kid in listing["/K"]]
    assert [item["/S"] for item in items] == ["/LI", "/LI"]
    parts = [[kid.get_object()["/S"] for kid in item["/K"]] for item in items]
    assert parts == [["/Lbl", "/LBody", "/LBody"], ["/Lbl", "/LBody"]]


def test_a_chart_has_its_title_as_alternative_text(made: pdf.Typeset) -> None:
    assert {node.get("/Alt") for node in structure(made.pdf) if node.get("/S") == "/Figure"} == {"Sizes", "Points"}


def test_the_date_is_the_audit_s_and_no_other(made: pdf.Typeset) -> None:
    assert pypdf.PdfReader(BytesIO(made.pdf)).metadata["/CreationDate"].startswith("D:20260102")  # type: ignore[index]
    undated = typeset("<html lang=en><title>t</title><p>t", "{}", DIGEST, None).pdf
    assert "/CreationDate" not in pypdf.PdfReader(BytesIO(undated)).metadata  # type: ignore[operator]


def test_the_bytes_are_equal_in_another_environment(made: pdf.Typeset, tmp_path: Path) -> None:
    script = (
        "import sys; from audit.report.formats.pdf import typeset\n"
        "html, record = sys.stdin.buffer.read().decode().split('\\0')\n"
        f"sys.stdout.buffer.write(typeset(html, record, {DIGEST!r}, '2026-01-02').pdf)"
    )
    again = subprocess.run(
        [sys.executable, "-P", "-c", script],
        input=f'{document()}\0{{"title": "收入"}}'.encode(),
        env=os.environ | {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONUTF8": "1"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    ).stdout
    assert again == made.pdf


def test_another_record_gives_other_bytes(made: pdf.Typeset) -> None:
    short = "<html lang=en><title>t</title><p>t"
    assert typeset(short, "{}", DIGEST, None).pdf != typeset(short, "[]", DIGEST, None).pdf


def test_a_record_is_rendered_with_itself_attached() -> None:
    record = handmade.empty()
    made = pypdf.PdfReader(BytesIO(pdf.render(record)))
    assert made.attachments["record.json"][0] == render_json(record)
    assert record.spec.title in (made.metadata.title or "")  # type: ignore[union-attr]


def test_names_without_a_glyph_are_laid_out_as_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(pdf, "page", lambda record, medium: seen.append(record) or document())
    record = handmade.empty()
    named = record.model_copy(update={"spec": record.spec.model_copy(update={"title": "عمر 收入 🎉"})})
    attached = pypdf.PdfReader(BytesIO(pdf.render(named))).attachments["record.json"][0]
    assert seen[0].spec.title == "[U+0639][U+0645][U+0631] 收入 [U+1F389]"
    assert seen[0].digest == named.core_digest()
    assert json.loads(attached)["spec"]["title"] == "عمر 收入 🎉"


@pytest.mark.parametrize(
    "body",
    [
        '<img alt="x" src="file:///etc/passwd">',
        '<img alt="x" src="http://127.0.0.1:9/x.png">',
        '<object data="file:///etc/passwd"></object>',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        '<style>@import url("file:///etc/passwd");</style>',
        '<style>@font-face { font-family: Inter; src: url("file:///etc/passwd") }</style>',
        '<p style="background: url(//127.0.0.1/x)">t</p>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd" width="9" height="9"/></svg>',
    ],
)
def test_a_document_that_asks_for_something_outside_is_refused_or_gets_nothing(body: str) -> None:
    try:
        made = typeset(f"<html lang=en><title>t</title><body><p>t</p>{body}", "{}", DIGEST, None)
    except OutputError as error:
        assert "outside" in str(error)
    else:
        assert "root:" not in text_of(made.pdf)
        assert list(pypdf.PdfReader(BytesIO(made.pdf)).attachments) == ["record.json"]
        assert made.messages


def test_an_image_inside_the_document_is_drawn() -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    made = typeset(document(f'<img alt="a dot" src="data:image/png;base64,{png}">'), "{}", DIGEST, None)
    assert made.messages == ()
    assert "a dot" in {node.get("/Alt") for node in structure(made.pdf)}


@pytest.mark.parametrize("system", ["linux", "darwin", "win32", "freebsd14"])
def test_missing_pango_is_an_output_error_that_names_the_command(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without = subprocess.CompletedProcess(
        [], typesetting.NO_LIBRARIES, b"", b"cannot load library 'libgobject-2.0-0'\n"
    )
    monkeypatch.setattr(pdf, "_child", lambda job, fonts: without)
    with pytest.raises(
        OutputError, match=r"libgobject(.|\n)*(apt install libpango|brew install pango|pacman)"
    ) as caught:
        typeset(document(), "{}", DIGEST, None)
    assert caught.value.exit_code == 4
    assert "pango" in install_hint(system)


def test_a_process_that_dies_is_an_output_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        pdf, "_child", lambda job, fonts: subprocess.CompletedProcess([], -11, b"", b"Segmentation fault\n")
    )
    with pytest.raises(OutputError, match="status -11"):
        typeset(document(), "{}", DIGEST, None)


def test_a_library_that_does_not_load_is_told_by_the_exit_status(tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "audit.report.typesetting"],
        input=b"{}",
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == typesetting.NO_LIBRARIES
    assert b"libpango" in done.stderr


@pytest.mark.skipif(not CHECK.exists(), reason="the conformance checker is not here")
def test_the_document_conforms_to_pdf_a_and_pdf_ua(made: pdf.Typeset, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(made.pdf)
    bad.write_bytes(made.pdf.replace(b"pdfuaid:part", b"pdfuaid:trap"))
    verdict = subprocess.run(["bash", str(CHECK), "3a,ua1", str(good)], capture_output=True, text=True, check=False)
    if "PASS" not in verdict.stdout and "FAIL" not in verdict.stdout:
        pytest.skip(f"the conformance checker does not run here: {verdict.stderr[-200:]}")
    assert verdict.returncode == 0, verdict.stdout
    assert subprocess.run(["bash", str(CHECK), "ua1", str(bad)], capture_output=True, check=False).returncode != 0
