"""The bundled fonts: what they hold, how they are cut to a text, and that the cut depends on the text alone."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont

from audit.report.fonts import FACES, fontconfig, settable, subset_css


def cut(css: str) -> dict[tuple[str, str], TTFont]:
    rule = re.compile(r'font-family:"([^"]+)";font-weight:(\d+).*?base64,([^"]+)"')
    return {(family, weight): TTFont(BytesIO(base64.b64decode(data))) for family, weight, data in rule.findall(css)}


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.file)
def test_a_face_has_true_type_outlines_and_is_what_it_says(face) -> None:  # type: ignore[no-untyped-def]
    font = TTFont(face.path)
    assert "glyf" in font and "CFF " not in font
    assert font["name"].getBestFamilyName() == face.family
    assert font["OS/2"].usWeightClass == face.weight
    assert "Open Font License" in font["name"].getDebugName(13)


def test_the_licence_of_each_family_ships_with_it() -> None:
    folder = FACES[0].path.parent
    for stem in {face.file.partition("-")[0] for face in FACES}:
        assert "SIL OPEN FONT LICENSE" in (folder / f"{stem}-OFL.txt").read_text(encoding="utf-8")


def test_the_fonts_stay_small() -> None:
    assert sum(face.path.stat().st_size for face in FACES) < 3_000_000


def test_simplified_chinese_is_whole() -> None:
    held = TTFont(FACES[-1].path).getBestCmap()
    wanted = [bytes((a, b)).decode("gb2312", "ignore") for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF)]
    assert [c for c in wanted if c and ord(c) not in held] == []
    assert len([c for c in wanted if c]) == 6763


def test_a_page_gets_the_characters_that_it_has() -> None:
    fonts = cut(subset_css("Selection rate ≥ 0.8 收入"))
    assert set(fonts) == {
        ("Inter", "400"), ("Inter", "600"), ("Inter", "700"), ("JetBrains Mono", "400"), ("Noto Sans SC", "400"),
    }  # fmt: skip
    assert {"S", "≥", "8"} <= {chr(c) for c in fonts["Inter", "400"].getBestCmap()}
    assert {chr(c) for c in fonts["Noto Sans SC", "400"].getBestCmap()} == {"收", "入"}


def test_a_page_without_chinese_gets_no_chinese_face() -> None:
    assert ("Noto Sans SC", "400") not in cut(subset_css("Selection rate"))


def test_figures_can_still_stand_in_columns() -> None:
    font = cut(subset_css("0123456789"))["Inter", "400"]
    assert "tnum" in {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}


def test_the_rules_depend_on_the_text_alone() -> None:
    script = "from audit.report.fonts import subset_css; print(subset_css('Rate 收入'), end='')"
    other = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env=os.environ | {"PYTHONHASHSEED": "9", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == subset_css("Rate 收入")
    assert subset_css("Rate 收") != subset_css("Rate 收入")


def test_what_no_font_holds_is_printed_as_its_code_point() -> None:
    assert settable("a 收 🎉 ع") == "a 收 [U+1F389] [U+0639]"
    assert settable("👩\u200d👧") == "[U+1F469][U+1F467]"
    assert settable("\u202eabc") == "[U+202E]abc"
    assert settable("plain\n\ttext\u00a0– ≥") == "plain\n\ttext\u00a0– ≥"


def test_fontconfig_knows_the_bundled_folder_and_no_other(tmp_path: Path) -> None:
    tree = ElementTree.fromstring(fontconfig(tmp_path / "a&b"))
    assert [e.text for e in tree.iter("dir")] == [str(FACES[0].path.parent)]
    assert [e.text for e in tree.iter("cachedir")] == [str(tmp_path / "a&b")]
    assert not list(tree.iter("include"))
