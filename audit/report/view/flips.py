"""What the model answers when a sensitive column is changed and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from audit.records.observation import encoded
from audit.records.sections import FlipFacts, GroupFacts
from audit.report.view import numbers
from audit.report.view.data import group_name
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Bullets, Cell, Column, Prose, Row, Section, Table

MEASURES = ("flip_rate", "flip_gain_rate", "flip_loss_rate", "flip_score_change", "flip_absolute_score_change")
"""Measures that are told here, and so not among the others of a grouping."""


def sections(folio: Folio) -> tuple[Section, ...]:
    """Return the section on changed columns; none where the test was switched off or there are no groups."""
    told = folio.record.fairness.flips if folio.record.fairness else ()
    if not told:
        return ()
    done = [flip for flip in told if flip.status == "done"]
    text = Prose(paragraphs=(folio.t("flips.text"),))
    # Where no column could be changed a table would hold no number.
    blocks: tuple[Block, ...] = (text, Bullets(items=tuple(f"{flip.column}: {flip.reason}" for flip in told)))
    if done:
        notes = Bullets(items=tuple(_how(folio, flip) for flip in done))
        blocks = (text, _table(folio, told), *_pairs(folio, done), notes)
    return (Section(title=folio.t("flips.title"), anchor="fairness-flips", blocks=blocks),)


def _table(folio: Folio, told: tuple[FlipFacts, ...]) -> Table:
    t = folio.t
    measures = [m for m in MEASURES[:-1] if any(folio.under(f"fairness/{m}/{encoded(f.column)}=") for f in told)]
    heads = (
        *folio.columns("group", "rows#"),
        *(Column(title=t(f"flips.{measure}"), numeric=True) for measure in measures),
    )
    rows = [row for flip in told for row in _lines(folio, flip, measures)]
    return folio.table("flips.table", heads, rows, dense=True)


def _lines(folio: Folio, flip: FlipFacts, measures: list[str]) -> Iterator[Row]:
    key = encoded(flip.column)
    if flip.status != "done":
        yield Row(
            cells=(
                Cell(text=flip.column, strong=True, detail=flip.reason),
                *(Cell(text=numbers.DASH, numeric=True, muted=True) for _ in ("rows", *measures)),
            )
        )
        return
    whole = {"flip_rate": f"flip_rate/{key}", "flip_score_change": f"flip_absolute_score_change/{key}"}
    found = [folio.get(f"fairness/{whole[m]}") if m in whole else None for m in measures]
    yield Row(
        cells=(
            Cell(text=flip.column, strong=True, detail=folio.t("flips.everybody")),
            Cell(text=f"{flip.rows:,}", numeric=True),
            *(folio.estimate(o) if o else Cell(text="", numeric=True) for o in found),
        )
    )
    for group in _groups(folio, flip):
        cells = [folio.get(f"fairness/{measure}/{group.key}") for measure in measures]
        behind = next((o for o in cells if o), None)
        yield Row(
            cells=(
                Cell(text=group_name(group)),
                folio.rows_behind(behind),
                *(folio.estimate(o) for o in cells),
            ),
            muted=group.small,
            sub=True,
        )


def _groups(folio: Folio, flip: FlipFacts) -> list[GroupFacts]:
    groupings = folio.record.fairness.groupings if folio.record.fairness else ()
    by_key = {g.key: g for grouping in groupings if grouping.columns == (flip.column,) for g in grouping.groups}
    return [by_key[key] for key in flip.groups if key in by_key]


def _pairs(folio: Folio, done: list[FlipFacts]) -> Iterator[Table]:
    """Yield, where there is room for it, what each value does to each group of more than two."""
    for flip in done if folio.extent.whole else ():
        groups = _groups(folio, flip)
        within = f"{encoded(flip.column)}="
        measure = next((m for m in ("flip_score_change", "flip_rate") if folio.under(f"fairness/{m}/{within}")), None)
        if len(groups) < 3 or measure is None:
            continue
        heads = (
            *folio.columns("group"),
            *(Column(title=folio.t("flips.to", name=group_name(g)), numeric=True) for g in groups),
        )
        rows = (
            Row(
                cells=(
                    Cell(text=group_name(one)),
                    *(
                        folio.estimate(folio.get(f"fairness/{measure}/{one.key}/to={encoded(other.label)}"))
                        for other in groups
                    ),
                )
            )
            for one in groups
        )
        yield folio.table(f"flips.pairs_{measure}", heads, rows, dense=True, column=flip.column)


def _how(folio: Folio, flip: FlipFacts) -> str:
    """Say which rows and values it rests on, and where the answer moves most."""
    t, groups = folio.t, _groups(folio, flip)
    names = [group_name(g) for g in groups]
    changed = [(n, v) for n, v in zip(names, flip.stand_ins, strict=False) if n != v]
    text = t("flips.rows", column=flip.column, rows=f"{flip.rows:,}", available=f"{flip.rows_available:,}")
    if changed:
        text += " " + t("flips.stand_ins", values=", ".join(t("flips.stand_in", name=n, value=v) for n, v in changed))
    if flip.score:
        text += " " + t("flips.score", score=flip.score)
    key = encoded(flip.column)
    worst = folio.get(f"fairness/flip_score_change/{key}/maximum") or folio.get(f"fairness/flip_rate/{key}/maximum")
    if worst is not None and len(groups) > 2:
        text += " " + t("flips.worst", what=worst.label, value=folio.phrase(worst))
    return text
