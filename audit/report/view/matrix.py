"""Every control beside the evidence that it was judged on."""

from __future__ import annotations

from audit.records.policy import PackRecord, ParameterRecord
from audit.records.verdict import Limit, Outcome, Part, Verdict
from audit.report.view import numbers
from audit.report.view.folio import Folio
from audit.report.view.scope import plain
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Fact, Facts, Prose, Row, Section, Table

GRAVITY: tuple[Outcome, ...] = (
    "fail",
    "error",
    "inconclusive",
    "attestation_missing",
    "attestation_expired",
    "not_run",
    "not_applicable",
    "recorded",
    "attested",
    "pass",
)
SETTLED = ("pass", "recorded", "attested", "not_applicable")
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "=", "between": ""}


def chapter(folio: Folio) -> Chapter:
    """Return the control matrix, one section a pack."""
    t = folio.t
    packs = folio.record.packs
    known = {f"{p.id}@{p.version}" for p in packs} | {p.id for p in packs}
    strays = tuple(v for v in folio.record.verdicts if v.pack not in known)
    sections = [
        Section(title=pack.title, anchor=f"matrix-{number}", blocks=_pack(folio, pack))
        for number, pack in enumerate(packs, 1)
    ]
    if strays:
        sections.append(
            Section(title=t("matrix.other"), anchor="matrix-other", blocks=(_table(folio, strays, t("matrix.other")),))
        )
    none = () if sections else (Callout(title=t("matrix.none"), text=t("matrix.none_text"), glyph="not_run"),)
    return Chapter(
        number="",
        title=t("matrix.title"),
        anchor="matrix",
        lead=t("matrix.lead"),
        blocks=none or (_key(folio),),
        sections=tuple(sections),
        landscape=True,
    )


def _key(folio: Folio) -> Table:
    rows = (
        Row(cells=(Cell(text=folio.t(f"outcome.{name}"), glyph=name), Cell(text=folio.t(f"outcome_text.{name}"))))
        for name in GRAVITY
        if any(v.outcome == name or any(p.outcome == name for p in v.parts) for v in folio.record.verdicts)
    )
    return folio.table("matrix.key", folio.columns("outcome<", "meaning"), rows, dense=True)


def _pack(folio: Folio, pack: PackRecord) -> tuple[Block, ...]:
    t = folio.t
    blocks: list[Block] = []
    if pack.banner:
        blocks.append(Callout(title=t("matrix.banner"), text=pack.banner, glyph="attestation_expired", tone="warn"))
    if pack.caveats:
        blocks.append(Bullets(title=t("matrix.caveats"), items=pack.caveats))
    blocks.append(Facts(facts=_facts(folio, pack)))
    if pack.questions:
        blocks.append(Bullets(title=t("matrix.questions"), items=pack.questions))
    verdicts = tuple(v for v in folio.record.verdicts if v.pack in (f"{pack.id}@{pack.version}", pack.id))
    if verdicts:
        blocks.append(_table(folio, verdicts, t("matrix.table", pack=f"{pack.id} {pack.version}")))
    else:
        blocks.append(Prose(paragraphs=(t("matrix.no_verdicts"),)))
    return (*blocks, *_params(folio, pack), *_attestations(folio, pack), *_waivers(folio, pack))


def _facts(folio: Folio, pack: PackRecord) -> tuple[Fact, ...]:
    t = folio.t
    facts = [folio.fact("pack", Cell(text=f"{pack.id} {pack.version}", detail=t.named("pack_kind", pack.kind)))]
    if pack.instrument:
        facts.append(folio.fact("instrument", Cell(text=pack.instrument, detail=pack.citation)))
    if pack.issuer:
        facts.append(folio.fact("issuer", pack.issuer))
    facts.append(folio.fact("pack_status", t.named("pack_status", pack.status)))
    if pack.frozen_on:
        facts.append(folio.fact("frozen_on", pack.frozen_on))
    if pack.checked_on:
        recheck = t("fact.recheck_by", date=pack.recheck_by) if pack.recheck_by else ""
        facts.append(folio.fact("checked_on", Cell(text=pack.checked_on, detail=recheck)))
    facts.append(
        folio.fact("applicable", Cell(text=t.named("applicable", pack.applicable), detail=pack.applicability_reason))
    )
    if folio.extent.whole:
        # On paper it stands in the manifest.
        facts.append(folio.fact("sha256", Cell(text=pack.sha256, code=True)))
    return tuple(facts)


