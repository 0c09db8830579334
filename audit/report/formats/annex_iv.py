"""A skeleton of the technical documentation after Annex IV of the EU AI Act, filled with what this audit measured."""

from __future__ import annotations

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.policy import AttestationRecord
from audit.records.verdict import Verdict
from audit.report.marks import bullets, escaped
from audit.report.templating import words
from audit.report.view.words import Words

_PACK = "eu-ai-act-high-risk"
_ITEM = "AIA-IV-"


def render(record: AuditRecord) -> bytes:
    """Return Markdown with a heading for each item of Annex IV, in its order.

    Under each stands what was measured and stated, and a place to be filled in; nothing is called complete. An audit
    that did not name the pack has no items, and the file says which key to add.

    Source: Regulation (EU) 2024/1689, Annex IV.
    """
    t = words(record.spec.report.language)
    items = [v for v in record.verdicts if v.pack.partition("@")[0] == _PACK and v.control.startswith(_ITEM)]
    head = f"# {escaped(t('annex_iv.title', model=record.subject.model.name))}"
    lead = bullets(
        [
            t("annex_iv.date", date=record.provenance.date or t("fact.no_date")),
            t("annex_iv.record", digest=record.digest or t("cover.unsealed")),
            t("annex_iv.skeleton"),
        ]
    )
    blocks = [_item(verdict, record, t) for verdict in items] or [escaped(t("annex_iv.no_pack", pack=_PACK))]
    return ("\n\n".join([head, lead, *blocks]) + "\n").encode()


def _item(verdict: Verdict, record: AuditRecord, t: Words) -> str:
    lines = [part.reason for part in verdict.parts if part.outcome == "recorded"]
    lines += [
        t("annex_iv.stated", answer=a.answer, person=a.person, role=a.role, date=a.signed_on)
        for a in _stated(verdict, record)
    ]
    open_ = verdict.outcome not in ("recorded", "attested", "pass")
    lines += [t("annex_iv.open", reason=verdict.reason)] if open_ else []
    return f"## {escaped(verdict.title)}\n\n{bullets(lines)}\n\n_{escaped(t('annex_iv.write'))}_"


def _stated(verdict: Verdict, record: AuditRecord) -> list[AttestationRecord]:
    return [a for pack in record.packs if pack.id == _PACK for a in pack.attestations if a.control == verdict.control]


FORMAT = OutputFormat(
    name="annex_iv", suffix=".md", media_type="text/markdown; charset=utf-8", render=render, stem="annex-iv"
)
