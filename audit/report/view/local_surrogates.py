"""How far local surrogates can be believed: their fit and their stability, beside everything that they tell."""

from __future__ import annotations

from audit.records.measured import Measured, Undefined
from audit.records.sections import AttributionMethodFacts, Case
from audit.report.view import numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Cell, Column, Fact

MEASURES = ("local_r2", "stability")


def facts(folio: Folio, method: AttributionMethodFacts) -> list[Fact]:
    """Return the mean fit and stability over the sampled rows, where a method fits surrogates."""
    found = [(measure, folio.get(f"attribution/{method.name}/{measure}")) for measure in MEASURES]
    return [
        folio.fact(measure, folio.point(observation), folio.interval(observation))
        for measure, observation in found
        if observation is not None
    ]


def columns(folio: Folio, method: AttributionMethodFacts) -> tuple[Column, ...]:
    """Return the heads of fit and stability in the list of cases; none where nothing is a surrogate."""
    return folio.columns("local_r2#", "stability#") if any(case.surrogate for case in method.cases) else ()


def cells(folio: Folio, method: AttributionMethodFacts, case: Case) -> tuple[Cell, ...]:
    """Return fit and stability of one case under those heads."""
    if not columns(folio, method):
        return ()
    if case.surrogate is None:
        return (Cell(text=numbers.DASH, numeric=True),) * 2
    return tuple(
        Cell(text=_text(folio, measured), numeric=True) for measured in (case.surrogate.r2, case.surrogate.stability)
    )


def note(folio: Folio, case: Case) -> str:
    """Return what to read beside a case, with a space before it; nothing where it is no surrogate's."""
    if case.surrogate is None:
        return ""
    told = {"r2": _text(folio, case.surrogate.r2), "stability": _text(folio, case.surrogate.stability)}
    return " " + folio.t("attribution.case_surrogate", draws=str(case.surrogate.draws), **told)


def _text(folio: Folio, measured: Measured) -> str:
    return folio.t("number.undefined") if isinstance(measured, Undefined) else numbers.number(float(measured.value))
