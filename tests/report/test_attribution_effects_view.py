"""Effects, pairs, directions and surrogates are shown whole on screen, and in one drawing or a short table on paper."""

from __future__ import annotations

from typing import Literal

import handmade
import pytest

from audit.records.effects import DrawnNode, Effect, EffectLine, PairEffect
from audit.records.measured import Estimate, Exact
from audit.records.sections import AttributionMethodFacts
from audit.report.templating import words
from audit.report.view import (
    EXTENTS,
    attribution,
    attribution_effects,
    attribution_importance,
    attribution_pairs,
    attribution_surrogates,
)
from audit.report.view.folio import Folio
from audit.report.view.tree import Figure, Prose, Table

HOSTILE = "a/b=c&d{e}"


def estimate(value: float) -> Estimate:
    return Estimate(value=value, low=value - 0.1, high=value + 0.1, level=0.95, method="linearised_t", n=40)


def effect(feature: str, *keys: str, classes: tuple[str, ...] = ("",), categories: tuple[str, ...] = ()) -> Effect:
    lines = [
        EffectLine(
            kind="group" if key else "overall", key=key, class_=c, y=(0.0, 0.1), low=(0.0, 0.0), high=(0.1, 0.2), n=9
        )
        for c in classes
        for key in ("", *keys)
    ]
    return Effect(
        feature=feature,
        x=(0.0, 1.0),
        categories=categories,
        density=(1.0,),
        lines=tuple(lines),
        ends=(0, 1),
        level=0.95,
    )


def folio(method: AttributionMethodFacts, observations: dict[str, float], medium: Literal["screen", "paper"]) -> Folio:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    found = tuple(
        handmade.observed(id, id, Exact(value=v, n=9) if id.endswith("largest") else estimate(v))
        for id, v in observations.items()
    )
    section = record.attribution.model_copy(update={"methods": (method,)})
    made = record.model_copy(update={"attribution": section, "observations": found})
    return Folio(made, words("en"), EXTENTS[medium])


def facts(**fields: object) -> AttributionMethodFacts:
    return AttributionMethodFacts.model_validate(
        {"name": "m", "label": "Method", "status": "done", "scale": "probability", **fields}
    )


def test_on_paper_one_drawing_holds_all_rows_and_two_groupings() -> None:
    keys = ("sex=f", "sex=m", "race=x", "race=y", "age=1", "age=2")
    method = facts(effects=tuple(effect(f"f{i}", *keys) for i in range(6)), features=[f"f{i}" for i in range(6)])
    told = {f"attribution/m/change/f{i}{tail}": 0.25 for i in range(6) for tail in ("", *(f"/{k}" for k in keys))}
    (figure,) = attribution_effects.blocks(folio(method, told, "paper"), method)
    assert isinstance(figure, Figure)
    assert [text in figure.svg for text in ("By sex", "By race", "By age")] == [True, True, False]
    *figures, table = attribution_effects.blocks(folio(method, told, "screen"), method)
    assert len(figures) == 4 and isinstance(table, Table) and len(table.rows) == 8
    assert [column.title for column in table.columns[1:]] == ["f0", "f1", "f2", "f3", "f4"]
    assert [column.detail for column in table.columns[1:]] == ["0 to 1"] * 5
    assert [row.cells[0].text for row in table.rows[1:]] == ["Change, all rows", *(f"Change, {key}" for key in keys)]
    assert {cell.text for row in table.rows[1:] for cell in row.cells[1:]} == {"0.250"}


def test_classes_are_lines_of_one_drawing_and_tables_of_their_own() -> None:
    method = facts(effects=(effect("f", "sex=f", classes=("x", HOSTILE), categories=("no", "yes")),), features=["f"])
    told = {"attribution/m/change/f/class=x": 0.5, "attribution/m/change/f/class=a%2Fb%3Dc%26d{e}": 0.75}
    figure, *tables = attribution_effects.blocks(folio(method, told, "screen"), method)
    assert isinstance(figure, Figure) and "All rows, by class" in figure.svg
    shown = [table.rows[1].cells[1].text for table in tables if isinstance(table, Table)]
    assert shown == ["0.500", "0.750"]
    assert isinstance(tables[0], Table) and tables[0].columns[1].detail == "no to yes"
    (figure,) = attribution_effects.blocks(folio(method, told, "paper"), method)
    assert isinstance(figure, Figure)


