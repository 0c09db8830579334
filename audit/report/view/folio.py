"""The record as chapters read it: observations by id, cells that point back to them, words and room."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation
from audit.records.sections import StageStatus
from audit.report.view import methods, numbers
from audit.report.view.tree import Callout, Cell, Column, Fact, Row, Table
from audit.report.view.words import Words

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much a medium has room for; what is left out is in record.json, and the page says so."""

    table_rows: int
    observations: int
    cases: int
    parts: int
    """Parts listed of one control."""
    group_measures: int
    """Measures set side by side for the groups of one grouping."""
    beeswarm_rows: int
    curve_rows: int
    """Points listed of one curve."""
    whole: bool
    """Whether what only a search needs is listed too; else the page names where it stands."""


class Folio:
    """A record with its observations by id, the words of its language and the room on the page."""

    def __init__(self, record: AuditRecord, words: Words, extent: Extent) -> None:
        self.record = record
        self.t = words
        self.extent = extent
        self._by_id = {o.id: o for o in record.observations}
        self.listed = record.observations[: extent.observations]
        self._anchors = {o.id: f"observation-{n}" for n, o in enumerate(self.listed, 1)}

    def get(self, id: str) -> Observation | None:
        """Return the observation of that id."""
        return self._by_id.get(id)

    def under(self, prefix: str) -> tuple[Observation, ...]:
        """Return the observations whose id starts with a prefix, in the record's order."""
        return tuple(o for o in self.record.observations if o.id.startswith(prefix))

    def href(self, id: str) -> str:
        """Return the link to an observation's line in the appendix, empty when it is not listed there."""
        return f"#{self._anchors[id]}" if id in self._anchors else ""

    def anchor(self, id: str) -> str:
        """Return the anchor of an observation's line in the appendix."""
        return self._anchors.get(id, "")

    def stage(self, name: str) -> StageStatus | None:
        """Return what became of a stage."""
        return next((s for s in self.record.stages if s.stage == name), None)

    @property
    def basis(self) -> str:
        """The scope of the headline figures, or `named_held_out` where no training table lets anybody check it."""
        subject = self.record.subject
        checkable = any(table.role == "train" for table in subject.tables)
        return "named_held_out" if subject.headline_scope == "held_out" and not checkable else subject.headline_scope

    def absent(self, stage: str) -> Callout:
        """Say why a chapter has no numbers."""
        status = self.stage(stage)
        word = status.status if status and status.status != "done" else "not_run"
        reason = status.reason if status and status.reason else self.t("stage.no_reason")
        return Callout(
            title=self.t(f"stage.{word}"),
            text=reason,
            glyph="error" if word == "error" else "not_run",
            tone="warn" if word == "error" else "plain",
        )

    # --- cells --------------------------------------------------------------------------------------

    def point(self, observation: Observation | None, beside: tuple[float, ...] = ()) -> Cell:
        """Return the value of an observation, pointing to its source."""
        if observation is None:
            return Cell(text=numbers.DASH, numeric=True, muted=True)
        undefined = isinstance(observation.measured, Undefined)
        return Cell(
            text=self.t("number.undefined") if undefined else numbers.point(observation.measured, beside),
            numeric=True,
            muted=undefined,
            source=observation.id,
            href=self.href(observation.id),
        )

    def interval(self, observation: Observation | None) -> Cell:
        """Return the interval of an observation, or the reason why there is no number."""
        if observation is None:
            return Cell(text="", numeric=True)
        if isinstance(observation.measured, Undefined):
            return Cell(text=observation.measured.reason, muted=True)
        ends = numbers.ends(observation.measured)
        return Cell(
            text=self._range(ends) if ends else numbers.DASH,
            numeric=True,
            muted=not ends,
            interval=observation.id if ends else "",
        )

    def estimate(self, observation: Observation | None, beside: tuple[float, ...] = ()) -> Cell:
        """Return value and interval in one cell, the interval on a second line."""
        cell = self.point(observation, beside)
        if observation is None:
            return cell
        ends = numbers.ends(observation.measured, beside)
        return Cell(
            text=cell.text,
            numeric=True,
            muted=cell.muted,
            source=cell.source,
            href=cell.href,
            detail=self._range(ends) if ends else "",
            interval=observation.id if ends else "",
        )

    def rows_behind(self, observation: Observation | None) -> Cell:
        """Return the number of rows that an observation rests on."""
        measured = observation.measured if observation else None
        known = isinstance(measured, Exact | Estimate)
        return Cell(
            text=numbers.count(measured.n) if isinstance(measured, Exact | Estimate) else "",
            numeric=True,
            muted=not known,
        )

    def phrase(self, observation: Observation, beside: tuple[float, ...] = ()) -> str:
        """Write value and interval as one phrase: `0.834 (95 % CI 0.801 to 0.866)`."""
        measured = observation.measured
        if isinstance(measured, Undefined):
            return self.t("number.undefined_because", reason=measured.reason)
        ends = numbers.ends(measured, beside)
        if isinstance(measured, Estimate) and ends:
            return self.t(
                "number.phrase",
                value=numbers.point(measured, beside),
                level=numbers.level(measured.level),
                range=self._range(ends),
            )
        return numbers.point(measured, beside)

    def _range(self, ends: tuple[str, str]) -> str:
        return self.t("number.range", low=ends[0], high=ends[1])

    # --- tables -------------------------------------------------------------------------------------

    def table(
        self,
        key: str,
        columns: Sequence[Column],
        rows: Iterable[Row],
        *,
        note: str = "",
        dense: bool = False,
        fixed: bool = False,
        room: int | None = None,
        **fields: object,
    ) -> Table:
        """Return a table under a caption, cut to the room there is; it says where the rest is, and by which methods."""
        every = tuple(rows)
        kept = every[: self.extent.table_rows if room is None else room]
        rest = self.t.count("table.rest", len(every) - len(kept)) if len(kept) < len(every) else ""
        return Table(
            caption=self.t(key, **fields),
            columns=tuple(columns),
            rows=kept,
            note=note,
            methods=methods.line(self.t, columns, kept, self.get),
            rest=rest,
            dense=dense,
            fixed=fixed,
        )

    def columns(self, *keys: str) -> tuple[Column, ...]:
        """Return column heads: `name#` is set as numbers; `<`, `=` and `>` make text narrow, medium and wide."""
        return tuple(
            Column(
                title=self.t(f"column.{key.rstrip('#<=>')}"),
                numeric="#" in key,
                width=next((width for sign, width in _WIDTHS.items() if sign in key), ""),
            )
            for key in keys
        )

    def fact(self, key: str, *values: Cell | str) -> Fact:
        """Return a fact under its term."""
        return Fact(term=self.t(f"fact.{key}"), values=tuple(Cell(text=v) if isinstance(v, str) else v for v in values))

    def declared(self, text: str | None) -> Cell:
        """Return a declared text, or the statement that nobody declared it."""
        return Cell(text=text) if text else Cell(text=self.t("fact.not_declared"), muted=True)


