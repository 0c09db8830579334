"""Runs a module of ours in a child process and turns its JSON lines into events."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import IO

import psutil
from pydantic import ValidationError

from audit.child import child_environment
from audit.errors import MeasurementError, Problem
from audit.records.event import EVENTS, Failed, Finished, Measurement, Progress, Warned
from audit.records.plan import Plan

AnyEvent = Progress | Measurement | Warned | Failed | Finished


def events_of(plan: Plan, module: str = "audit.measure") -> Iterator[AnyEvent]:
    """Measure a plan in a child process and yield what it tells, in order.

    The child is ended when the iterator is closed, when it holds more resident memory than `plan.memory_limit`, or
    when it runs longer than `plan.time_limit`.

    Raises
    ------
    MeasurementError
        The child ended without saying `end`; the problem names the signal or status and the end of its stderr.
    """
    descriptors = tuple(i.fd for i in plan.inputs if i.fd is not None)
    with _child(module, descriptors) as (process, errors, watch):
        watch.start(plan.memory_limit, plan.time_limit)
        _hand_over(process, plan)
        finished = False
        assert process.stdout is not None
        for line in process.stdout:
            event = _parsed(line)
            yield event
            finished = finished or isinstance(event, Finished)
        process.wait()
        if not finished:
            raise MeasurementError(_obituary(process.returncode, watch.reason, errors))


@contextlib.contextmanager
def _child(module: str, descriptors: tuple[int, ...]) -> Iterator[tuple[subprocess.Popen[bytes], deque[bytes], _Watch]]:
    # A session of its own, so that Ctrl-C reaches the parent alone, which then ends the whole group.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        pass_fds=descriptors,
        start_new_session=os.name == "posix",
    )
    errors: deque[bytes] = deque(maxlen=200)
    assert process.stderr is not None
    reader = threading.Thread(target=_collect, args=(process.stderr, errors), daemon=True)
    reader.start()
    watch = _Watch(process)
    try:
        yield process, errors, watch
    finally:
        watch.stop()
        _end(process)
        reader.join(timeout=5)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _hand_over(process: subprocess.Popen[bytes], plan: Plan) -> None:
    assert process.stdin is not None
    # A child that died at once is told of by its obituary, not by a broken pipe.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(plan.model_dump_json().encode())
        process.stdin.close()


def _parsed(line: bytes) -> AnyEvent:
    try:
        return EVENTS.validate_json(line)
    except ValidationError as error:
        raise MeasurementError(
            Problem(
                "measuring process",
                f"said something that is no event: {line[:200]!r} ({error.error_count()} errors).",
                _REPORT,
            )
        ) from error


def _collect(stream: IO[bytes], lines: deque[bytes]) -> None:
    for line in stream:
        lines.append(line[:2000])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    process.wait()


def _obituary(status: int, reason: str, errors: deque[bytes]) -> Problem:
    if reason:
        return Problem("measuring process", reason)
    cause = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    tail = b"".join(list(errors)[-15:]).decode(errors="replace").strip()
    said = f" The end of what it printed:\n{tail}" if tail else " It printed nothing."
    return Problem("measuring process", f"{cause} before it was done.{said}", _REPORT)


_REPORT = "\nIf the model's own code is not at fault, please report this with the spec."


class _Watch:
    """Ends a child that grows or lasts beyond its limits; lives as long as the child."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.reason = ""
        self._process = process
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, memory_limit: int, time_limit: float) -> None:
        self._thread = threading.Thread(target=self._look, args=(memory_limit, time_limit), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _look(self, memory_limit: int, time_limit: float) -> None:
        deadline = time.monotonic() + time_limit
        while not self._done.wait(0.2):
            if time.monotonic() > deadline:
                self.reason = f"ran longer than its limit of {time_limit:.0f} s and was ended."
            elif _resident(self._process.pid) > memory_limit:
                self.reason = f"held more memory than its limit of {memory_limit / 2**30:.1f} GiB and was ended."
            if self.reason:
                _end(self._process)
                return


def _resident(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return sum(p.memory_info().rss for p in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0
