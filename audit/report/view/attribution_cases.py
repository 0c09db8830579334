"""Single cases, side by side by every method, and the reasons of everybody who was turned down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from audit.records.observation import encoded
from audit.records.people import Counterfactual, Neighbour, PartFacts, PeopleFacts, Person
from audit.records.sections import AttributionMethodFacts, AttributionSection, Case
from audit.report.view import figures, local_surrogates, numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Bullets, Cell, Column, Pair, Prose, Row, Section, Table

CHARTED = 15
CASE_ROWS = 6
TOLD = 3
"""Contributions that the sentence of a case names."""
GROUPS = 5
"""Groups set side by side on paper."""
GIVEN = 5
"""Reasons listed on paper."""
TEXTS = 2

_HEADLINE = (
    *(f"reasons/{n}" for n in ("coverage", "fidelity", "stability", "turned", "rise", "number", "withheld")),
    "counterfactuals/found",
    "counterfactuals/columns",
)


def sections(folio: Folio, section: AttributionSection) -> tuple[Section, ...]:
    """Return the section on single cases and the one on reasons, each where there is something to tell."""
    t = folio.t
    methods = [m for m in section.methods if m.cases]
    persons = section.people.persons if section.people else _persons(methods)
    found = []
    if persons:
        blocks = tuple(_cases(folio, persons, methods, section.people))
        found.append(Section(title=t("cases.title"), anchor="attribution-cases", blocks=blocks))
    if section.people is not None:
        blocks = tuple(_reasons(folio, section.people))
        found.append(Section(title=t("cases.reasons_title"), anchor="attribution-reasons", blocks=blocks))
    return tuple(found)


def _persons(methods: list[AttributionMethodFacts]) -> tuple[Person, ...]:
    # A record of before tells of its cases method by method.
    return tuple(
        Person(number=c.number, chosen=c.chosen, score=c.score, decided=c.decided, actual=c.actual)
        for c in (methods[0].cases if methods else ())
    )


# --- single cases -------------------------------------------------------------------------------


def _cases(
    folio: Folio, persons: tuple[Person, ...], methods: list[AttributionMethodFacts], people: PeopleFacts | None
) -> Iterator[Block]:
    t = folio.t
    shown = persons[: folio.extent.cases]
    rest = len(persons) - len(shown)
    yield Prose(
        paragraphs=(t("attribution.cases_text") + (f" {t.count('attribution.more_cases', rest)}" if rest else ""),)
    )
    if folio.extent.whole:
        yield _list(folio, persons, methods)
    for person in shown:
        yield from _case(folio, person, methods)
    notes = tuple(_notes(folio, people)) if people else ()
    if notes and folio.extent.whole:
        yield Bullets(items=notes, title=t("cases.notes"))


def _list(folio: Folio, persons: tuple[Person, ...], methods: list[AttributionMethodFacts]) -> Block:
    first = {c.number: c for c in methods[0].cases} if methods else {}
    surrogates = [(m, {c.number: c for c in m.cases}) for m in methods if local_surrogates.columns(folio, m)]
    rows = (
        Row(
            cells=(
                Cell(text=str(person.number)),
                Cell(text=person.chosen),
                Cell(text=numbers.DASH if person.score is None else numbers.number(person.score), numeric=True),
                Cell(text=person.decided or numbers.DASH),
                Cell(text=person.actual or numbers.DASH),
                Cell(text=_moved_by(first.get(person.number))),
                *(c for m, cases in surrogates for c in _believed(folio, m, cases.get(person.number))),
            )
        )
        for person in persons
    )
    heads = folio.columns("case<", "chosen", "score#", "decided", "actual", "moved_by")
    heads += tuple(column for method, _ in surrogates for column in local_surrogates.columns(folio, method))
    return folio.table("attribution.case_list", heads, rows, dense=True)


def _believed(folio: Folio, method: AttributionMethodFacts, case: Case | None) -> tuple[Cell, ...]:
    return local_surrogates.cells(folio, method, case) if case else (Cell(text=numbers.DASH, numeric=True),) * 2


def _moved_by(case: Case | None) -> str:
    return ", ".join(c.feature for c in case.contributions[:TOLD]) if case else numbers.DASH


def _case(folio: Folio, person: Person, methods: list[AttributionMethodFacts]) -> Iterator[Block]:
    told = [(m, c) for m in methods for c in m.cases if c.number == person.number]
    beside, several = _beside(folio, person), len(methods) > 1
    if told and not folio.extent.whole:
        # On paper the first method speaks, and the drawing holds its numbers: others stand beside the person instead.
        yield _in_brief(folio, person, *told[0], beside, several=several)
        return
    for method, case in told:
        yield _contributions(folio, method, case, several=several)
    if beside is not None:
        yield beside


def _in_brief(
    folio: Folio,
    person: Person,
    method: AttributionMethodFacts,
    case: Case,
    beside: Table | Prose | None,
    *,
    several: bool,
) -> Block:
    whole = _contributions(folio, method, case, several=several)
    text = f"{_stands(folio, person)} {whole.text}".strip() + local_surrogates.note(folio, case)
    return replace(whole, text=text, table=beside) if isinstance(beside, Table) else replace(whole, text=text)


def _stands(folio: Folio, person: Person) -> str:
    t = folio.t
    score = "" if person.score is None else t("cases.stands_score", score=numbers.number(person.score))
    decided = t("cases.stands_decided", decided=person.decided) if person.decided else ""
    actual = t("cases.stands_actual", actual=person.actual) if person.actual else ""
    told = ", ".join(filter(None, (score, decided, actual)))
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _contributions(folio: Folio, method: AttributionMethodFacts, case: Case, several: bool) -> Pair:
    t = folio.t
    title = t("attribution.case", number=case.number, chosen=case.chosen)
    if case.class_:
        title = t("attribution.case_class", title=title, name=case.class_)
    typical = any(c.typical for c in case.contributions)
    if several:
        title = t("cases.by_method", title=title, method=method.label)
    rows = (
        Row(
            cells=(
                Cell(text=c.feature),
                Cell(text=c.value),
                *([Cell(text=c.typical)] if typical else []),
                Cell(text=("+" if c.attribution > 0 else "") + numbers.number(float(c.attribution)), numeric=True),
            )
        )
        for c in case.contributions
    )
    heads = folio.columns("feature", "value", *(["typical"] if typical else []), "attribution#")
    ends = t(
        "attribution.case_ends",
        base=numbers.number(case.base),
        prediction=numbers.number(case.prediction),
        scale=method.scale,
    )
    ends += local_surrogates.note(folio, case)
    room = CHARTED if folio.extent.whole else CASE_ROWS
    table = folio.table("table.caption", heads, rows, caption=title, note=ends, dense=True, room=room)
    figure = figures.waterfall(folio, case, title=title, scale=method.scale)
    return Pair(figure=figure, table=table, text=_sentence(folio, method, case))


def _sentence(folio: Folio, method: AttributionMethodFacts, case: Case) -> str:
    t = folio.t
    parts = [
        t(
            "cases.raised" if c.attribution > 0 else "cases.lowered",
            feature=c.feature,
            value=c.value,
            typical=f" ({t('cases.typical', value=c.typical)})" if c.typical else "",
            size=numbers.number(abs(float(c.attribution))),
        )
        for c in case.contributions[:TOLD]
        if c.attribution
    ]
    if not parts:
        return t("cases.nothing_moved")
    last = f" {t('cases.and')} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    lead = t("cases.moved_class", scale=method.scale, name=case.class_) if case.class_ else ""
    return t("cases.sentence", lead=lead or t("cases.moved", scale=method.scale), parts=last)


def _beside(folio: Folio, person: Person) -> Table | Prose | None:
    """Set reasons, the nearest other decision and the change that turns the decision beside the person's values."""
    t, change = folio.t, person.counterfactual
    reasons = {r.feature: r for r in person.reasons}
    changed = {c.feature: c for c in change.changes} if change else {}
    near = [{d.feature: d for d in n.differences} for n in person.neighbours]
    shown = near if folio.extent.whole else near[:1]
    features = dict.fromkeys((*reasons, *changed, *(f for n in shown for f in n)))
    note = " ".join(_asides(folio, person))
    if not features:
        return Prose(paragraphs=(t("cases.aside", number=person.number, text=note),)) if note else None
    own = {d.feature: d.value for n in near for d in n.values()}
    own |= {f: c.value for f, c in changed.items()} | {f: r.value for f, r in reasons.items()}
    heads, columns = [Column(title=t("column.feature")), Column(title=t("cases.own"))], []
    if reasons:
        heads.append(Column(title=t("cases.reason")))
        rises = {
            f: t("cases.rise_together" if r.together else "cases.rise", value=r.reference, gain=numbers.number(r.gain))
            for f, r in reasons.items()
        }
        columns.append({f: (r.text, rises[f]) for f, r in reasons.items()})
    if changed:
        heads.append(Column(title=t("cases.change")))
        columns.append({f: (c.other, "") for f, c in changed.items()})
    for neighbour, values in zip(person.neighbours, shown, strict=False):
        heads.append(Column(title=t("cases.neighbour", decided=neighbour.decided)))
        columns.append({f: (d.other, "") for f, d in values.items()})
    rows = (
        Row(
            cells=(
                Cell(text=feature),
                Cell(text=own[feature]),
                *(Cell(text=c[feature][0], detail=c[feature][1]) if feature in c else _same() for c in columns),
            )
        )
        for feature in features
    )
    room = CHARTED if folio.extent.whole else CASE_ROWS
    named = {"number": person.number, "decided": person.decided}
    caption = t("cases.beside" if person.decided else "cases.beside_value", **named)
    return folio.table("table.caption", heads, rows, caption=caption, note=note, dense=True, room=room)