_WIDTHS = {"<": "narrow", "=": "medium", ">": "wide"}


def aggregate_of(id: str) -> tuple[str, ...]:
    """Return what stands behind the measure in an id: scope and aggregate.

    >>> aggregate_of("performance/f1/cross_validated/fold=2")
    ('cross_validated', 'fold=2')
    """
    return tuple(id.split("/")[2:])


def measure_of(id: str) -> str:
    """Return the measure in an id, with its arguments."""
    return id.split("/")[1] if "/" in id else id


def decoded(text: str) -> str:
    """Return group, class or feature as it stands in the data."""
    return unquote(text)


def chunked(items: Sequence[T], size: int) -> tuple[tuple[T, ...], ...]:
    """Part a sequence into pieces that fit side by side.

    >>> chunked("abcde", 2)
    (('a', 'b'), ('c', 'd'), ('e',))
    """
    return tuple(tuple(items[i : i + size]) for i in range(0, len(items), size))


def shortened(text: str, width: int) -> str:
    """Cut a text at a word to a width in letters, where a Chinese sign is as wide as two.

    >>> shortened("one two three", 8), shortened("short", 8)
    ('one two…', 'short')
    """
    if _width(text) <= width:
        return text
    cut = ""
    for sign in text:
        if _width(cut + sign) > width - 1:
            break
        cut += sign
    at_word = cut.rsplit(" ", 1)[0]
    return f"{(at_word if len(at_word) * 2 > len(cut) else cut).rstrip(' ,.;:')}…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