def test_names_with_signs_of_ids_are_found() -> None:
    method = facts(effects=(effect(HOSTILE, "s%3D=f%26m"),), features=[HOSTILE])
    told = {"attribution/m/change/a%2Fb%3Dc%26d{e}": 0.5, "attribution/m/change/a%2Fb%3Dc%26d{e}/s%3D=f%26m": 0.75}
    *_, table = attribution_effects.blocks(folio(method, told, "screen"), method)
    assert isinstance(table, Table)
    assert [row.cells[1].text for row in table.rows] == ["–", "0.500", "0.750"]
    assert table.rows[2].cells[0].text == "Change, s==f&m"


def test_pairs_are_told_and_drawn() -> None:
    pair = PairEffect(features=("a", "b"), x=(0.0, 1.0), y=(2.0, 3.5), values=((0.1, -0.1), (0.0, 0.2)), counts=((4,),))
    method = facts(pairs=(pair,), features=["a × b"])
    told = {f"attribution/m/{what}/{i}&b": 0.3 for i in "acdef" for what in ("size", "h_squared")}
    table, figure = attribution_pairs.blocks(folio(method, told, "screen"), method)
    assert isinstance(table, Table) and table.rows[0].cells[0].text == "a × b" and len(table.rows) == 5
    assert isinstance(figure, Figure) and "b 3.500" in figure.svg and "−0.100" in figure.svg
    (prose,) = attribution_pairs.blocks(folio(method, told, "paper"), method)
    assert isinstance(prose, Prose)
    assert [f"{i} × b 0.300 (95 % CI 0.200 to 0.400)" in prose.paragraphs[0] for i in "acdef"] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_directions_are_told_by_feature_and_together() -> None:
    stem = "attribution/m/"
    told = {f"{stem}violation_rate": 0.4, **{f"{stem}a/{what}": 0.2 for what in ("wrong_steps", "rows", "largest")}}
    (table,) = attribution_pairs.blocks(folio(facts(features=["a"]), told, "paper"), facts(features=["a"]))
    assert isinstance(table, Table)
    assert [[cell.text for cell in row.cells[:4]] for row in table.rows] == [
        ["a", "0.200", "0.200", "0.200"], ["Any of them", "", "0.400", ""]
    ]  # fmt: skip


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_a_surrogate_stands_beside_how_far_it_is_followed(medium: Literal["screen", "paper"]) -> None:
    nodes = (
        DrawnNode(test="age ≤ 3", children=(1, 2), value={"": 0.5}, n=10, share=1.0),
        DrawnNode(value={"": 0.25}, n=4, share=0.4),
        DrawnNode(value={"": 0.75}, n=6, share=0.6),
    )
    told = {
        f"attribution/m/{what}{tail}": v
        for what, v in (("fidelity", 0.3), ("agreement", 0.8))
        for tail in ("", "/train")
    }
    sentence, *rest = attribution_surrogates.blocks(folio(facts(drawn=nodes), told, medium), facts(drawn=nodes))
    assert isinstance(sentence, Prose) and "0.300 (95 % CI 0.200 to 0.400)" in sentence.paragraphs[0]
    assert "0.800" in sentence.paragraphs[0]
    figure = rest[-1]
    assert isinstance(figure, Figure) and "age ≤ 3" in figure.svg and "0.750 · 60.0 %" in figure.svg
    assert sum(isinstance(block, Table) for block in rest) == (medium == "screen")


def test_the_rules_of_a_surrogate_stand_on_paper_too() -> None:
    method = facts(table=(("rule", "adds"), ("age > 3", "+0.2")))
    made = folio(method, {"attribution/m/fidelity": 0.3, "attribution/m/fidelity/train": 0.4}, "paper")
    (section,) = [s for s in attribution.chapter(made).sections if s.title == "Method"]
    prose, table = section.blocks
    assert isinstance(prose, Prose) and isinstance(table, Table)
    assert [cell.text for cell in table.rows[0].cells] == ["age > 3", "+0.2"]


def test_on_paper_sizes_by_all_methods_stand_in_one_table() -> None:
    method = facts(features=["a", "b"])
    told = {"attribution/m/global/a": 0.3, "attribution/m/global/b": 0.1}
    (table,) = attribution_importance.blocks(folio(method, told, "paper"), [method])
    assert isinstance(table, Table) and table.columns[1].detail == "probability"
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["a", "0.300"], ["b", "0.100"]]
    assert attribution_importance.blocks(folio(method, told, "screen"), [method]) == ()
    # What stands there is not told again; on screen it has a section of its own.
    assert not [s for s in attribution.chapter(folio(method, told, "paper")).sections if s.title == "Method"]
    assert [s for s in attribution.chapter(folio(method, told, "screen")).sections if s.title == "Method"]
