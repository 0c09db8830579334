"""The summary of results that New York City's Local Law 144 asks an employer to publish, in the layout of its rule."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.measured import Undefined
from audit.records.observation import Observation
from audit.records.sections import GroupFacts, GroupingFacts
from audit.report.marks import bullets, escaped, table
from audit.report.templating import words
from audit.report.view.words import Words

_AXES = (("sex",), ("race_ethnicity",), ("sex", "race_ethnicity"))
_FACTS = ("data_source_kind", "data_explanation", "distribution_date", "small_category_reason")
_SMALL = 0.02


def render(record: AuditRecord) -> bytes:
    """Return Markdown with a table for sex, for race or ethnicity and for both.

    A tool whose declared `output_kind` is score gets the layout for scores, every other one that for selections. Rates
    are rounded to a tenth of a per cent and ratios to two decimals, halves up. No category is left out: one of under
    two per cent of the rows is marked, and the declared reason to leave it out stands above. What the rule wants
    published and nobody declared is said to be missing.

    Source: 6 RCNY 5-301 and 5-303, with the worked examples of the rule.
    """
    t = words(record.spec.report.language)
    scored = record.spec.context.facts.get("output_kind") == "score"
    blocks = [f"# {escaped(t('ll144.title', model=record.subject.model.name))}", _particulars(record, t)]
    for roles in _AXES:
        title = escaped(t(f"ll144.{'_'.join(roles)}"))
        blocks += [f"## {title}", _axis(record, t, roles, scored=scored)]
    return ("\n\n".join([*blocks, escaped(t("ll144.no_verdict"))]) + "\n").encode()


def _particulars(record: AuditRecord, t: Words) -> str:
    declared = record.spec.context.facts
    lines = [t("ll144.date", date=record.provenance.date or t("fact.no_date"))]
    lines += [f"{t(f'll144.{fact}')}: {declared.get(fact) or t('fact.not_declared')}" for fact in _FACTS]
    return bullets(lines)


def _axis(record: AuditRecord, t: Words, roles: tuple[str, ...], *, scored: bool) -> str:
    grouping = _grouping(record, roles)
    if grouping is None:
        return escaped(t("ll144.not_grouped", roles=t.named("ll144", "_".join(roles))))
    found = {observation.id: observation for observation in record.observations}
    rate, ratio = ("scoring_rate", ";rate=scoring_rate") if scored else ("selection_rate", "")
    heads = [t("ll144.category"), t("ll144.applicants"), *([] if scored else [t("ll144.selected")])]
    heads += [t(f"ll144.{rate}"), t("ll144.impact_ratio")]
    known = [group for group in grouping.groups if not group.unknown]
    lines = [
        _line(
            group, found.get(f"fairness/{rate}/{group.key}"), found.get(f"fairness/impact_ratio{ratio}/{group.key}"), t
        )
        for group in known
    ]
    if scored:
        lines = [(name, rows, *rest) for name, rows, _, *rest in lines]
    unknown = sum(group.n for group in grouping.groups if group.unknown)
    note = escaped(t.count("ll144.unknown", unknown))
    return f"{table([escaped(head) for head in heads], lines)}\n\n{note}"


def _grouping(record: AuditRecord, roles: tuple[str, ...]) -> GroupingFacts | None:
    by_role = {role: column for column, role in record.spec.sensitive.roles.items()}
    columns = tuple(by_role.get(role, role) for role in roles)
    groupings = record.fairness.groupings if record.fairness else ()
    return next((g for g in groupings if sorted(g.columns) == sorted(columns)), None)


def _line(group: GroupFacts, rate: Observation | None, ratio: Observation | None, t: Words) -> tuple[str, ...]:
    share, beside, none = _value(rate), _value(ratio), t("number.undefined")
    return (
        t("ll144.small", name=group.label) if group.share < _SMALL else group.label,
        f"{group.n:,}",
        none if share is None else f"{round(share * group.n):,}",
        none if share is None else f"{_rounded(100 * share, 1)}%",
        none if beside is None else _rounded(beside, 2),
    )


def _rounded(value: float, decimals: int) -> str:
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _value(observation: Observation | None) -> float | None:
    if observation is None or isinstance(observation.measured, Undefined):
        return None
    return float(observation.measured.value)


FORMAT = OutputFormat(
    name="ll144_summary",
    suffix=".md",
    media_type="text/markdown; charset=utf-8",
    render=render,
    stem="ll144-summary",
)
