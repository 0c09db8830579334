"""Ctrl-C leaves no half-written output and no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupted_audit_leaves_nothing_behind(folder: Path) -> None:
    (folder / "factory.py").write_text(
        "import os, pathlib, time\n"
        "def make():\n"
        f"    pathlib.Path({str(folder / 'pid')!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(300)\n",
        encoding="utf-8",
    )
    code = "from audit.cli.main import main; main()"
    audit = subprocess.Popen(
        [sys.executable, "-c", code, "run", "audit.yaml", "--out", "out"],
        cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (folder / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    before = {path.name for path in folder.iterdir()}
    audit.send_signal(signal.SIGINT)
    _, told = audit.communicate(timeout=30)
    assert audit.returncode == 130, told
    assert "Traceback" not in told
    assert not psutil.pid_exists(int((folder / "pid").read_text()))
    assert not (folder / "out").exists()
    assert {path.name for path in folder.iterdir()} == before
