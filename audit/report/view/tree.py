"""What a template may see: words, ready booleans and drawings, never a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from audit.report.view.words import Words

LONGEST_WORD = 20
FEW_COLUMNS = 4
FEW_ROWS = 8
LONG_TEXT = 100
LONG_FACT = 60
DIGEST = 64
LINE = 112
"""Letters beside each other in a table as wide as a page."""
MARGIN = 3
"""Letters that the room between two columns, or a shape before a text, would take."""


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
    interval: str = ""
    """Id of the observation whose interval it shows, so that its table names the method."""

    @property
    def long(self) -> bool:
        """Whether a word in it is so long that it must break anywhere."""
        return any(len(word) > LONGEST_WORD for word in f"{self.text} {self.detail}".split())


@dataclass(frozen=True, kw_only=True)
class Column:
    """The head of a column."""

    title: str
    detail: str = ""
    """A second, smaller line."""
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


def _longest(text: str) -> int:
    return MARGIN + min(LONGEST_WORD, max((len(word) for word in text.split()), default=0))


def _least(cell: Cell) -> int:
    shape = MARGIN if cell.glyph else 0
    if cell.numeric:
        return MARGIN + shape + max(len(cell.text), len(cell.detail) * 5 // 6)
    return max(
        shape + _longest(f"{cell.text} {cell.detail}"), MARGIN + DIGEST if cell.code and len(cell.text) == DIGEST else 0
    )


def _most(cells: list[Cell]) -> int:
    return MARGIN + max((max(len(c.text), len(c.detail)) + (MARGIN if c.glyph else 0) for c in cells), default=0)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a caption; `rest` says where rows are that it leaves out."""

    template = "blocks/table.html.j2"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    methods: str = ""
    """By which methods its intervals were made."""
    rest: str = ""
    dense: bool = False
    fixed: bool = False
    """Whether its columns keep their widths whatever they hold."""

    @property
    def shares(self) -> tuple[int, ...]:
        """Hundredths of the width for each column, so that a page setter need not weigh every cell.

        A column gets at least its longest word or number; what is left goes to those that hold sentences.
        """
        least = [max([_longest(c.title), *(_least(cell) for cell in cells)]) for c, cells in self._by_column()]
        wanted = [max(low, min(LINE, _most(cells))) for low, (_, cells) in zip(least, self._by_column(), strict=True)]
        spare, asked = max(0, LINE - sum(least)), max(1, sum(wanted) - sum(least))
        part = min(1.0, spare / asked)
        widths = [low + part * (most - low) for low, most in zip(least, wanted, strict=True)]
        return tuple(int(100 * width / sum(widths)) for width in widths)

    def _by_column(self) -> list[tuple[Column, list[Cell]]]:
        return [(c, [row.cells[i] for row in self.rows if i < len(row.cells)]) for i, c in enumerate(self.columns)]

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
    text: str = ""
    """What the figure shows, above the table."""

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

    @property
    def wide(self) -> bool:
        """Whether it needs the whole line."""
        return any(cell.code or len(cell.text) > LONG_FACT for cell in self.values)


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
    columns: Literal["one", "two", "three"] = "one"
    """In how many its lines may stand."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """A measure and what it means."""

    name: str
    id: str
    text: str
    formula: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Glossary:
    """Terms and their meanings."""

    template = "blocks/glossary.html.j2"
    terms: tuple[Term, ...]


@dataclass(frozen=True, kw_only=True)
class SignatureBoxes:
    """Drawn boxes for the people who sign."""

    template = "blocks/signatures.html.j2"
    roles: tuple[tuple[str, str], ...]
    """Role and what signing it means."""
    decisions: tuple[str, ...]


Block = Table | Figure | Pair | Prose | Callout | Facts | Bullets | Code | Glossary | SignatureBoxes


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a chapter under its own heading."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]

    @property
    def together(self) -> bool:
        """Whether it is so short that it stays on one page: sentences, and one drawing or short table."""
        shown = [block for block in self.blocks if not isinstance(block, Prose)]
        return len(shown) == 1 and isinstance(shown[0], Figure | Pair | Table) and getattr(shown[0], "short", True)


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
    brief: bool = False
    """Whether it may follow another chapter on the same page, if it fits there whole."""
    running: bool = False
    """Whether it begins where the chapter before it ends."""


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
    meaning: str
    """What the conclusion means, in plain words."""
    measured: str
    """What was measured; empty where nothing was."""
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
