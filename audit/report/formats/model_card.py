"""The audit as a Model Card of nine sections, with the metadata by which model hubs index its figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.measured import Undefined
from audit.records.observation import Observation
from audit.records.sections import GroupingFacts, TableFacts
from audit.report.marks import bullets, escaped, table
from audit.report.templating import words
from audit.report.view import EXTENTS, front
from audit.report.view.folio import Folio

_TASKS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
    "ranking_score": "tabular-classification",
}
_GROUP_MEASURES = 4
_SECTIONS = (
    "details", "use", "factors", "metrics", "evaluation_data", "training_data", "analyses", "ethics", "caveats",
)  # fmt: skip


def render(record: AuditRecord) -> bytes:
    """Return Markdown under a YAML head that holds a `model-index`.

    What nobody declared is said to be undeclared: a card without its section would look complete.

    Source: M. Mitchell et al., Model Cards for Model Reporting, 2019, doi:10.1145/3287560.3287596.
    """
    folio = Folio(record, words(record.spec.report.language), EXTENTS["screen"])
    head = yaml.safe_dump(_head(record), sort_keys=False, allow_unicode=True)
    written = {
        "details": _details, "use": _use, "factors": _factors, "metrics": _metrics, "evaluation_data": _evaluation,
        "training_data": _training, "analyses": _analyses, "ethics": _ethics, "caveats": _caveats,
    }  # fmt: skip
    sections = (f"## {folio.t(f'model_card.{name}')}\n\n{written[name](folio)}" for name in _SECTIONS)
    title = f"# {escaped(folio.t('model_card.title', model=record.subject.model.name))}"
    return ("\n\n".join([f"---\n{head}---", title, *sections]) + "\n").encode()


def _head(record: AuditRecord) -> dict[str, Any]:
    subject, task = record.subject, _TASKS[record.subject.task]
    audited = next((t for t in subject.tables if t.role == "test"), None) or next(iter(subject.tables), None)
    name = audited.name if audited else "audited rows"
    metrics = [
        {"type": o.id.partition("/")[2], "value": o.measured.value, "name": o.label, "verified": False}
        for o in _headline(record)
        if not isinstance(o.measured, Undefined)
    ]
    result = {
        "task": {"type": task},
        "dataset": {"name": name, "type": "tabular", "split": subject.headline_scope},
        "metrics": metrics,
    }
    head: dict[str, Any] = {"tags": ["model-audit", task], "pipeline_tag": task}
    # An index without figures is refused by the hubs that read it.
    return head | ({"model-index": [{"name": subject.model.name, "results": [result]}]} if metrics else {})


def _headline(record: AuditRecord) -> Iterator[Observation]:
    return (o for o in record.observations if o.id.startswith("performance/") and o.id.count("/") == 1)


def _details(folio: Folio) -> str:
    record, t = folio.record, folio.t
    context, model = record.spec.context, record.subject.model
    undeclared = t("fact.not_declared")
    facts = (
        ("model", model.name), ("type", model.type), ("version", context.version or undeclared),
        ("owner", context.owner or undeclared), ("task", t(f"task.{record.subject.task}")),
        ("date", record.provenance.date or t("fact.no_date")), ("sha256", model.sha256 or undeclared),
    )  # fmt: skip
    return bullets([f"{t(f'fact.{name}')}: {value}" for name, value in facts])


def _use(folio: Folio) -> str:
    context, t = folio.record.spec.context, folio.t
    purpose = context.purpose or t("fact.not_declared")
    return bullets(
        [
            t("condition.purpose", purpose=purpose),
            *(t("condition.out_of_scope", use=use) for use in context.out_of_scope),
        ]
    )


def _factors(folio: Folio) -> str:
    section = folio.record.fairness
    if section is None or not section.groupings:
        return escaped(folio.t("model_card.no_groups"))
    return bullets([_groups_line(grouping) for grouping in section.groupings])


def _groups_line(grouping: GroupingFacts) -> str:
    return f"{' × '.join(grouping.columns)}: " + ", ".join(f"{g.label} ({g.n:,})" for g in grouping.groups)


def _metrics(folio: Folio) -> str:
    rows = [(o.label, folio.phrase(o), folio.rows_behind(o).text) for o in _headline(folio.record)]
    heads = [column.title for column in folio.columns("measure", "value", "rows")]
    lines = [table(heads, rows) or escaped(folio.t("model_card.not_measured"))]
    threshold = folio.record.subject.threshold
    if threshold is not None and folio.record.subject.positive is not None:
        lines.append(
            escaped(folio.t("condition.threshold", threshold=f"{threshold:g}", positive=folio.record.subject.positive))
        )
    return "\n\n".join(lines)


def _evaluation(folio: Folio) -> str:
    tables = [t for t in folio.record.subject.tables if t.role in ("test", "reference")]
    return _tables(folio, tables or [t for t in folio.record.subject.tables if t.role == "train"])


def _training(folio: Folio) -> str:
    return _tables(folio, [t for t in folio.record.subject.tables if t.role == "train"])


def _tables(folio: Folio, tables: list[TableFacts]) -> str:
    if not tables:
        return escaped(folio.t("model_card.no_table"))
    return bullets(
        [folio.t("model_card.table", name=t.name, used=f"{t.rows_used:,}", rows=f"{t.rows:,}") for t in tables]
    )


def _analyses(folio: Folio) -> str:
    section = folio.record.fairness
    if section is None or not section.groupings:
        return escaped(folio.t("model_card.no_groups"))
    return "\n\n".join(_by_group(folio, grouping) for grouping in section.groupings)


def _by_group(folio: Folio, grouping: GroupingFacts) -> str:
    section = folio.record.fairness
    assert section is not None
    measures = section.measures[:_GROUP_MEASURES]
    rows = []
    for group in grouping.groups:
        found = [folio.get(f"fairness/{m.name}/{group.key}") for m in measures]
        rows.append((group.label, f"{group.n:,}", *(folio.phrase(o) if o else "" for o in found)))
    heads = [" × ".join(grouping.columns), folio.t("column.rows"), *(m.label for m in measures)]
    return table([escaped(head) for head in heads], rows)


def _ethics(folio: Folio) -> str:
    context = folio.record.spec.context
    lines = [str(context.facts.get("ethical_considerations") or folio.t("fact.not_declared"))]
    if folio.record.subject.sensitive_in_model:
        lines.append(folio.t("summary.sensitive_in_model", names=", ".join(folio.record.subject.sensitive_in_model)))
    return bullets(lines)


def _caveats(folio: Folio) -> str:
    record, t, answer = folio.record, folio.t, front.answer(folio)
    declared = record.spec.context.facts.get("caveats")
    lines = [f"{answer.word}. {answer.sentence}", t(f"condition.{record.conclusion.outcome}")]
    lines += [str(declared)] if declared else []
    return bullets([*lines, t("summary.not_certificate"), t("condition.change")])


FORMAT = OutputFormat(
    name="model_card", suffix=".md", media_type="text/markdown; charset=utf-8", render=render, stem="model-card"
)
