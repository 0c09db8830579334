"""Which method stands behind each interval: in words, in one line under a table, in a glossary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from audit.records.measured import Estimate
from audit.records.observation import Observation
from audit.records.sections import Curve
from audit.report.view import numbers
from audit.report.view.tree import Cell, Column, Row, Term
from audit.report.view.words import Words

NAMED = 5
"""Lines or columns named of one method."""

_ADDED = ("_effective_n", "_clustered", "_bonferroni", "_simultaneous")
_BEFORE = ("bonferroni_",)

Place = tuple[int, int]


def parts(method: str) -> tuple[str, tuple[str, ...]]:
    """Part the name of a method into the method itself and what was added to it.

    >>> parts("wilson_effective_n_bonferroni"), parts("bonferroni_welch"), parts("delong")
    (('wilson', ('bonferroni', 'effective_n')), ('welch', ('bonferroni',)), ('delong', ()))
    """
    for sign in _ADDED:
        if method.endswith(sign):
            bare, added = parts(method.removesuffix(sign))
            return bare, (sign.strip("_"), *added)
    for sign in _BEFORE:
        if method.startswith(sign):
            bare, added = parts(method.removeprefix(sign))
            return bare, (sign.strip("_"), *added)
    return method, ()


def name(t: Words, method: str) -> str:
    """Return the words for a method."""
    bare, added = parts(method)
    return ", ".join((t.named("interval_method", bare), *(t.named("interval_method_added", sign) for sign in added)))


def line(t: Words, columns: Sequence[Column], rows: Sequence[Row], get: Callable[[str], Observation | None]) -> str:
    """Return by which methods the intervals of a table were made, or nothing where it holds none."""
    found: dict[Place, Estimate] = {}
    for r, row in enumerate(rows):
        for c, cell in enumerate(row.cells):
            observation = get(cell.interval) if cell.interval else None
            if observation is not None and isinstance(observation.measured, Estimate):
                found[r, c] = observation.measured
    if not found:
        return ""
    levels = dict.fromkeys(numbers.level(m.level) for m in found.values())
    made = _told(t, columns, rows, {place: m.method for place, m in found.items()})
    return t("methods.line", level=t("number.or").join(levels), methods=made)


def of_curves(t: Words, curves: Iterable[Curve]) -> str:
    """Return by which methods the bands of curves were made, or nothing where that is not told."""
    found = dict.fromkeys(name(t, curve.method) for curve in curves if curve.low is not None and curve.method)
    return t("methods.curve", methods=t("methods.also").join(found)) if found else ""


def terms(t: Words, observations: Iterable[Observation]) -> tuple[Term, ...]:
    """Return what each method is that made an interval, by name."""
    used: dict[tuple[str, str], None] = {}
    for observation in observations:
        if isinstance(observation.measured, Estimate):
            bare, added = parts(observation.measured.method)
            used |= dict.fromkeys((("interval_method", bare), *(("interval_method_added", sign) for sign in added)))
    found = [
        Term(
            name=_capital(t.named(group, key)),
            id=key,
            text=_about(t, key, "text"),
            formula="",
            note=_about(t, key, "source"),
        )
        for group, key in used
    ]
    # Names of one method in several rooms are told once.
    once = {term.name: term for term in found}
    return tuple(sorted(once.values(), key=lambda term: term.name.lower()))


def _about(t: Words, key: str, what: str) -> str:
    full = f"interval_method_{what}.{key}"
    return t(full) if full in t.keys else ""


def _told(t: Words, columns: Sequence[Column], rows: Sequence[Row], found: dict[Place, str]) -> str:
    """Name the methods, one last and alone, each other with the columns or lines that it made."""
    every = list(dict.fromkeys(found.values()))
    if len(every) == 1:
        return name(t, every[0])
    inside = [{m for (_, other), m in found.items() if other == c} for c in range(len(columns))]
    mixed = {place: m for place, m in found.items() if len(inside[place[1]]) > 1}
    # What makes whole columns is soon named; of the others the commonest need not be.
    last = Counter((mixed or found).values()).most_common(1)[0][0]
    texts = []
    for method in every:
        whole = dict.fromkeys(columns[c].title for c, made in enumerate(inside) if made == {method})
        names = [*whole, *_lines(columns, rows, mixed, method)]
        left = len(names) - NAMED
        shown = ", ".join(names[:NAMED])
        shown = t("methods.more", names=shown, n=left) if left > 0 else shown
        texts += [t("methods.of", method=name(t, method), names=shown)] if method != last else []
    return t("methods.else", methods="; ".join(texts), last=name(t, last))


def _lines(columns: Sequence[Column], rows: Sequence[Row], mixed: dict[Place, str], method: str) -> list[str]:
    """Name the lines that a method made in columns of several methods, or those columns where they are fewer."""
    places = [place for place, m in mixed.items() if m == method]
    lines = list(dict.fromkeys(_head(rows, r) for r, _ in places))
    heads = list(dict.fromkeys(columns[c].title for _, c in places))
    alone = {r for r, _ in places}.isdisjoint(r for (r, _), m in mixed.items() if m != method)
    several = len({c for _, c in mixed}) > 1
    return heads if several and not alone and len(heads) < len(lines) else lines


def _head(rows: Sequence[Row], place: int) -> str:
    """Return what heads a line; where it is blank, as a line of the same as the one above, its second cell."""
    cells: tuple[Cell, ...] = rows[place].cells
    return cells[0].text or cells[1].text


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
