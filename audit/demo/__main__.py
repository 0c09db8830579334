"""Writes one demo into a folder: `python -m audit.demo NAME FOLDER`; problems go to stdout as JSON."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

from audit.demo.made import write_demo
from audit.errors import AuditError


def main(name: str, folder: str) -> int:
    """Make a demo and write it; return 0, or 2 after telling what is missing."""
    try:
        write_demo(importlib.import_module(f"audit.demo.{name}").make(), Path(folder))
    except AuditError as error:
        print(json.dumps([dataclasses.asdict(problem) for problem in error.problems]))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
