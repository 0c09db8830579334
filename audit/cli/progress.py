"""Shows on stderr how far an audit has come: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from audit.measurements import Listener


@contextmanager
def shown(stream: TextIO) -> Iterator[Listener]:
    """Yield a listener that shows stages on `stream` for as long as the context lasts."""
    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        yield _Lines(stream)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bars(progress)


class _Bars:
    """One bar a stage; a stage that begins ends the one before."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def progress(self, stage: str, done: int, total: int, text: str) -> None:
        if stage not in self._tasks:
            self._end_all()
            self._tasks[stage] = self._progress.add_task(stage, total=None, text="")
        self._progress.update(self._tasks[stage], completed=done, total=total or None, text=text)

    def warning(self, stage: str, text: str) -> None:
        self._progress.console.print(f"[yellow]{stage}[/yellow]: ", end="")
        self._progress.console.print(text, markup=False)

    def _end_all(self) -> None:
        for task in self._tasks.values():
            self._progress.update(task, total=1, completed=1, text="")
            self._progress.stop_task(task)


class _Lines:
    """One line where a stage begins, and one for each warning."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun: set[str] = set()

    def progress(self, stage: str, done: int, total: int, text: str) -> None:  # noqa: ARG002 (a Listener hears it all)
        if stage not in self._begun:
            self._begun.add(stage)
            print(f"audit: {stage} ...", file=self._stream, flush=True)

    def warning(self, stage: str, text: str) -> None:
        print(f"audit: {stage}: {text}", file=self._stream, flush=True)