def _same() -> Cell:
    return Cell(text=numbers.DASH, muted=True)


def _asides(folio: Folio, person: Person) -> Iterator[str]:
    if person.counterfactual is not None:
        yield from _of_change(folio, person.counterfactual)
    for neighbour in person.neighbours[:1]:
        yield _of_neighbour(folio, neighbour)


def _of_change(folio: Folio, change: Counterfactual) -> Iterator[str]:
    t = folio.t
    if change.status == "none_found":
        yield t("cases.none_found", n=f"{change.searched:,}", columns=change.columns)
    elif change.status == "found":
        score = "" if change.score is None else t("cases.score", score=numbers.number(change.score))
        what = t("cases.turned_to", decided=change.decided) if change.decided else t("cases.moved_to")
        near = "" if change.plausible is None else t("cases.plausible" if change.plausible else "cases.implausible")
        yield t("cases.found", n=f"{change.searched:,}", what=what, score=score, near=near)


def _of_neighbour(folio: Folio, neighbour: Neighbour) -> str:
    score = "" if neighbour.score is None else folio.t("cases.score", score=numbers.number(neighbour.score))
    distance = numbers.number(neighbour.distance)
    return folio.t.count("cases.neighbour_note", len(neighbour.differences), score=score, distance=distance)


def _notes(folio: Folio, people: PeopleFacts) -> Iterator[str]:
    for name in ("neighbours", "counterfactuals"):
        part: PartFacts = getattr(people, name)
        if part.status == "done":
            yield from part.notes
        elif part.status != "off":
            yield folio.t("cases.part", part=folio.t(f"cases.{name}"), reason=part.reason)