def _table(folio: Folio, verdicts: tuple[Verdict, ...], caption: str) -> Table:
    rows = [row for verdict in verdicts for row in _rows(folio, verdict)]
    heads = folio.columns("control=", "clause=", "limit<", "evidence<#", "outcome<", "observation")
    # The matrix is never cut: a control that is not on the page would be a control that nobody saw.
    return folio.table("table.caption", heads, rows, caption=caption, room=len(rows), dense=True, fixed=True)


def _rows(folio: Folio, verdict: Verdict) -> list[Row]:
    t = folio.t
    single = verdict.parts[0] if len(verdict.parts) == 1 else None
    head = Row(
        cells=(
            Cell(text=verdict.title, detail=_standing(folio, verdict), strong=True),
            Cell(text="; ".join(c.ref for c in verdict.citations) or numbers.DASH, detail=_checked(folio, verdict)),
            Cell(text=limit_text(folio, verdict.limit), detail=_limit_note(folio, verdict)),
            _evidence(folio, single, verdict.limit) if single else _many(folio, verdict),
            Cell(
                text=t(f"outcome.{verdict.outcome}"),
                glyph=verdict.outcome,
                strong=True,
                detail=_waived(folio, verdict.parts),
            ),
            _told(folio, verdict.reason, single) if single else Cell(text=verdict.reason),
        )
    )
    if single:
        return [head]
    graded = sorted(verdict.parts, key=lambda p: GRAVITY.index(p.outcome))
    room = _room(folio, verdict)
    # On paper what a control neither met nor missed is counted alone.
    told = [part for part in graded if folio.extent.whole or part.outcome not in ("recorded", "not_applicable")]
    room = min(room, len(told))
    lines = [_part(folio, part, verdict.limit) for part in told[:room]]
    if len(graded) > room > 0:
        rest = Cell(text=t.count("matrix.more_parts", len(graded) - room), muted=True)
        lines.append(Row(cells=(rest, *([Cell(text="")] * 5)), sub=True))
    return [head, *lines]


def _room(folio: Folio, verdict: Verdict) -> int:
    """Return how many parts are listed: on paper those of a control that was not met, and no others."""
    unmet = verdict.outcome not in SETTLED
    return folio.extent.parts if folio.extent.whole or unmet else 0


def _part(folio: Folio, part: Part, limit: Limit | None) -> Row:
    observation = folio.get(part.observation)
    return Row(
        cells=(
            Cell(text=observation.label if observation else part.observation),
            Cell(text=""),
            Cell(text=""),
            _evidence(folio, part, limit),
            Cell(text=folio.t(f"outcome.{part.outcome}"), glyph=part.outcome, detail=_waived(folio, (part,))),
            _told(folio, part.reason, part) if part.outcome not in SETTLED else Cell(text="", detail=part.observation),
        ),
        sub=True,
    )


def _told(folio: Folio, reason: str, part: Part) -> Cell:
    # The reason why a limit was met says again what stands under evidence, for which paper has no room.
    said = not folio.extent.whole and part.outcome == "pass"
    return Cell(text="" if said else reason, detail=part.observation)


def _standing(folio: Folio, verdict: Verdict) -> str:
    kind, severity = folio.t(f"kind.{verdict.kind}").lower(), folio.t(f"severity.{verdict.severity}").lower()
    return folio.t("matrix.held_up", control=verdict.control, kind=kind, severity=severity)


def _evidence(folio: Folio, part: Part, limit: Limit | None) -> Cell:
    observation = folio.get(part.observation)
    if observation is None:
        return Cell(text=folio.t("number.none"), numeric=True, muted=True)
    cell = folio.estimate(observation, limits_of(limit))
    n = getattr(observation.measured, "n", 0)
    detail = " · ".join(text for text in (cell.detail, folio.t("number.n", n=f"{n:,}") if n else "") if text)
    return Cell(
        text=cell.text,
        numeric=True,
        detail=detail,
        muted=cell.muted,
        source=cell.source,
        href=cell.href,
        interval=cell.interval,
    )


def _many(folio: Folio, verdict: Verdict) -> Cell:
    if not verdict.parts:
        return Cell(text=numbers.DASH, numeric=True, muted=True)
    listed = _room(folio, verdict)
    detail = "" if listed else folio.t("matrix.in_record")
    return Cell(text=folio.t.count("matrix.parts", len(verdict.parts)), detail=detail, numeric=True, muted=True)


