"""What a template may see: words, ready booleans and drawings, never a number."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from audit.report.view.words import Words

LONGEST_WORD = 20
FEW_COLUMNS = 4
FEW_ROWS = 8
LONG_TEXT = 100


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One place in a table, or one fact."""

    text: str
    numeric: bool = False
    """Whether it is set in tabular figures at the right."""
    detail: str = ""
    """A second, smaller line."""
    glyph: str = ""
    """Outcome whose shape stands before the text."""
    code: bool = False
    strong: bool = False
    muted: bool = False
    source: str = ""
    """Id of the observation behind the number."""
    href: str = ""
    """Anchor of that observation on this page."""

    @property
    def long(self) -> bool:
        """Whether a word in it is so long that it must break anywhere."""
        return any(len(word) > LONGEST_WORD for word in f"{self.text} {self.detail}".split())


@dataclass(frozen=True, kw_only=True)
class Column:
    """The head of a column."""

    title: str
    numeric: bool = False
    width: str = ""
    """narrow, medium, wide, or "" for what is left."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table; its first cell heads it."""

    cells: tuple[Cell, ...]
    anchor: str = ""
    muted: bool = False
    sub: bool = False
    """A part of the row above."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a caption; `rest` says where rows are that it leaves out."""

    template = "blocks/table.html.j2"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    rest: str = ""
    dense: bool = False
    fixed: bool = False
    """Whether its columns keep their widths whatever they hold."""

    @property
    def slim(self) -> bool:
        """Whether its columns are so few that it looks lost over the whole width."""
        return len(self.columns) <= FEW_COLUMNS and all(c.numeric or c.width == "narrow" for c in self.columns[1:])

    @property
    def short(self) -> bool:
        """Whether it stays on one page."""
        telling = any(len(cell.text) + len(cell.detail) > LONG_TEXT for row in self.rows for cell in row.cells)
        return len(self.rows) <= FEW_ROWS and not telling


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing under its title."""

    template = "blocks/figure.html.j2"
    svg: Markup
    title: str = ""
    """Empty where the heading above says it."""
    hint: str = ""
    """How to read it."""
    wide: bool = False
    """Whether it takes the width of the page, so that its table stands below."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A figure beside the table of the same numbers."""

    template = "blocks/pair.html.j2"
    figure: Figure
    table: Table

    @property
    def together(self) -> bool:
        """Whether both stay on one page."""
        return self.table.short


@dataclass(frozen=True, kw_only=True)
class Prose:
    """Sentences."""

    template = "blocks/prose.html.j2"
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Callout:
    """A sentence that must not be missed."""

    template = "blocks/callout.html.j2"
    title: str
    text: str
    glyph: str = ""
    tone: str = "plain"
    """plain, warn: word and shape say the same."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A term and what is known of it."""

    term: str
    values: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A list of facts."""

    template = "blocks/facts.html.j2"
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list of sentences under a small heading."""

    template = "blocks/bullets.html.j2"
    items: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Code:
    """Text to be read letter by letter."""

    template = "blocks/code.html.j2"
    text: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class SignatureBoxes:
    """Drawn boxes for the people who sign."""

    template = "blocks/signatures.html.j2"
    roles: tuple[tuple[str, str], ...]
    """Role and what signing it means."""
    decisions: tuple[str, ...]


Block = Table | Figure | Pair | Prose | Callout | Facts | Bullets | Code | SignatureBoxes


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a chapter under its own heading."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A numbered chapter."""

    number: str
    title: str
    anchor: str
    lead: str
    blocks: tuple[Block, ...] = ()
    """What stands before the first section."""
    sections: tuple[Section, ...] = ()
    landscape: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The conclusion in a word, a shape and a sentence."""

    outcome: str
    word: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Cover:
    """The first page."""

    kicker: str
    title: str
    long_title: bool
    """Whether the title needs smaller letters."""
    subtitle: str
    facts: Facts
    digests: Table | None
    verify: str
    report_id: str


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """One number that a committee asks for first."""

    label: str
    value: str
    interval: str
    basis: str
    source: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The second page."""

    title: str
    anchor: str
    sentence: str
    """The conclusion's, cut where it is very long; the cover has all of it."""
    scope: tuple[str, ...]
    figures: tuple[KeyFigure, ...]
    gates: str
    findings: Table | None
    no_findings: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole report."""

    words: Words
    language: str
    title: str
    head: str
    """What stands at the head of every page."""
    conclusion: Answer
    cover: Cover
    summary: Summary
    chapters: tuple[Chapter, ...] = field(default=())
