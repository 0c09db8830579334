"""Every chart, whatever it is given, is sound SVG whose words lie inside it; every check is shown to break."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont

from audit.records.sections import Density
from audit.report.charts import Bar, ForestPoint, bars, beeswarm, confusion, forest, waterfall
from audit.report.fonts import CHINESE, FACES, SANS

_spec = importlib.util.spec_from_file_location("chart_gallery", Path(__file__).with_name("gallery.py"))
assert _spec is not None and _spec.loader is not None
gallery = importlib.util.module_from_spec(_spec)
sys.modules["chart_gallery"] = gallery
_spec.loader.exec_module(gallery)

CASES: dict[str, Callable[[], str]] = gallery.charts()
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "g", "text", "line", "path", "rect", "circle"}


# --- checks that every chart must pass ---------------------------------------------------------------------------


def check_is_titled(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    assert [child.tag for child in root[:2]] == [SVG + "title", SVG + "desc"]
    assert root[0].text and root[1].text
    assert root.get("role") == "img"
    assert root.get("aria-labelledby", "").split() == [root[0].get("id"), root[1].get("id")]


def check_is_inert(svg: str) -> None:
    for element in ElementTree.fromstring(svg).iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        assert not [name for name in element.attrib if name.startswith("on") or name in ("style", "href")]


def check_is_finite(svg: str) -> None:
    for element in ElementTree.fromstring(svg).iter():
        for name, value in element.attrib.items():
            if name in (
                "x",
                "y",
                "x1",
                "x2",
                "y1",
                "y2",
                "cx",
                "cy",
                "r",
                "width",
                "height",
                "d",
                "viewBox",
                "transform",
            ):
                assert not re.search(r"nan|inf", value, re.IGNORECASE), (name, value)
                assert all(abs(float(n)) < 5000 for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", value)), value


def check_words_stay_inside(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for left, top, right, bottom, text in _boxes(root):
        assert left >= -0.5 and right <= width + 0.5, (text, left, right, width)
        assert top >= -1 and bottom <= height + 1, (text, top, bottom, height)


def check_words_part(svg: str) -> None:
    boxes = _boxes(ElementTree.fromstring(svg))
    for i, (left, top, right, bottom, text) in enumerate(boxes):
        for other_left, other_top, other_right, other_bottom, other in boxes[i + 1 :]:
            apart = right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
            assert apart, (text, other)


CHECKS = (check_is_titled, check_is_inert, check_is_finite, check_words_stay_inside, check_words_part)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", CASES)
def test_a_chart_is_sound(name: str, check: Callable[[str], None]) -> None:
    check(CASES[name]())


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (check_is_titled, "<title", "<g/><title"),
        (check_is_titled, 'role="img"', ""),
        (check_is_inert, "</svg>", "<script/></svg>"),
        (check_is_inert, "<g>", '<g onclick="x">'),
        (check_is_inert, "<g>", '<g style="x">'),
        (check_is_finite, "</svg>", '<circle cx="nan" cy="1" r="1"/></svg>'),
        (check_is_finite, "</svg>", '<rect width="1e9"/></svg>'),
        (check_words_stay_inside, "</svg>", '<text x="700" y="20">far too long</text></svg>'),
        (check_words_stay_inside, "</svg>", '<text x="5" y="5000">below</text></svg>'),
        (check_words_part, "</svg>", '<text x="20" y="90">one</text><text x="25" y="92">two</text></svg>'),
    ],
)
def test_each_check_breaks_on_a_bad_chart(check: Callable[[str], None], old: str, new: str) -> None:
    bad = CASES["forest"]().replace(old, new, 1)
    with pytest.raises(AssertionError):
        check(bad)


@pytest.mark.parametrize("name", CASES)
def test_a_chart_is_the_same_each_time(name: str) -> None:
    assert CASES[name]() == CASES[name]()


def test_charts_that_differ_have_different_ids() -> None:
    ids = [re.findall(r' id="([^"]+)"', chart()) for chart in CASES.values()]
    flat = [i for found in ids for i in found]
    assert len(flat) == len(set(flat)) == 2 * len(CASES)


# --- what single charts say --------------------------------------------------------------------------------------


def test_hostile_names_come_out_as_they_are() -> None:
    name = "<b>&\"'{{7*7}}"
    texts = _texts(bars([Bar(name, 1.0)], title="t", description="d", axis_label="x"))
    assert name in texts


def test_a_shortened_name_is_told_whole_on_hovering() -> None:
    name = "annual income of the household " * 6
    root = ElementTree.fromstring(bars([Bar(name, 1.0)], title="t", description="d", axis_label="x"))
    assert any(t.endswith("…") for t in _texts(root))
    assert name.strip() in [e.text for e in root.iter(SVG + "title")]


def test_a_point_stands_where_its_value_is() -> None:
    points = [ForestPoint("a", 0.25, 0.25, 0.25), ForestPoint("b", 0.75, 0.75, 0.75), ForestPoint("c", 0.5, 0.0, 1.0)]
    root = ElementTree.fromstring(forest(points, title="t", description="d", axis_label="x", bounds=(0, 1)))
    a, b, c = (float(e.get("cx", "")) for e in root.iter(SVG + "circle"))
    assert c == pytest.approx((a + b) / 2, abs=0.1)
    ticks = {t.text: float(t.get("x", "")) for t in root.iter(SVG + "text") if t.get("text-anchor") == "middle"}
    assert a == pytest.approx(ticks["0.2"] + (ticks["0.4"] - ticks["0.2"]) / 4, abs=0.2)


def test_a_muted_point_is_told_by_shape_and_not_by_colour_alone() -> None:
    judged, muted = (
        next(ElementTree.fromstring(chart).iter(SVG + "circle"))
        for chart in (
            forest([ForestPoint("a", 1, 0, 2, muted=m)], title="t", description="d", axis_label="x")
            for m in (False, True)
        )
    )
    assert judged.get("stroke") is None and judged.get("fill") != "#ffffff"
    assert muted.get("stroke") and muted.get("fill") == "#ffffff"


def test_no_value_is_said_and_not_drawn() -> None:
    svg = forest([ForestPoint("a", None, None, None, "no rows")], title="t", description="d", axis_label="x")
    assert "circle" not in svg
    assert {"no value", "no rows"} <= set(_texts(svg))


def test_rows_beyond_a_page_are_counted() -> None:
    svg = bars([Bar(f"b{i}", i) for i in range(60)], title="t", description="d", axis_label="x")
    shown = [t for t in _texts(svg) if re.fullmatch(r"b\d+", t)]
    assert f"{60 - len(shown)} more in the table" in _texts(svg)


def test_a_waterfall_points_right_when_it_raises_and_left_when_it_lowers() -> None:
    svg = waterfall(0, [("up", "1", 2.0), ("down", "1", -1.0)], 1, title="t", description="d", axis_label="x")
    tips = []
    for path in ElementTree.fromstring(svg).iter(SVG + "path"):
        corners = [tuple(map(float, p.split())) for p in path.get("d", "").strip("MZ").split("L")]
        tips.append(corners[2][0] - corners[0][0])
    assert tips[0] > 0 > tips[1]
    assert tips[0] == pytest.approx(-2 * tips[1], abs=0.2)
    assert {"+2", "−1"} <= set(_texts(svg))


def test_a_beeswarm_is_darkest_where_the_feature_is_highest() -> None:
    density = Density(feature="f", edges=(-1.0, 0.0, 1.0), counts=(5, 5), colour=(0.0, 1.0))
    root = ElementTree.fromstring(beeswarm([density], title="t", description="d", axis_label="x"))
    left, right = (path.get("fill", "") for path in root.iter(SVG + "path"))
    assert _lightness(left) > 2 * _lightness(right)


def test_a_beeswarm_is_widest_where_most_rows_are() -> None:
    density = Density(feature="f", edges=(-2.0, -1.0, 0.0, 1.0), counts=(1, 100, 0), colour=())
    root = ElementTree.fromstring(beeswarm([density], title="t", description="d", axis_label="x"))
    (path,) = root.iter(SVG + "path")
    corners = [tuple(map(float, p.split())) for p in path.get("d", "").strip("MZ").split("L")]
    zero = next(float(t.get("x", "")) for t in root.iter(SVG + "text") if t.text == "0.0")
    half = [abs(y - 21) for x, y in corners]
    assert max(x for x, _ in corners) == pytest.approx(zero, abs=0.2)
    assert max(half) == pytest.approx(10 * min(h for h in half if h > 0.9), rel=0.15)


def test_a_confusion_matrix_is_shaded_by_the_share_of_the_row() -> None:
    root = ElementTree.fromstring(confusion(["a", "b"], [[90, 10], [1, 9]], title="t", description="d"))
    depth = {e.find(SVG + "text").text: float(e.find(SVG + "rect").get("fill-opacity")) for e in root.iter(SVG + "g")}  # type: ignore[union-attr,arg-type]
    assert depth["90"] == depth["9"] > depth["10"] == depth["1"]


def test_an_unbounded_interval_ends_in_an_arrow_at_the_edge() -> None:
    svg = forest([ForestPoint("a", 1.0, None, 2.0)], title="t", description="d", axis_label="x")
    whisker = next(e for e in ElementTree.fromstring(svg).iter(SVG + "line") if e.get("stroke-width") == "2")
    grid = [
        float(e.get("x1", "")) for e in ElementTree.fromstring(svg).iter(SVG + "line") if "grid" in e.get("class", "")
    ]
    assert float(whisker.get("x1", "")) <= min(g for g in grid if g > 1) + 1


def _lightness(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return float(0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2)


# --- measuring words with the very fonts --------------------------------------------------------------------------


def _texts(svg: str | ElementTree.Element) -> list[str]:
    root = ElementTree.fromstring(svg) if isinstance(svg, str) else svg
    return [e.text or "" for e in root.iter(SVG + "text")]


def _boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float, str]]:
    found: list[tuple[float, float, float, float, str]] = []
    _collect(root, 0.0, 12.0, found)
    return found


def _collect(
    element: ElementTree.Element, down: float, size: float, found: list[tuple[float, float, float, float, str]]
) -> None:
    moved = re.fullmatch(r"translate\(0 ([\d.]+)\)", element.get("transform", ""))
    down += float(moved[1]) if moved else 0
    if element.tag == SVG + "text" and element.text:
        found.append(_box(element, down, float(element.get("font-size", size))))
    for child in element:
        _collect(child, down, size, found)


def _box(element: ElementTree.Element, down: float, size: float) -> tuple[float, float, float, float, str]:
    text = element.text or ""
    x, y = float(element.get("x", "")), float(element.get("y", "")) + down
    wide = sum(_advance(c, element.get("font-weight") == "600") for c in text) * size
    if "rotate(-90" in element.get("transform", ""):
        return x - 0.75 * size, y - wide, x + 0.2 * size, y, text
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")] * wide
    return left, y - 0.75 * size, left + wide, y + 0.2 * size, text


def _advance(character: str, bold: bool) -> float:
    for widths, scale in (_WIDTHS[600 if bold else 400], _WIDTHS[0]):
        if ord(character) in widths:
            return widths[ord(character)] / scale
    return 0.6


def _widths(family: str, weight: int) -> tuple[dict[int, int], int]:
    face = next(f for f in FACES if (f.family, f.weight) == (family, weight))
    font = TTFont(face.path)
    return {code: font["hmtx"][glyph][0] for code, glyph in font.getBestCmap().items()}, font["head"].unitsPerEm


_WIDTHS = {400: _widths(SANS, 400), 600: _widths(SANS, 600), 0: _widths(CHINESE, 400)}
