"""What changed rows and shifted rows do: every kind of change in one table, every distance of a feature in another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation
from audit.records.sections import CheckFacts
from audit.report.view import numbers
from audit.report.view.folio import Folio, decoded
from audit.report.view.tree import Block, Cell, Column, Prose, Row, Section

PERTURBATIONS = {
    "noise": "noise",
    "missing_values": "missing",
    "rounding": "rounding",
    "categories": "category",
    "value_range": "range",
}
"""Check to what its measures are called."""

SHIFTS = ("drift", "score_drift", "label_drift", "drift_classifier")

TOGETHER = frozenset((*PERTURBATIONS, *SHIFTS))
"""Checks that share a section, and have none of their own."""


def sections(folio: Folio, checks: Sequence[CheckFacts]) -> tuple[Section, ...]:
    """Return one section on changed rows and one on shifted rows, each where a check of it was done."""
    done = {check.name: check for check in checks if check.status == "done"}
    found = []
    if changed := [done[name] for name in PERTURBATIONS if name in done]:
        blocks = _changed(folio, changed)
        found.append(Section(title=folio.t("robustness.changed"), anchor="robustness-changed", blocks=blocks))
    if shifted := [done[name] for name in SHIFTS if name in done]:
        blocks = _shifted(folio, shifted)
        found.append(Section(title=folio.t("robustness.shifted"), anchor="robustness-shifted", blocks=blocks))
    return tuple(section for section in found if section.blocks)


# --- changed rows -----------------------------------------------------------------------------------


def _changed(folio: Folio, checks: Sequence[CheckFacts]) -> tuple[Block, ...]:
    t = folio.t
    rows = [row for check in checks for row in _severities(folio, check)]
    if not rows:
        return ()
    heads = folio.columns("change>", "decisions_changed#", "score_change#", "metric_loss#", "not_finite#", "n#")
    if all(row.cells[1].muted for row in rows):
        # Where nothing is decided, as in a regression, a column would hold no number.
        heads, rows = (heads[0], *heads[2:]), [replace(row, cells=(row.cells[0], *row.cells[2:])) for row in rows]
    told = folio.table(
        "robustness.changed_table", heads, rows, dense=True, note=t("robustness.changed_note", level=_level(folio))
    )
    alone = _alone(folio, checks)
    return (Prose(paragraphs=(t("robustness.changed_text"),)), told, *alone)


def _severities(folio: Folio, check: CheckFacts) -> Iterable[Row]:
    stem = f"robustness/{PERTURBATIONS[check.name]}"
    overall = [id for id in check.observations if id.startswith(f"{stem}_flip_rate") and id.count("/") == 1]
    for id in overall:
        argument = id.removeprefix(f"{stem}_flip_rate")
        flips, moved, loss, gaps = (
            folio.get(f"{stem}_{measure}{argument}")
            for measure in ("flip_rate", "score_change", "metric_loss", "non_finite")
        )
        label = flips.label.partition(": ")[2] if flips else argument
        known = next((o for o in (flips, moved, loss) if o and isinstance(o.measured, Estimate | Exact)), None)
        yield Row(
            cells=(
                Cell(text=f"{label[:1].upper()}{label[1:]}"),
                folio.estimate(flips),
                folio.estimate(moved),
                folio.estimate(loss),
                folio.point(gaps),
                folio.rows_behind(known),
            )
        )


def _alone(folio: Folio, checks: Sequence[CheckFacts]) -> tuple[Block, ...]:
    """Return how far the score moves with each feature alone, one column a kind of change."""
    by_check = {check.name: _of_features(folio, check) for check in checks}
    kinds = [name for name, found in by_check.items() if found]
    if not kinds:
        return ()
    ranked: dict[str, float] = {}
    for name in kinds:
        for feature, observation in by_check[name].items():
            ranked[feature] = max(ranked.get(feature, 0.0), _size(observation))
    rows = (
        Row(cells=(Cell(text=decoded(feature)), *(folio.estimate(by_check[name].get(feature)) for name in kinds)))
        for feature in sorted(ranked, key=lambda feature: (-ranked[feature], feature))
    )
    heads = (*folio.columns("feature"), *(Column(title=folio.t(f"change.{name}"), numeric=True) for name in kinds))
    note = folio.t("robustness.alone_note")
    return (folio.table("robustness.alone_table", heads, rows, dense=True, note=note, room=_room(folio)),)


def _of_features(folio: Folio, check: CheckFacts) -> dict[str, Observation]:
    stem = f"robustness/{PERTURBATIONS[check.name]}_"
    ids = [id for id in check.observations if id.startswith(stem) and id.count("/") == 2]
    return {id.rpartition("/")[2]: o for id in ids if (o := folio.get(id))}


def _size(observation: Observation) -> float:
    measured = observation.measured
    return float(measured.value) if isinstance(measured, Estimate | Exact) else 0.0


# --- shifted rows -----------------------------------------------------------------------------------


def _shifted(folio: Folio, checks: Sequence[CheckFacts]) -> tuple[Block, ...]:
    t = folio.t
    named = {check.name: check for check in checks}
    rows = [
        *(_feature(folio, name) for name in _features(named.get("drift"))),
        *(
            _whole(folio, kind)
            for kind, check in (("score", "score_drift"), ("label", "label_drift"))
            if check in named
        ),
    ]
    if not rows:
        return (Prose(paragraphs=tuple(check.summary for check in checks if check.summary)),)
    heads = folio.columns(
        "feature", "psi#", "chance#", "ks#", "wasserstein#", "chance#", "jensen_shannon#", "p_adjusted#"
    )
    if "drift_classifier" in named:
        heads = (*heads, *folio.columns("auc_drop#"))
    else:
        rows = [Row(cells=row.cells[:-1], muted=row.muted) for row in rows]
    told = folio.table(
        "robustness.shifted_table",
        heads,
        rows,
        dense=True,
        note=t("robustness.shifted_note", level=_level(folio)),
        room=_room(folio),
    )
    return (told,)


def _features(check: CheckFacts | None) -> Iterable[str]:
    prefix = "robustness/psi/"
    return (id.removeprefix(prefix) for id in (check.observations if check else ()) if id.startswith(prefix))


def _feature(folio: Folio, name: str) -> Row:
    def get(measure: str) -> Observation | None:
        return folio.get(f"robustness/{measure}/{name}")

    return Row(
        cells=(
            Cell(text=decoded(name)),
            folio.estimate(get("psi")),
            folio.point(get("psi_critical")),
            folio.estimate(get("ks")),
            folio.estimate(get("wasserstein")),
            folio.point(get("wasserstein_critical")),
            folio.estimate(get("jensen_shannon")),
            folio.point(get("drift_p_value;adjusted=holm")),
            folio.estimate(get("drift_auc_drop")),
        )
    )


def _whole(folio: Folio, kind: str) -> Row:
    """Return the line of the score, or of the target, whose p-value stands alone and is not adjusted."""

    def get(measure: str) -> Observation | None:
        return folio.get(f"robustness/{measure}")

    return Row(
        cells=(
            Cell(text=folio.t(f"robustness.{kind}_row"), strong=True),
            folio.estimate(get(f"psi_{kind}")),
            folio.point(get(f"psi_{kind}_critical")),
            folio.estimate(get(f"ks_{kind}")),
            folio.estimate(get(f"wasserstein_{kind}")),
            folio.point(get(f"wasserstein_{kind}_critical")),
            folio.estimate(get(f"jensen_shannon_{kind}")),
            folio.point(get(f"{kind}_p_value")),
            folio.point(None),
        )
    )


def _level(folio: Folio) -> str:
    spec = folio.record.spec.performance
    return numbers.level(spec.interval.level) if spec else numbers.level(0.95)


def _room(folio: Folio) -> int | None:
    return None if folio.extent.whole else _ON_PAPER


_ON_PAPER = 15
"""Features listed on paper."""
