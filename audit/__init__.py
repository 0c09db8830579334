"""Audit a model from one spec: `audit.run`, `audit.render`, `audit.load_record`, `audit.verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.api import load_record, render, run, verify

__all__ = ["AuditError", "__version__", "load_record", "render", "run", "verify"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Late, so that `import audit.<room>` and the command line load only what they use.
    if name in ("run", "render", "load_record", "verify"):
        from audit import api

        return getattr(api, name)
    raise AttributeError(f"module 'audit' has no attribute {name!r}")
