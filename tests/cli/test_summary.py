"""The lines that end an audit."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.cli.summary import print_summary
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.provenance import Run


@pytest.fixture
def record():
    conclusion = SimpleNamespace(outcome="meets", sentence="2 gates judged.", findings=())
    subject = SimpleNamespace(challenger=None)
    spec = SimpleNamespace(title="Loans")
    return SimpleNamespace(spec=spec, subject=subject, conclusion=conclusion, verdicts=(), run=Run())


def test_a_challenger_is_named(record, capsys):
    record.subject.challenger = SimpleNamespace(name="last year")
    print_summary(record, [], as_json=False)
    assert "Compared with the challenger last year" in capsys.readouterr().out


def test_outputs_are_listed(record, capsys):
    print_summary(record, [Path("out/record.json")], as_json=False)
    assert capsys.readouterr().out.endswith("Written\n  out/record.json\n")


def test_where_nothing_could_be_written_nothing_is_said_to_be(record, capsys):
    print_summary(record, [], as_json=False)
    told = capsys.readouterr().out
    assert told.endswith("Nothing was written.\n")
    assert "Written" not in told


def test_costs_stand_here_as_they_differ_from_run_to_run(record, capsys):
    growth = Estimate(value=1.013, low=0.98, high=1.046, level=0.95, method="log_log_t", n=12)
    record.run = Run(
        latency={"latency_p50/batch=1": 0.0012, "latency_p95/batch=1": 0.0031, "latency_p50/batch=1000": 1.5},
        costs={
            "time_growth": growth,
            "peak_memory/load": Exact(value=2_200_000, unit="bytes", n=0),
            "peak_memory/batch=1000": Undefined(reason="No file."),
        },
    )
    print_summary(record, [], as_json=False)
    told = capsys.readouterr().out
    assert "1 row in 1.2 ms, the 95th percentile 3.1 ms" in told
    assert "1,000 rows in 1.50 s" in told
    assert "power of 1.01 (0.98 to 1.05)" in told
    assert "2.2 MB" in told
    assert "No file." in told