def limits_of(limit: Limit | None) -> tuple[float, ...]:
    """Return the numbers of a limit."""
    if limit is None:
        return ()
    return limit.value if isinstance(limit.value, tuple) else (limit.value,)


def limit_text(folio: Folio, limit: Limit | None) -> str:
    """Write a limit with its sign."""
    values = [numbers.limit(v) for v in limits_of(limit)]
    if limit is None:
        return folio.t("matrix.no_limit")
    return (
        folio.t("number.range", low=values[0], high=values[1]) if len(values) == 2 else f"{SIGNS[limit.op]} {values[0]}"
    )


def _limit_note(folio: Folio, verdict: Verdict) -> str:
    if verdict.limit is None:
        return "" if verdict.origin == "none" else folio.t(f"origin.{verdict.origin}")
    return f"{folio.t(f'origin.{verdict.limit.origin}')} · {folio.t.named('decide_on', verdict.limit.decide_on)}"


def _checked(folio: Folio, verdict: Verdict) -> str:
    return "; ".join(dict.fromkeys(folio.t(f"checked.{c.checked}") for c in verdict.citations))


def _waived(folio: Folio, parts: tuple[Part, ...]) -> str:
    waivers = list(dict.fromkeys(p.waiver for p in parts if p.waiver))
    return folio.t("matrix.waived", waivers=", ".join(waivers)) if waivers else ""


def _params(folio: Folio, pack: PackRecord) -> tuple[Block, ...]:
    # On paper those alone that the spec changed: what the pack ships stands as the limit of each control.
    shown = tuple(p for p in pack.params if folio.extent.whole or p.overridden)
    rows = tuple(
        Row(
            cells=(
                Cell(text=p.label or p.name, detail=_of_pack(folio, p)),
                Cell(text=plain(folio, p.value)),
                Cell(text=folio.t(f"origin.{p.origin}")),
                _set_by(folio, p),
            )
        )
        for p in shown
    )
    left = len(pack.params) - len(shown)
    if not rows:
        return (Prose(paragraphs=(folio.t.count("matrix.params_elsewhere", left),)),) if left else ()
    note = folio.t.count("matrix.params_elsewhere", left) if left else ""
    heads = folio.columns("parameter", "value", "origin<", "set_by")
    return (folio.table("matrix.params", heads, rows, note=note, dense=True),)


def _of_pack(folio: Folio, parameter: ParameterRecord) -> str:
    told = [parameter.name] if parameter.label and folio.extent.whole else []
    return ", ".join(told + ([folio.t("matrix.imported", pack=parameter.pack)] if parameter.pack else []))


def _set_by(folio: Folio, parameter: ParameterRecord) -> Cell:
    t = folio.t
    if not parameter.overridden:
        return Cell(text=t("matrix.as_shipped"), muted=True)
    if not parameter.change:
        return Cell(text=t("matrix.overridden"), detail=parameter.rationale)
    text = t(f"matrix.{parameter.change}", shipped=plain(folio, parameter.shipped))
    return Cell(text=text, detail=parameter.rationale, strong=parameter.change == "loosened")


def _attestations(folio: Folio, pack: PackRecord) -> tuple[Block, ...]:
    rows = tuple(
        Row(
            cells=(
                Cell(text=a.control, code=True),
                Cell(text=a.answer, detail=a.note),
                Cell(text=a.person, detail=a.role),
                Cell(text=a.signed_on, detail=folio.t("fact.valid_until", date=a.valid_until) if a.valid_until else ""),
            )
        )
        for a in pack.attestations
    )
    heads = folio.columns("control=", "answer", "person=", "signed=")
    return (folio.table("matrix.attestations", heads, rows, dense=True),) if rows else ()


def _waivers(folio: Folio, pack: PackRecord) -> tuple[Block, ...]:
    t = folio.t
    rows = tuple(
        Row(
            cells=(
                Cell(text=w.control, code=True),
                Cell(text=w.reason, detail=w.ticket),
                Cell(text=w.approved_by),
                Cell(text=w.expires_on),
                Cell(text=t("matrix.waiver_used" if w.used and w.valid else "matrix.waiver_void"), detail=w.note),
            )
        )
        for w in pack.waivers
    )
    heads = folio.columns("control=", "reason", "approved_by=", "expires<", "effect=")
    return (folio.table("matrix.waivers", heads, rows, dense=True),) if rows else ()
