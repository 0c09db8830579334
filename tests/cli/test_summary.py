"""The lines that end an audit."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.cli.summary import print_summary


@pytest.fixture
def record():
    conclusion = SimpleNamespace(outcome="meets", sentence="2 gates judged.", findings=())
    return SimpleNamespace(spec=SimpleNamespace(title="Loans"), conclusion=conclusion, verdicts=())


def test_outputs_are_listed(record, capsys):
    print_summary(record, [Path("out/record.json")], as_json=False)
    assert capsys.readouterr().out.endswith("Written\n  out/record.json\n")


def test_where_nothing_could_be_written_nothing_is_said_to_be(record, capsys):
    print_summary(record, [], as_json=False)
    told = capsys.readouterr().out
    assert told.endswith("Nothing was written.\n")
    assert "Written" not in told
