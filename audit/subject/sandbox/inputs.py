"""Opens and hashes every file that a spec names, so that the child reads what was hashed and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from audit.errors import DataError, Problem
from audit.records.plan import InputFile


@contextlib.contextmanager
def opened(paths: tuple[tuple[str, Path], ...]) -> Iterator[tuple[InputFile, ...]]:
    """Open (role, path) pairs for as long as the context lasts.

    Raises
    ------
    DataError
        Files that cannot be opened or are not plain files, all at once.
    """
    with contextlib.ExitStack() as stack:
        problems: list[Problem] = []
        files: list[InputFile] = []
        for role, path in paths:
            try:
                files.append(_open(stack, role, path))
            except OSError as error:
                problems.append(
                    Problem(
                        path.name, f"cannot be read: {error.strerror or error}.", "Check the path and its permissions."
                    )
                )
        if problems:
            raise DataError(*problems)
        yield tuple(files)


def _open(stack: contextlib.ExitStack, role: str, path: Path) -> InputFile:
    if not stat.S_ISREG(path.stat().st_mode):
        raise IsADirectoryError(0, "it is no plain file")
    stream = stack.enter_context(path.open("rb"))
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    size = os.fstat(stream.fileno()).st_size
    stream.seek(0)
    inherited = stream.fileno() if os.name == "posix" else None
    return InputFile(role=role, path=str(path), sha256=digest, size=size, fd=inherited)
