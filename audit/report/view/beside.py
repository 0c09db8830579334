"""Each group beside the reference group: decisions, scores and errors, like cases, and inequality between all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from audit.records.measured import Exact, Undefined
from audit.records.observation import encoded
from audit.records.sections import FairnessSection, GroupFacts, GroupingFacts
from audit.report.view import numbers
from audit.report.view.data import group_name, group_note
from audit.report.view.folio import Folio
from audit.report.view.tree import Cell, Column, Row, Section, Table

DECISIONS = (
    ("selection_rate", ""),
    ("marginal_effect", ""),
    ("denial_odds_ratio", ""),
    ("shortfall_to_parity", "shortfall_to_four_fifths"),
    ("selection_rate_fisher_p_value", ""),
    ("selection_rate_z_p_value", "selection_rate_z"),
    ("detectable_difference", "detectable_ratio"),
)
ERRORS = (
    ("standardized_mean_difference", ""),
    ("mean_score_difference", ""),
    ("bpsn_auc", ""),
    ("bnsp_auc", ""),
    ("treatment_equality", ""),
    ("implied_false_positive_rate", "false_positive_rate"),
    ("chouldechova_residual", ""),
)
STRATA = (
    ("mantel_haenszel_odds_ratio", ""),
    ("denial_odds_ratio", ""),
    ("cochran_mantel_haenszel_p_value", ""),
    ("breslow_day_p_value", ""),
    ("strata_compared", "strata_not_compared"),
)
"""Columns: a measure with its interval, or with a second measure on the smaller line."""

OVER_CLASSES = ("predicted_positive_rate", "true_positive_rate", "false_positive_rate")
"""Columns of gaps between groups, class by class."""

INEQUALITY = {
    "squared": (
        "generalized_entropy_index",
        "between_group_generalized_entropy_index",
        "within_group_generalized_entropy_index",
    ),
    "theil": ("theil_index", "between_group_theil_index", "within_group_theil_index"),
}
"""Lines: the whole and its two parts."""

EXACT_OF_ITSELF = ("marginal_effect", "mean_score_difference", "treatment_equality", "mantel_haenszel_odds_ratio")
"""Measures that are exact of the reference group, beside itself, and estimates of every other one."""


def tables(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[Table, ...]:
    """Return the tables of what was measured of each group beside the reference group, as far as it was."""
    strata = " × ".join(section.strata)
    # How to read a table is said where it stands first.
    first = section.groupings[:1] == (grouping,)
    notes = (_power(folio), folio.t("against.errors_note")) if first else ("", "")
    found = [
        _by_group(folio, grouping, "decisions", DECISIONS, notes[0]),
        _by_group(folio, grouping, "errors", ERRORS if _in_full(folio, grouping) else (), notes[1]),
        _by_group(folio, grouping, "strata", STRATA if strata else (), folio.t("against.strata_note", strata=strata)),
    ]
    return (*(table for table in found if table), *_by_class(folio, grouping))


def inequality(folio: Folio, section: FairnessSection) -> tuple[Section, ...]:
    """Return the section on inequality between all persons, and how much of it lies between groups."""
    rows = tuple(row for grouping in section.groupings for row in _parts(folio, grouping))
    if not rows:
        return ()
    heads = folio.columns("grouping", "measure", "whole#", "between#", "within#")
    table = folio.table("against.inequality", heads, rows, note=folio.t("against.inequality_note"), dense=True)
    return (Section(title=folio.t("against.inequality_title"), anchor="fairness-inequality", blocks=(table,)),)


def measured_here(section: FairnessSection) -> frozenset[str]:
    """Return the names of the measures that stand in these tables, and so in no other."""
    told = {name for pair in (*DECISIONS, *ERRORS, *STRATA) for name in pair}
    told.update(name for names in INEQUALITY.values() for name in names)
    return frozenset(index.name for index in section.indices if index.name in told)


def _in_full(folio: Folio, grouping: GroupingFacts) -> bool:
    # On paper intersections are told by their decisions; their scores and errors stand in the HTML report.
    return folio.extent.whole or len(grouping.columns) == 1


def _power(folio: Folio) -> str:
    fairness = folio.record.spec.fairness
    return folio.t("against.decisions_note", power=numbers.limit(fairness.power) if fairness else "")


def _by_group(
    folio: Folio, grouping: GroupingFacts, key: str, columns: tuple[tuple[str, str], ...], note: str
) -> Table | None:
    known = tuple(g for g in grouping.groups if not g.unknown)
    own = [pair for pair in columns if pair[0] != "selection_rate"]
    if not any(folio.get(f"fairness/{name}/{g.key}") for name, _ in own for g in known):
        return None
    shown = tuple(pair for pair in columns if any(folio.get(f"fairness/{pair[0]}/{g.key}") for g in known))
    heads = (
        *folio.columns("group"),
        *(
            Column(
                title=folio.t(f"against.head.{name}"),
                detail=folio.t(f"against.head.{second}") if second else "",
                numeric=True,
            )
            for name, second in shown
        ),
    )
    rows = (_row(folio, g, shown) for g in known)
    return folio.table(f"against.{key}", heads, rows, note=note, dense=True, grouping=" × ".join(grouping.columns))


def _by_class(folio: Folio, grouping: GroupingFacts) -> tuple[Table, ...]:
    """Set the gap of each class against the rest in one line a class."""
    classes = folio.record.subject.classes
    places = {m: f"fairness/{m}/{grouping.key}/difference/class=" for m in OVER_CLASSES}
    shown = [m for m in OVER_CLASSES if any(folio.get(places[m] + encoded(c)) for c in classes)]
    if not shown:
        return ()
    heads = (*folio.columns("class"), *(Column(title=folio.t(f"against.head.{m}"), numeric=True) for m in shown))
    rows = [
        Row(cells=(Cell(text=c), *(folio.estimate(folio.get(places[m] + encoded(c))) for m in shown))) for c in classes
    ]
    note = folio.t("against.classes_note")
    name = " × ".join(grouping.columns)
    return (folio.table("against.classes", heads, rows, note=note, dense=True, grouping=name),)


def _row(folio: Folio, group: GroupFacts, columns: tuple[tuple[str, str], ...]) -> Row:
    own = (folio.get(f"fairness/{name}/{group.key}") for name in EXACT_OF_ITSELF)
    reference = any(isinstance(o.measured, Exact) for o in own if o)
    notes = (group_note(folio, group), folio.t("against.reference") if reference else "")
    name = Cell(text=group_name(group), detail=", ".join(note for note in notes if note))
    return Row(cells=(name, *(_cell(folio, group.key, *pair) for pair in columns)), muted=group.small)


def _cell(folio: Folio, place: str, name: str, second: str) -> Cell:
    first = folio.get(f"fairness/{name}/{place}")
    if not second:
        return folio.estimate(first)
    below = folio.get(f"fairness/{second}/{place}")
    known = below is not None and not isinstance(below.measured, Undefined)
    return replace(folio.point(first), detail=folio.point(below).text if known else "")


def _parts(folio: Folio, grouping: GroupingFacts) -> Iterator[Row]:
    for key, names in INEQUALITY.items():
        found = [folio.get(f"fairness/{name}/{grouping.key}") for name in names]
        if any(found):
            place = Cell(text=" × ".join(grouping.columns))
            yield Row(cells=(place, Cell(text=folio.t(f"against.{key}")), *(folio.estimate(o) for o in found)))
