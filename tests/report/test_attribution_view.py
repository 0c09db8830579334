"""The chapter on attributions finds what belongs to a class, whatever the class is called."""

from __future__ import annotations

import handmade
import pytest

from audit.records.measured import Exact, Undefined
from audit.records.observation import encoded
from audit.records.sections import Surrogate
from audit.report.templating import words
from audit.report.view import EXTENTS, attribution, column_groups
from audit.report.view.folio import Folio
from audit.report.view.tree import Facts, Figure, Pair, Table

HOSTILE = ("a/b", "c=d&e", "50%", "%41;")


@pytest.mark.parametrize("names", [HOSTILE, ("setosa", "versicolor", "virginica")])
def test_each_class_has_its_table_and_its_densities(names: tuple[str, ...]) -> None:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    shap = record.attribution.methods[0]
    shap = shap.model_copy(update={"beeswarm": dict.fromkeys(names, shap.beeswarm[""])})
    found = tuple(
        handmade.observed(
            f"attribution/shap/global/{encoded(f)}/class={encoded(name)}", f, handmade.estimate(0.2, 0.02, 38)
        )
        for name in names
        for f in shap.features
    )
    section = record.attribution.model_copy(update={"methods": (shap,)})
    made = record.model_copy(update={"attribution": section, "observations": found})
    folio = Folio(made, words("en"), EXTENTS["screen"])
    chapter = attribution.chapter(folio)
    blocks = chapter.sections[0].blocks
    pairs = [b for b in blocks if isinstance(b, Pair)]
    swarms = [b for b in blocks if isinstance(b, Figure)]
    assert len(pairs) == len(swarms) == len(names)
    for name, pair, swarm in zip(names, pairs, swarms, strict=True):
        assert name in pair.table.caption and len(pair.table.rows) == len(shap.features)
        assert name in swarm.title


def test_groups_of_columns_are_told_by_their_totals_and_groups_of_one_are_not() -> None:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    shap = record.attribution.methods[0]
    first, second, *rest = shap.features
    groups = {"a/b": (first, second), **{name: (name,) for name in rest}}
    method = shap.model_copy(update={"groups": groups})
    found = [
        handmade.observed(f"attribution/shap/group={encoded(name)}", name, handmade.estimate(0.2, 0.02, 38))
        for name in groups
    ]
    made = record.model_copy(update={"observations": (*record.observations, *found)})
    (table,) = column_groups.blocks(Folio(made, words("en"), EXTENTS["screen"]), method)
    assert [[cell.text for cell in row.cells[:2]] for row in table.rows] == [["a/b", f"{first}, {second}"]]
    assert column_groups.blocks(Folio(record, words("en"), EXTENTS["screen"]), shap) == ()


@pytest.mark.parametrize("extent", ["screen", "paper"])
def test_a_surrogate_is_never_told_without_its_fit_and_its_stability(extent: str) -> None:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    shap = record.attribution.methods[0]
    told = Surrogate(r2=Exact(value=0.317, n=1), stability=Undefined(reason="One column has no ranks."), draws=5)
    cases = tuple(case.model_copy(update={"surrogate": told}) for case in shap.cases)
    assert cases
    lime = shap.model_copy(update={"name": "lime", "label": "LIME", "cases": cases})
    found = tuple(
        handmade.observed(f"attribution/lime/{id}", id, handmade.estimate(0.412, 0.02, 38))
        for id in ("local_r2", "stability", *(f"global/{encoded(f)}" for f in shap.features))
    )
    section = record.attribution.model_copy(update={"methods": (lime,)})
    made = record.model_copy(update={"attribution": section, "observations": found})
    chapter = attribution.chapter(Folio(made, words("en"), EXTENTS[extent]))
    sections = {section.anchor: section for section in chapter.sections}
    method, listed = sections["attribution-lime"], sections["attribution-cases"]
    facts = next(block for block in method.blocks if isinstance(block, Facts))
    assert sum("0.412" in fact.values[0].text for fact in facts.facts) == 2
    tables = [block for block in listed.blocks if isinstance(block, Table)]
    assert all("0.317" in [cell.text for cell in row.cells] for table in tables[:1] for row in table.rows)
    pairs = [block for block in listed.blocks if isinstance(block, Pair)]
    notes = [pair.text if extent == "paper" else pair.table.note for pair in pairs]
    assert notes and all("explains 0.317" in note and "5 draws" in note for note in notes)
    # The same cases without a surrogate have neither.
    plain = made.model_copy(update={"attribution": record.attribution})
    text = repr(attribution.chapter(Folio(plain, words("en"), EXTENTS[extent])))
    assert "Local R²" not in text and "linear surrogate" not in text
