"""A record shows itself in a notebook: short, inert, true."""

from __future__ import annotations

import handmade

from audit.report.notebook import to_html_fragment


def test_the_fragment_says_conclusion_figures_and_findings() -> None:
    record = handmade.binary()
    fragment = to_html_fragment(record)
    for told in ("Does not meet", record.conclusion.sentence, "0.834", "0.814 to 0.854", "TS-OVERLAP"):
        assert told in fragment


def test_the_fragment_is_inert_and_brings_no_style_of_its_own() -> None:
    fragment = to_html_fragment(handmade.hostile())
    assert "<script" not in fragment and "<style" not in fragment and "style=" not in fragment
    assert "&lt;script&gt;" in fragment


def test_a_record_without_findings_says_so() -> None:
    assert "nothing to find" in to_html_fragment(handmade.empty())
