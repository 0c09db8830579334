# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import os
import sys

import pytest

from audit.errors import SpecError
from audit.spec.paths import resolve_files, resolve_path


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "test.csv").write_text("a\n1\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.csv").write_text("a\n1\n")
    (tmp_path / "home-next-door.csv").write_text("a\n1\n")
    return folder


def refused(home, text, allow=()):
    with pytest.raises(SpecError) as caught:
        resolve_path(home, allow, text, "here")
    return str(caught.value)


def test_a_name_is_relative_to_the_spec_wherever_one_stands(home, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    expected = home.resolve() / "data" / "test.csv"
    assert resolve_path(home, (), "data/test.csv", "") == expected
    assert resolve_path(home, (), "./data/../data/test.csv", "") == expected
    assert resolve_path(home, (), str(expected), "") == expected


@pytest.mark.parametrize(
    "text", ["../other/train.csv", "../home-next-door.csv", "/etc/passwd", "data/../../other/train.csv"]
)
def test_a_place_outside_is_refused_unless_it_is_allowed(home, text):
    assert "lies outside the spec's folder" in refused(home, text)


def test_allowed_places_may_be_relative_absolute_or_a_single_file(home):
    train = (home / "../other/train.csv").resolve()
    for allow in ("../other", str(train.parent), "../other/train.csv"):
        assert resolve_path(home, (allow,), "../other/train.csv", "") == train
    assert "outside" in refused(home, "../other/train.csv", ("../oth",))


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_a_symlink_counts_as_the_place_that_it_leads_to(home):
    (home / "link.csv").symlink_to("../other/train.csv")
    (home / "inner.csv").symlink_to("data/test.csv")
    (home / "loop.csv").symlink_to("loop.csv")
    message = refused(home, "link.csv")
    assert "'link.csv' lies outside the spec's folder (it leads to " in message and "allow_paths: [" in message
    assert resolve_path(home, (), "inner.csv", "").name == "test.csv"
    assert "loop.csv" in refused(home, "loop.csv")


def test_a_missing_file_names_its_nearest_neighbour(home):
    assert (
        refused(home, "data/tset.csv")
        == f"here: there is no file 'data/tset.csv' in {home}. Did you mean 'data/test.csv'?"
    )
    assert refused(home, "dta/test.csv").endswith(f"The folder {home}/dta does not exist.")
    assert refused(home, "zzz").endswith("Names are relative to the folder of the spec.")


@pytest.mark.parametrize("text", ["", " ", "a\0b", "x" * 5000])
def test_what_can_be_no_file_name_is_told(home, text):
    refused(home, text)


def test_a_folder_and_a_pipe_are_no_files(home):
    assert refused(home, "data") == "here: expected a file, found that 'data' is a folder."
    if hasattr(os, "mkfifo"):
        os.mkfifo(home / "pipe")
        assert "no regular file" in refused(home, "pipe")


def test_all_files_are_resolved_with_their_roles(read, tmp_path):
    names = ["m", "t", "u", "r", "s", "c.py", "a.yaml", "w.yaml", "p.yaml"]
    for name in names:
        (tmp_path / name).write_text("")
    source = read(
        "model: {path: m, code: [c.py]}\ndata: {test: t, train: u, reference: r}\nsensitive: {features: [x], table: {path: s, on: k}}\n"
        "attestations: a.yaml\nwaivers: w.yaml\npolicies: [shipped, ./p.yaml]\n"
    )
    assert [(file.role, file.path.name) for file in resolve_files(source)] == [
        ("model", "m"), ("test", "t"), ("train", "u"), ("reference", "r"), ("sensitive", "s"),
        ("attestations", "a.yaml"), ("waivers", "w.yaml"), ("code", "c.py"), ("pack", "p.yaml"),
    ]  # fmt: skip


def test_all_missing_files_are_told_at_once_with_their_lines(read):
    source = read("model: {path: m}\ndata:\n  test: t.csv\n  train: /etc/passwd\npolicies: [{pack: x/p.yaml}]\n")
    with pytest.raises(SpecError) as caught:
        resolve_files(source)
    assert [p.place for p in caught.value.problems] == [
        "spec.yaml:1:15 model.path", "spec.yaml:3:9 data.test", "spec.yaml:4:10 data.train", "spec.yaml:5:19 policies[0].pack",
    ]  # fmt: skip
