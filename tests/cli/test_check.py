# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import pytest

from audit.cli.main import exit_code

SPEC = """
title: Credit
model: {path: m.skops}
data: {test: t.csv, target: y}
sensitive: {features: [sex, race], intersections: [[sex, race]]}
performance: {metrics: [accuracy]}
policies: []
report: {formats: []}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.skops").write_text("")
    (tmp_path / "t.csv").write_text("")
    (tmp_path / "audit.yaml").write_text(SPEC)
    return tmp_path


def test_a_sound_spec_is_told_in_words(folder, capsys):
    assert exit_code(["check", "audit.yaml"]) == 0
    told = capsys.readouterr().out
    for text in (
        "title         Credit",
        "m.skops, not pinned",
        "test t.csv",
        "sex and race",
        "accuracy; no cross-validation",
        "audit run audit.yaml",
    ):
        assert text in told


def test_overrides_are_read(folder, capsys):
    assert exit_code(["check", "audit.yaml", "--set", "performance=no", "--set", "title=Other"]) == 0
    told = capsys.readouterr().out
    assert "performance   off" in told and "Other" in told


def test_what_each_section_will_do_is_told(folder, capsys):
    (folder / "audit.yaml").write_text(
        "model: {predictions: {label: p}}\ndata: {test: t.csv}\nrobustness: false\nefficiency: {latency: no}\npolicies: []\nreport: {formats: []}\n"
    )
    assert exit_code(["check", "audit.yaml"]) == 0
    told = capsys.readouterr().out
    for text in (
        "predictions stand in the table",
        "no labels",
        "there is no model to attribute",
        "lists no column",
        "robustness    off",
    ):
        assert text in told


def test_everything_that_is_missing_or_unknown_is_told_in_the_order_of_the_text(folder, capsys):
    (folder / "audit.yaml").write_text(
        "model: {path: m.skosp}\ndata: {test: /etc/passwd, target: y}\nperformance:\n  metrics: [acuracy]\n"
        "policies: [no-such-pack, ./none.yaml]\nreport: {formats: []}\n"
    )
    assert exit_code(["check", "audit.yaml"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"audit.yaml:1:15 model.path: there is no file 'm.skosp' in {folder}. Did you mean 'm.skops'?"
    assert lines[1].startswith("audit.yaml:2:14 data.test: '/etc/passwd' lies outside the spec's folder.")
    assert lines[2] == "audit.yaml:4:13 performance.metrics[0]: unknown metric 'acuracy'. Did you mean 'accuracy'?"
    assert lines[3].startswith("audit.yaml:5:12 policies[0]: unknown pack 'no-such-pack'.")
    assert lines[4].startswith("audit.yaml:5:26 policies[1]: there is no file './none.yaml'")
    assert len(lines) == 5


def test_an_unreadable_pack_is_told(folder, capsys):
    (folder / "house.yaml").write_text("pack: {}\n")
    assert exit_code(["check", "audit.yaml", "--set", "policies=[./house.yaml]"]) == 2
    assert "house.yaml" in capsys.readouterr().err
