"""A fresh process that loads a model and asks it once: how much its memory grows, as JSON on what was stdout."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import sys
from pathlib import Path


def main() -> None:
    """Read a plan, names of modules and rows from stdin; write the growth of the peak in bytes."""
    stream = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    text, modules, rows = pickle.load(sys.stdin.buffer)
    from audit.records.plan import Plan
    from audit.subject.sandbox.confine import confine

    plan = Plan.model_validate_json(text)
    confine(plan.time_limit)
    for name in modules:
        # A module that only the first process can import, such as a model's own, is none of the libraries.
        with contextlib.suppress(ImportError, ValueError):
            importlib.import_module(name)
    from audit.subject.model import load_model

    start = _restarted()
    model = load_model(plan.spec, plan.inputs_of("model")[0], plan.inputs_of("code"), _Deaf())
    loaded = _peak()
    (model.predict_score or model.predict)(rows)
    told = {"load": max(0, loaded - start), "predict": max(0, _peak() - start)}
    stream.write(json.dumps(told).encode())


class _Deaf:
    """A Tell to whom nobody listens: the first process has told everything already."""

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Do nothing."""

    def warning(self, text: str) -> None:
        """Do nothing."""


def _restarted() -> int:
    """Let the kernel's account of the peak start anew; return resident bytes."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


if __name__ == "__main__":
    main()
