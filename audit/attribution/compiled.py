"""Functions written in loops to machine code, kept from run to run where there is a place to keep it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from audit import guard
from audit.errors import AuditError

Sources = Callable[[], tuple[tuple[str, Callable[..., Any]], ...]]
"""Loads and returns pairs of a signature and a function; called first when they are needed."""


@functools.cache
def compiled(sources: Sources) -> tuple[Callable[..., Any], ...] | AuditError:
    """Return the compiled functions, or why there are none."""
    # Where compiled code cannot be kept, or was kept badly, it is compiled for this run alone.
    kept = guard.attempt(_built, sources, True)
    return guard.attempt(_built, sources, False) if isinstance(kept, AuditError) else kept


def in_parts(work: Callable[[int, int], Any], total: int) -> list[Any]:
    """Run `work(first, last)` on parts of `total` jobs, one thread a part, and return what each gave, in order.

    What `work` does to one job must not depend on the others, so that nothing depends on how many threads there are.
    """
    threads = max(1, min(_processors(), total))
    cuts = [total * i // threads for i in range(threads + 1)]
    if threads == 1:
        return [work(0, total)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, cuts[:-1], cuts[1:]))


def _built(sources: Sources, keep: bool) -> tuple[Callable[..., Any], ...]:
    # Imported on first use: the compiler costs more than many an audit's attributions.
    import numba

    return tuple(
        numba.njit(signature, nogil=True, error_model="numpy", cache=keep)(function)
        for signature, function in sources()
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
