"""The measuring process: a plan on stdin becomes sections and observations as JSON lines on what was stdout."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, TYPE_CHECKING

from audit.errors import AuditError
from audit.records.event import Failed, Finished, Measurement, Progress, Warned
from audit.records.plan import STAGES, Plan, Stage
from audit.subject.sandbox.confine import confine

if TYPE_CHECKING:
    from pydantic import BaseModel

    from audit.records.observation import Observation
    from audit.subject.evidence import Evidence, Tell

    Result = tuple[BaseModel, tuple[Observation, ...]]
    Measure = Callable[[Evidence, Plan, Tell], Result]


def main() -> None:
    """Read a plan, measure it, and tell every result as soon as it is there."""
    stream = _take_stdout()
    plan = Plan.model_validate_json(sys.stdin.buffer.read())
    sandbox = confine(plan.time_limit)
    durations: dict[str, float] = {}
    evidence = _gather(plan, stream, durations)
    if evidence is None:
        return
    for stage in STAGES:
        if getattr(plan.spec, stage) is not False:
            _measure(stage, evidence, plan, stream, durations)
    _send(stream, _last_words(evidence, plan, sandbox, durations))


class Teller:
    """Speaks for one stage: progress and warnings become events."""

    def __init__(self, stream: IO[bytes], stage: str) -> None:
        self._stream, self._stage = stream, stage
        self._said: set[str] = set()

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Report that `done` of `total` steps are done; total 0 when unknown."""
        _send(self._stream, Progress(stage=self._stage, done=done, total=total, text=text))

    def warning(self, text: str) -> None:
        """Report something that the reader of the report should know, once."""
        if text not in self._said:
            self._said.add(text)
            _send(self._stream, Warned(stage=self._stage, text=text))


def _gather(plan: Plan, stream: IO[bytes], durations: dict[str, float]) -> Evidence | None:
    teller = Teller(stream, "subject")
    try:
        with _timed("subject", durations), _recorded(teller):
            from audit.subject.gather import gather_evidence
            from audit.subject.load import load_subject
            from audit.subject.section import subject_section

            evidence = gather_evidence(load_subject(plan, teller), plan.spec, teller)
            section = subject_section(evidence)
    except AuditError as error:
        _send(stream, _failure("subject", error))
        return None
    _send(stream, Measurement(stage="subject", section=section.model_dump(mode="json")))
    return evidence


def _measure(stage: Stage, evidence: Evidence, plan: Plan, stream: IO[bytes], durations: dict[str, float]) -> None:
    from audit.guard import attempt

    teller = Teller(stream, stage)
    teller.progress(0, 0)
    with _timed(stage, durations), _recorded(teller):
        result = attempt(_measured, stage, evidence, plan, teller)
    if isinstance(result, AuditError):
        _send(stream, _failure(stage, result))
        return
    section, observations = result
    _send(stream, Measurement(stage=stage, section=section.model_dump(mode="json"), observations=observations))


def _measured(stage: Stage, evidence: Evidence, plan: Plan, teller: Teller) -> Result:
    measure: Measure = import_module(f"audit.{stage}.measure").measure
    return measure(evidence, plan, teller)


def _last_words(evidence: Evidence, plan: Plan, sandbox: str, durations: dict[str, float]) -> Finished:
    from audit.efficiency.latency import costs_of
    from audit.subject.versions import versions

    found = costs_of(evidence, plan)
    return Finished(
        versions=versions(),
        sandbox=sandbox,
        durations=durations,
        peak_memory=_peak_memory(),
        latency=found.latency,
        costs=found.costs,
    )


def _take_stdout() -> IO[bytes]:
    # Whatever a model prints, from Python or from C, must not reach the pipe of events: it goes to stderr.
    stream = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return stream


def _send(stream: IO[bytes], event: Progress | Measurement | Warned | Failed | Finished) -> None:
    line = event.model_dump_json().encode() + b"\n"
    while line:
        line = line[stream.write(line) :]


def _failure(stage: str, error: AuditError) -> Failed:
    problems = tuple({"place": p.place, "message": p.message, "hint": p.hint} for p in error.problems)
    return Failed(stage=stage, text=str(error), problems=problems, error=type(error).__name__)


@contextmanager
def _timed(stage: str, durations: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    durations[stage] = time.perf_counter() - start


@contextmanager
def _recorded(teller: Teller) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda message, category, *_: teller.warning(f"{category.__name__}: {message}")
        yield


def _peak_memory() -> int | None:
    if os.name != "posix":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
