"""Opens the templates and packs that ship with the package, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def resource_folder(name: Literal["templates", "policies"]) -> Path:
    """Return the folder of shipped templates or packs."""
    package = Path(__file__).resolve().parent
    bundled = package / "_bundled" / name
    return bundled if bundled.is_dir() else package.parent / name
