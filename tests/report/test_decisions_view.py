"""What the sections on decisions, comparison and thresholds by group make of a record: words, cells and places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.measured import Exact, Undefined
from audit.records.sections import Curve, MeasureFacts, PeerFacts
from audit.records.spec import CostsSpec
from audit.report.templating import words
from audit.report.view import EXTENTS, comparison, decisions, thresholds
from audit.report.view.folio import Folio
from audit.report.view.tree import Figure, Pair, Prose, Table

AT = (0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 0.9)
COST = MeasureFacts(name="expected_cost", label="Expected cost", higher_is_better=False)


def line(y: tuple[float, ...], label: str, x: tuple[float, ...] = AT) -> Curve:
    low, high = tuple(v - 0.05 for v in y), tuple(v + 0.05 for v in y)
    return Curve(x_label="Threshold", y_label=label, x=x, y=y, low=low, high=high, method="wilson")


def record(**found: Any) -> AuditRecord:
    """The hand-made binary record with a challenger, costs and thresholds by group."""
    made = handmade.binary()
    assert made.performance is not None and made.fairness is not None
    name = made.performance.headline
    observations = (
        *made.observations,
        handmade.observed(f"performance/{name}/challenger", "challenger", handmade.estimate(0.7, 0.05)),
        handmade.observed(f"performance/{name}/challenger/difference", "less", handmade.estimate(0.0412, 0.02)),
        handmade.observed(f"performance/{name}/challenger/p_value", "p", Exact(value=0.0271757, n=100)),
        handmade.observed(f"performance/{name}/challenger/p_value/holm", "p", Exact(value=0.0543514, n=100)),
        handmade.observed("performance/expected_cost", "cost", handmade.estimate(0.31, 0.02)),
        handmade.observed("performance/expected_cost/all_positive", "cost", handmade.estimate(0.77, 0.02)),
        handmade.observed("performance/cost_threshold/theory", "at", Exact(value=0.1667, n=100)),
        handmade.observed("performance/expected_cost/theory_threshold", "cost", handmade.estimate(0.29, 0.02)),
        handmade.observed("performance/cost_threshold/empirical", "at", Undefined(reason="There are no other rows.")),
        handmade.observed(
            "performance/expected_cost/empirical_threshold", "cost", Undefined(reason="There are no other rows.")
        ),
        handmade.observed("performance/net_benefit", "benefit", handmade.estimate(0.12, 0.02)),
    )
    curves = {
        **made.performance.curves,
        "net_benefit": {"": line((0.3, 0.2, 0.1, 0.1, 0.1, 0.0, 0.0), "Net benefit")},
        "threshold_table": {
            "precision": line((0.3, 0.4, 0.5), "Precision", AT[:3]),
            "f1": line((0.4, 0.5, 0.6, 0.5, 0.4, 0.2, 0.1), "F1"),
        },
    }
    performance = made.performance.model_copy(
        update={
            "curves": curves,
            "decisions": (COST,),
            "peers": (*made.performance.peers, PeerFacts(name="challenger", type="last year's", threshold=0.25)),
        }
    )
    grouping = made.fairness.groupings[0]
    rates = {g.key: line((1.0, 0.9, 0.8, 0.6, 0.5, 0.2, 0.1), "Selection rate") for g in grouping.groups}
    ratio = {"": line((1.0, 0.95, 0.9, 0.8, 0.7, 0.4, 0.3), "Impact ratio")}
    fairness = made.fairness.model_copy(
        update={"thresholds": {grouping.key: {"selection_rate": rates, "impact_ratio": ratio}}}
    )
    costs = CostsSpec(false_positive=1, false_negative=5)
    spec = made.spec.model_copy(update={"decision": made.spec.decision.model_copy(update={"costs": costs})})
    update = {"observations": observations, "performance": performance, "fairness": fairness, "spec": spec, **found}
    return made.model_copy(update=update)


def folio(made: AuditRecord, medium: Literal["screen", "paper"] = "screen") -> Folio:
    return Folio(made, words("en"), EXTENTS[medium])


def texts(blocks: Any) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Prose):
            yield from block.paragraphs
        if isinstance(block, Pair):
            yield block.text
        held = block.table if isinstance(block, Pair) else block
        if isinstance(held, Table):
            yield from (text for row in held.rows for cell in row.cells for text in (cell.text, cell.detail))


def test_the_comparison_shows_difference_p_value_and_its_adjustment() -> None:
    made = record()
    assert made.performance is not None
    blocks = comparison.blocks(folio(made), made.performance)
    assert any(isinstance(block, Figure) for block in blocks)
    shown = list(texts(blocks))
    assert "Challenger" in shown and "0.041" in shown and "0.027" in shown
    assert any("Holm" in text and "0.054" in text for text in shown)
    assert any("decides at 0.25" in text for text in shown)


def test_decisions_show_every_rule_and_say_what_could_not_be_found() -> None:
    made = record()
    assert made.performance is not None
    shown = list(texts(decisions.blocks(folio(made), made.performance)))
    assert any("false negative 5" in text for text in shown)
    assert "0.31" in shown or "0.310" in shown
    assert "There are no other rows." in shown
    assert shown.count("undefined") >= 2
    assert any("0.12" in text and "threshold" in text for text in shown)


def test_without_costs_or_scores_there_is_no_such_section() -> None:
    made = handmade.multiclass()
    assert made.performance is not None
    assert decisions.blocks(folio(made), made.performance) == ()


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_groups_over_thresholds_hold_the_threshold_of_the_audit(medium: Literal["screen", "paper"]) -> None:
    made = record()
    assert made.fairness is not None
    made = made.model_copy(update={"subject": made.subject.model_copy(update={"threshold": 0.8})})
    blocks = thresholds.blocks(folio(made, medium), made.fairness, made.fairness.groupings[0])
    (table,) = [b.table if isinstance(b, Pair) else b for b in blocks if isinstance(b, Pair | Table)]
    heads = [column.title for column in table.columns]
    assert "0.8" in heads and heads[1:] == sorted(heads[1:], key=float)
    assert len(heads) == (6 if medium == "screen" else 5)
    assert table.rows[-1].cells[0].text == "Impact ratio"
    assert table.rows[-1].cells[heads.index("0.8")].text == "0.400"
    assert thresholds.blocks(folio(made, medium), made.fairness, made.fairness.groupings[-1]) == ()


def test_what_these_sections_show_is_not_listed_again_as_further() -> None:
    for id in (
        "performance/roc_auc/challenger/p_value/holm",
        "performance/roc_auc/dummy/difference",
        "performance/f1/macro/challenger/difference",
        "performance/accuracy/baseline/only_model_right",
        "performance/roc_auc/challenger/z",
    ):
        assert comparison.places(id)
    assert not comparison.places("performance/roc_auc/train/difference")
    assert decisions.places("performance/net_benefit/challenger/difference")
    assert not decisions.places("performance/roc_auc")