# --- reasons ------------------------------------------------------------------------------------


def _reasons(folio: Folio, people: PeopleFacts) -> Iterator[Block]:
    t = folio.t
    if people.reasons.status != "done":
        status = t(f"stage.{people.reasons.status}")
        yield Prose(paragraphs=(t("cases.no_reasons", status=status, reason=people.reasons.reason),))
    else:
        text = t("cases.reasons_text", n=f"{people.denied:,}", favourable=people.favourable)
        yield Prose(paragraphs=(text,))
    yield from _measured(folio, people)
    if people.given:
        yield _given(folio, people)
    if people.reasons.notes:
        yield Bullets(items=people.reasons.notes)


def _measured(folio: Folio, people: PeopleFacts) -> Iterator[Block]:
    known = [(name, o) for name in _HEADLINE if (o := folio.get(f"attribution/{name}"))]
    rows = [
        Row(
            cells=(
                Cell(text=folio.t(f"cases.{name.replace('/', '_')}")),
                folio.point(o),
                folio.interval(o),
                folio.rows_behind(o),
            )
        )
        for name, o in known
    ]
    if rows:
        heads = folio.columns("measure", "value#", "interval#", "n#")
        note = folio.t("cases.rise_unit", scale=people.scale) if people.scale else ""
        yield folio.table("cases.measured", heads, rows, note=note, dense=True)


def _given(folio: Folio, people: PeopleFacts) -> Block:
    t = folio.t
    ids = {feature: f"attribution/reasons/given/{encoded(feature)}" for feature in people.given}
    groups = [g for g in people.groups if any(folio.get(f"{id}/{g.key}") for id in ids.values())]
    beside = groups if folio.extent.whole else sorted(groups, key=lambda g: -g.n)[:GROUPS]
    beside = [g for g in groups if g in beside]
    rows = (
        Row(
            cells=(
                Cell(text=feature, detail="; ".join(people.wordings.get(feature, ())[:TEXTS])),
                folio.estimate(folio.get(ids[feature])),
                *(folio.estimate(folio.get(f"{ids[feature]}/{g.key}")) for g in beside),
            )
        )
        for feature in people.given
    )
    heads = (
        Column(title=t("column.reason")),
        Column(title=t("cases.all"), numeric=True, detail=t("number.n", n=f"{people.explained:,}")),
        *(Column(title=g.label, numeric=True, detail=t("number.n", n=f"{g.n:,}")) for g in beside),
    )
    room = None if folio.extent.whole else GIVEN
    return folio.table("cases.given", heads, rows, dense=True, room=room)
