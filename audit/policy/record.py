"""Packs as the record keeps them: their standing in law, parameters, and what people stated and accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit.policy.attestations import Attestation, Waiver
from audit.policy.case import Case
from audit.policy.facts import Answer, declared_as
from audit.policy.judge import applicability, unknown_facts
from audit.policy.pack import Control, Header, Pack
from audit.policy.phrases import listed
from audit.policy.read import ResolvedPack
from audit.policy.statements import (
    attestation_fault,
    attestations_of,
    covers,
    valid_until,
    waiver_fault,
    waivers_of,
)
from audit.records.policy import AttestationRecord, PackRecord, WaiverRecord
from audit.records.verdict import Verdict


def pack_records(packs: Sequence[ResolvedPack], case: Case, verdicts: Sequence[Verdict]) -> tuple[PackRecord, ...]:
    """Return every pack with what was resolved, declared and stated about it."""
    return tuple(_record(resolved, case, verdicts) for resolved in packs)


def statement_warnings(packs: Sequence[ResolvedPack], case: Case, records: Sequence[PackRecord]) -> tuple[str, ...]:
    """Return a sentence for each attestation and waiver that had no effect, and for each re-check that is overdue."""
    return (*_overlooked(packs, case), *_ineffective(records), *(r.banner for r in records if r.banner))


def _record(resolved: ResolvedPack, case: Case, verdicts: Sequence[Verdict]) -> PackRecord:
    pack, header = resolved.pack, resolved.pack.pack
    applies = applicability(pack, case)
    return PackRecord(
        id=header.id,
        version=header.version,
        title=header.title,
        kind=header.kind,
        sha256=resolved.digest.sha256,
        status=header.authority.status,
        instrument=header.authority.instrument,
        citation=header.authority.citation,
        issuer=header.authority.issuer,
        frozen_on=case.frozen_on,
        checked_on=header.authority.checked_on,
        recheck_by=header.authority.recheck_by,
        banner=_banner(header, case) or None,
        caveats=header.caveats,
        applicable={True: "yes", False: "no", None: "unknown"}[applies.holds],
        applicability_reason=_because(applies),
        params=resolved.params,
        attestations=tuple(_attestations(pack, case)),
        waivers=tuple(_waivers(pack, case, verdicts)),
        questions=tuple(
            f"What is {name}? Declare it as {declared_as(name)}." for name in unknown_facts(pack, case, verdicts)
        ),
        source=resolved.source,
    )


def _banner(header: Header, case: Case) -> str:
    authority, today = header.authority, case.today.isoformat()
    told = []
    if authority.status in ("superseded", "rescinded", "withdrawn", "proposed", "adopted_not_yet_applicable"):
        told.append(f"{authority.instrument} is {authority.status.replace('_', ' ')}")
    if authority.superseded_by:
        told.append(f"it is superseded by {authority.superseded_by}")
    if authority.applies_from and today < authority.applies_from:
        told.append(f"it applies only from {authority.applies_from}")
    if authority.applies_until and authority.applies_until < today:
        told.append(f"it applied until {authority.applies_until}")
    if authority.recheck_by < today:
        told.append(f"this pack was due to be checked again by {authority.recheck_by}")
    return f"Beware: {listed(told)}." if told else ""


def _because(applies: Answer) -> str:
    match applies.holds:
        case True:
            return f"Applies: {listed(applies.because)}." if applies.because else "Applies to every audit."
        case False:
            return f"Does not apply: {listed(applies.because)}."
        case None:
            return f"Nobody declared {listed(applies.unknown)}."


def _attestations(pack: Pack, case: Case) -> Iterator[AttestationRecord]:
    for control in pack.controls:
        for item in attestations_of(control.id, pack, case):
            question = control.attestation
            until = valid_until(item, question) if question else None
            yield AttestationRecord(
                control=control.id,
                answer=item.answer,
                person=item.person,
                role=item.role,
                signed_on=item.signed_on,
                valid_until=until.isoformat() if until else None,
                note=_attestation_note(item, control, pack, case),
            )


def _attestation_note(item: Attestation, control: Control, pack: Pack, case: Case) -> str:
    if control.attestation is None:
        return "Does not count: the control asks for no statement."
    fault = attestation_fault(item, control.attestation, pack, case)
    return f"Does not count: {fault}." if fault else item.note


def _waivers(pack: Pack, case: Case, verdicts: Sequence[Verdict]) -> Iterator[WaiverRecord]:
    for control in pack.controls:
        for waiver in waivers_of(control.id, pack, case):
            fault = waiver_fault(waiver, control, pack, case)
            used = not fault and _used(waiver, control, pack, case, verdicts)
            note = f"Counts for nothing: {fault}." if fault else "" if used else "Nothing that it covers failed."
            yield WaiverRecord(
                control=control.id,
                reason=waiver.reason,
                approved_by=f"{waiver.approved_by} ({waiver.approver_role})",
                expires_on=waiver.expires_on,
                ticket=waiver.ticket,
                used=used,
                valid=not fault,
                note=note,
            )


def _used(waiver: Waiver, control: Control, pack: Pack, case: Case, verdicts: Sequence[Verdict]) -> bool:
    mine = [verdict for verdict in verdicts if (verdict.pack, verdict.control) == (pack.name, control.id)]
    return any(part.waiver and covers(waiver, part, control, case) for verdict in mine for part in verdict.parts)


def _overlooked(packs: Sequence[ResolvedPack], case: Case) -> Iterator[str]:
    known = {(resolved.pack.pack.id, control.id) for resolved in packs for control in resolved.pack.controls}
    statements: list[tuple[str, Attestation | Waiver]] = [
        *(("attestation", item) for item in case.statements.attestations),
        *(("waiver", item) for item in case.statements.waivers),
    ]
    for what, item in statements:
        if (item.pack.partition("@")[0], item.control) not in known:
            yield f"An {what} names {item.pack}/{item.control}, which no pack of this audit has.".replace("An w", "A w")


def _ineffective(records: Sequence[PackRecord]) -> Iterator[str]:
    for record in records:
        for waiver in record.waivers:
            if not waiver.used:
                name = f"waiver {waiver.ticket}".strip()
                yield f"The {name} of {record.id}/{waiver.control} had no effect: {waiver.note}"
        for item in record.attestations:
            if item.note.startswith("Does not count"):
                yield f"The attestation of {record.id}/{item.control} by {item.person} had no effect: {item.note}"
