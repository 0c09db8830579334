"""Opens the templates and packs that ship with the package, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from audit.records.provenance import FileDigest


def resource_folder(name: Literal["templates", "policies"]) -> Path:
    """Return the folder of shipped templates or packs."""
    package = Path(__file__).resolve().parent
    bundled = package / "_bundled" / name
    return bundled if bundled.is_dir() else package.parent / name


def shipped_packs() -> dict[str, Path]:
    """Return the packs that come with the package, by name."""
    return {path.stem: path for path in sorted(resource_folder("policies").glob("*.yaml"))}


def templates_digest() -> FileDigest:
    """Return one digest of all templates: sha256 over the sorted names and digests of the files."""
    folder = resource_folder("templates")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    lines = [f"{p.relative_to(folder).as_posix()} {hashlib.sha256(p.read_bytes()).hexdigest()}\n" for p in files]
    return FileDigest(
        role="templates",
        name="templates",
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
        size=sum(p.stat().st_size for p in files),
    )
