"""The measuring process is watched, confined, told apart from its own prints, and never outlives its parent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from audit.child import child_environment
from audit.errors import DataError, MeasurementError
from audit.records.event import Finished, Progress
from audit.records.plan import Plan
from audit.records.spec import AuditSpec, DataSpec, ModelSpec
from audit.subject.sandbox.inputs import opened
from audit.subject.sandbox.launch import events_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what this looks at")


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a module that stands in for the measuring process, and return its events."""

    def run(body: str, **limits: object) -> list[object]:
        (tmp_path / "stand_in.py").write_text("import json, os, sys, time\n" + textwrap.dedent(body), encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        spec = AuditSpec(model=ModelSpec(path="m"), data=DataSpec(test="t"))
        return list(events_of(Plan(spec=spec, **limits), module="stand_in"))

    return run


def test_events_arrive_in_order(child) -> None:
    told = child(
        """
        plan = json.load(sys.stdin)
        print(json.dumps({"event": "progress", "stage": plan["spec"]["model"]["path"], "done": 1, "total": 2}))
        print(json.dumps({"event": "end", "sandbox": "none"}))
        """
    )
    assert [type(event) for event in told] == [Progress, Finished]
    assert told[0].stage == "m"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(3)", "ended with status 3"),
        ("os.abort()", "SIGABRT"),
        ("raise RuntimeError('the reason')", "the reason"),
        ("print('hello')", "no event"),
        ("print(json.dumps({'event': 'progress', 'stage': 's', 'done': 1, 'total': 1}))", "before it was done"),
    ],
)
def test_a_child_that_dies_is_told(child, body: str, words: str) -> None:
    with pytest.raises(MeasurementError, match=words):
        child(body)


def test_a_child_that_lasts_too_long_is_ended(child) -> None:
    with pytest.raises(MeasurementError, match=r"longer than its limit of 1 s"):
        child("time.sleep(60)", time_limit=1.0)


def test_a_child_that_grows_too_large_is_ended(child) -> None:
    with pytest.raises(MeasurementError, match=r"more memory than its limit"):
        child("hoard = bytearray(os.urandom(1)) * 400_000_000; time.sleep(60)", memory_limit=200 * 2**20)


def test_a_grandchild_is_ended_too(child, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    with pytest.raises(MeasurementError, match="longer than"):
        child(
            f"""
            import subprocess
            sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
            open({str(mark)!r}, "w").write(str(sleeper.pid))
            time.sleep(300)
            """,
            time_limit=2.0,
        )
    assert _gone(int(mark.read_text()))


@linux
def test_a_child_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    (tmp_path / "stand_in.py").write_text(
        f"import os, time\nfrom audit.subject.sandbox.confine import confine\nconfine(60)\n"
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)\n",
        encoding="utf-8",
    )
    code = """
from audit.records.plan import Plan
from audit.records.spec import AuditSpec, DataSpec, ModelSpec
from audit.subject.sandbox.launch import events_of
list(events_of(Plan(spec=AuditSpec(model=ModelSpec(path="m"), data=DataSpec(test="t"))), module="stand_in"))
"""
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)})
    deadline = time.monotonic() + 20
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    assert _gone(int(mark.read_text()))


@linux
def test_a_confined_process_has_no_network_where_the_system_allows_it() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    code = f"""
import json, socket
from audit.subject.sandbox.confine import confine
level = confine(60)
try:
    socket.create_connection(("127.0.0.1", {listener.getsockname()[1]}), timeout=5)
    reached = True
except OSError:
    reached = False
print(json.dumps([level, reached]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listener.close()
    level, reached = json.loads(done.stdout)
    assert reached is (level != "netns+rlimits")


def test_a_child_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    environment = child_environment()
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert environment["OMP_NUM_THREADS"] == "1"


def test_inputs_are_hashed_and_problems_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with opened((("test", tmp_path / "a"),)) as (file,):
        # sha256 of "abc", FIPS 180-2 appendix B.1
        assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert file.size == 3
        if file.fd is not None:
            assert os.read(file.fd, 3) == b"abc"
    with (
        pytest.raises(DataError) as told,
        opened((("test", tmp_path / "missing"), ("train", tmp_path))),
    ):
        pass
    assert len(told.value.problems) == 2


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False
