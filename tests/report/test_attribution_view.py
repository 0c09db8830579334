"""The chapter on attributions finds what belongs to a class, whatever the class is called."""

from __future__ import annotations

import handmade
import pytest

from audit.records.observation import encoded
from audit.report.templating import words
from audit.report.view import EXTENTS, attribution
from audit.report.view.folio import Folio
from audit.report.view.tree import Figure, Pair

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
