"""Changed rows and shifted rows stand in one table each, whatever the features are called."""

from __future__ import annotations

from collections.abc import Sequence

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.records.sections import CheckFacts, RobustnessSection
from audit.report.templating import words
from audit.report.view import EXTENTS, robustness
from audit.report.view.folio import Folio
from audit.report.view.tree import Chapter, Section, Table

NAMES = ("age", "a/b", "c=d&e", "50%")


def check(name: str, found: Sequence[Observation], status: str = "done") -> CheckFacts:
    ids = tuple(o.id for o in found)
    return CheckFacts(name=name, label=name, status=status, summary=f"{name} found.", observations=ids)  # type: ignore[arg-type]


def noise() -> list[Observation]:
    found = []
    for argument, scale in ((";scale=0.05", 0.05), ("", 0.1)):
        for measure, value in (("flip_rate", 0.031), ("score_change", 0.012), ("metric_loss", 0.002)):
            measured: Measured = handmade.estimate(value * scale * 10, 0.001, 400)
            if argument and measure == "flip_rate":
                measured = Undefined(reason="The model refuses it.")
            label = f"Words: noise of {scale} standard deviations"
            found.append(handmade.observed(f"robustness/noise_{measure}{argument}", label, measured))
        found.append(handmade.observed(f"robustness/noise_non_finite{argument}", "Words: x", Exact(value=7, n=400)))
    return found + [
        handmade.observed(f"robustness/noise_score_change/{encoded(name)}", name, handmade.estimate(0.1 * i, 0.01))
        for i, name in enumerate(NAMES)
    ]


def drift() -> list[Observation]:
    return [
        handmade.observed(f"robustness/{measure}/{encoded(name)}", name, measured)
        for name in NAMES
        for measure, measured in (
            ("psi", handmade.estimate(0.123, 0.05)),
            ("psi_critical", Exact(value=0.015, n=90)),
            ("jensen_shannon", handmade.estimate(0.2, 0.05)),
            ("drift_p_value;adjusted=holm", Exact(value=0.0007, n=90)),
        )
    ]


def record_of(*checks: tuple[str, list[Observation]]) -> AuditRecord:
    section = RobustnessSection(checks=tuple(check(name, found) for name, found in checks))
    observations = tuple(o for _, found in checks for o in found)
    return handmade.binary("inconclusive").model_copy(update={"robustness": section, "observations": observations})


def chapter_of(record: AuditRecord, extent: str = "screen") -> Chapter:
    return robustness.chapter(Folio(record, words("en"), EXTENTS[extent]))  # type: ignore[index]


def tables_of(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def test_every_severity_is_a_line_with_what_was_measured_and_what_was_not() -> None:
    (section,) = chapter_of(record_of(("noise", noise()))).sections
    changes, features = tables_of(section)
    mild, strong = changes.rows
    assert mild.cells[0].text == "Noise of 0.05 standard deviations"
    assert mild.cells[1].text == "undefined" and mild.cells[2].text == "0.006"
    assert [cell.text for cell in strong.cells[1:]] == ["0.031", "0.012", "0.002", "7", "400"]
    assert strong.cells[1].detail == "0.030 to 0.032" and strong.cells[1].source == "robustness/noise_flip_rate"
    assert [row.cells[0].text for row in features.rows] == ["50%", "c=d&e", "a/b", "age"]


def test_every_feature_is_a_line_with_its_distances_and_its_chance() -> None:
    (section,) = chapter_of(record_of(("drift", drift()))).sections
    (told,) = tables_of(section)
    assert [row.cells[0].text for row in told.rows] == list(NAMES)
    assert [c.text for c in told.rows[0].cells[1:]] == ["0.123", "0.015", "–", "–", "–", "0.200", "0.001"]
    assert "0.10 and 0.25 are customary" in told.note


def test_score_and_target_stand_below_the_features() -> None:
    score = [handmade.observed("robustness/psi_score", "s", handmade.estimate(0.3, 0.1))]
    label = [handmade.observed("robustness/psi_label", "t", handmade.estimate(0.4, 0.1))]
    drop = [handmade.observed(f"robustness/drift_auc_drop/{encoded(NAMES[1])}", "d", handmade.estimate(0.21, 0.1))]
    made = record_of(("drift", drift()), ("score_drift", score), ("label_drift", label), ("drift_classifier", drop))
    (told,) = tables_of(chapter_of(made).sections[0])
    assert [row.cells[0].text for row in told.rows[-2:]] == ["Score of the model", "Target"]
    assert [row.cells[1].text for row in told.rows[-2:]] == ["0.300", "0.400"]
    assert told.rows[1].cells[-1].text == "0.210"
    assert all(len(row.cells) == len(told.columns) for row in told.rows)


def test_paper_lists_the_first_features_and_says_where_the_rest_is() -> None:
    found = [handmade.observed(f"robustness/psi/x{i}", f"x{i}", handmade.estimate(0.1, 0.05)) for i in range(40)]
    (told,) = tables_of(chapter_of(record_of(("drift", found)), "paper").sections[0])
    assert len(told.rows) == 15 and "25 more" in told.rest


@pytest.mark.parametrize("status", ["not_run", "error"])
def test_what_was_not_run_has_no_table(status: str) -> None:
    section = RobustnessSection(checks=(check("noise", (), status), check("drift", (), status)))
    record = handmade.binary("inconclusive").model_copy(update={"robustness": section, "observations": ()})
    assert chapter_of(record).sections == ()
