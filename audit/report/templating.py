"""Fills the shipped templates with a view, every text of which is escaped."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from typing import Literal

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from audit.report.view.tree import Report
from audit.report.view.words import Words
from audit.resources import resource_folder

Medium = Literal["screen", "paper"]


def words(language: str) -> Words:
    """Return the message catalogue of a language."""
    text = (resource_folder("templates") / "messages" / f"{language}.yaml").read_text(encoding="utf-8")
    return Words(yaml.safe_load(text))


def document(report: Report, medium: Medium) -> str:
    """Return a whole HTML document."""
    environment = _environment()
    fields = {"report": report, "t": report.words, "paper": medium == "paper"}
    body = environment.get_template("body.html.j2").render(fields)
    style = _stylesheet(medium, body)
    frame = {"style": Markup(style), "style_hash": _source_hash(style), "body": Markup(body)}
    return environment.get_template("document.html.j2").render(fields | frame)


def fragment(report: Report) -> str:
    """Return the conclusion and key figures as HTML that stands inside another page."""
    return _environment().get_template("fragment.html.j2").render(report=report, t=report.words)


def _environment() -> Environment:
    # Autoescape is named outright: select_autoescape() leaves .html.j2 files unescaped.
    return Environment(
        loader=FileSystemLoader(resource_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _stylesheet(medium: Medium, body: str) -> str:
    folder = resource_folder("templates")
    sheets = ("base.css", "screen.css", "print.css") if medium == "screen" else ("base.css", "paper.css", "print.css")
    css = "\n".join((folder / name).read_text(encoding="utf-8") for name in sheets)
    if medium == "screen":
        return f"{_font_faces(body)}{css}"
    return css + "".join(f".w{share}{{width:{share}%}}\n" for share in range(1, 101))


def _font_faces(text: str) -> str:
    # The fonts are an addition: without them the page falls back to the reader's own.
    if importlib.util.find_spec("audit.report.fonts") is None:
        return ""
    from audit.report.fonts import subset_css

    return f"{subset_css(text)}\n"


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
