"""The report shows gaps, the learning curve and repeated folds, each once, and none of them where there are none."""

from __future__ import annotations

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.measured import Exact
from audit.records.sections import CrossValidation, Curve, FoldFacts
from audit.report.templating import words
from audit.report.view import EXTENTS, overfitting, performance
from audit.report.view.folio import Folio
from audit.report.view.tree import Pair, Table


def curve(*y: float) -> Curve:
    x, low, high = (100.0, 200.4), tuple(v - 0.05 for v in y), tuple(v + 0.05 for v in y)
    return Curve(x_label="Training rows", y_label="ROC AUC", x=x, y=y, low=low, high=high)


@pytest.fixture
def record() -> AuditRecord:
    made = handmade.binary("inconclusive")
    assert made.performance is not None
    folds = tuple(FoldFacts(fold=k, train_rows=160, test_rows=40) for k in (1, 2))
    section = made.performance.model_copy(
        update={
            "curves": {
                **made.performance.curves,
                "learning": {"training": curve(0.9, 0.85), "validation": curve(0.7, 0.8)},
            },
            "cross_validation": CrossValidation(done=True, by="plain", folds=folds, repeats=3),
        }
    )
    found = [
        ("roc_auc/train/difference", handmade.estimate(0.0123, 0.04)),
        ("roc_auc/cross_validated/repeat=1", handmade.estimate(0.711, 0.05)),
        ("roc_auc/cross_validated/repeat_sd", Exact(value=0.0077, n=200)),
        ("learning_curve/gain", handmade.estimate(0.0341, 0.05)),
        ("learning_curve/gap", handmade.estimate(0.0567, 0.05)),
    ]
    known = {o.id for o in made.observations}
    more = tuple(handmade.observed(f"performance/{n}", n, m) for n, m in found if f"performance/{n}" not in known)
    return made.model_copy(update={"performance": section, "observations": (*made.observations, *more)})


def test_all_of_it_is_shown(record: AuditRecord) -> None:
    folio = Folio(record, words("en"), EXTENTS["paper"])
    assert record.performance is not None
    blocks = overfitting.blocks(folio, record.performance)
    pair = next(b for b in blocks if isinstance(b, Pair))
    assert "0.034" in pair.text and "0.057" in pair.text
    assert [row.cells[0].text for row in pair.table.rows] == ["100", "200"]
    assert [cell.text for cell in pair.table.rows[1].cells[1:]] == ["0.850", "0.800"]
    gaps = next(b for b in blocks if isinstance(b, Table))
    assert gaps.rows[0].cells[3].text == "0.012"
    (repeats,) = overfitting.repeats(folio, record.performance)
    assert isinstance(repeats, Table) and [c.text for c in repeats.rows[0].cells[2:]] == ["0.711", "0.008"]


def test_nothing_of_it_is_listed_again_or_drawn_among_the_curves(record: AuditRecord) -> None:
    folio = Folio(record, words("en"), EXTENTS["screen"])
    sections = {s.anchor: s for s in performance.chapter(folio).sections}
    assert "performance-overfitting" in sections and "performance-learning" not in sections
    listed = sections.get("performance-further")
    told = [row.cells[0].detail for b in (listed.blocks if listed else ()) if isinstance(b, Table) for row in b.rows]
    assert not any("learning_curve" in id or id.endswith("/train/difference") for id in told)


def test_without_any_there_is_no_section() -> None:
    made = handmade.binary("inconclusive")
    assert made.performance is not None
    bare = made.model_copy(update={"observations": ()})
    folio = Folio(bare, words("en"), EXTENTS["paper"])
    assert overfitting.blocks(folio, made.performance) == ()
