"""Where the numbers come from: files, versions, seed, sandbox."""

from __future__ import annotations

from pydantic import Field

from audit.records.base import Record
from audit.records.measured import Measured


class FileDigest(Record):
    """A file that the audit read."""

    role: str
    """What it was read as: spec, model, factory, code, challenger, challenger_factory, challenger_code, test, train,
    reference, sensitive, pack, attestations, waivers, lock or templates."""
    name: str
    """File name without its folder, so that the record does not depend on the machine."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    """Bytes."""


class Provenance(Record):
    """What would have to be the same for the numbers to be the same."""

    files: tuple[FileDigest, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    """Package name to version, of what measured, with Python and the platform."""
    seed: int = 0
    sandbox: str = "none"
    """Level of isolation of the measuring process."""
    trust: tuple[str, ...] = ()
    """Formats that may run code and that the spec trusted by name."""
    overrides: dict[str, str] = Field(default_factory=dict)
    """Spec keys replaced on the command line."""
    date: str | None = None
    """Date of the audit, ISO 8601, as given; null when none was given."""


class Run(Record):
    """What differs between two equal runs; outside the digest."""

    started: str | None = None
    """Clock at the start, ISO 8601 with offset."""
    host: str | None = None
    durations: dict[str, float] = Field(default_factory=dict)
    """Stage to seconds."""
    peak_memory: int | None = None
    """Peak resident size of the measuring process, bytes."""
    latency: dict[str, float] = Field(default_factory=dict)
    """Name such as `latency_p50/batch=1` or `fit_time/rows=320` to seconds."""
    costs: dict[str, Measured] = Field(default_factory=dict)
    """`throughput/batch=1000` (rows a second), `time_growth` (exponent of the time beyond that of one row),
    `fit_time_growth` (exponent of the time of a fit), `peak_memory/load` and `peak_memory/batch=10000` (bytes, in a
    fresh process), and `latency/batch=10000` where that batch was not timed."""
    command: str | None = None
    """The command as typed, for the appendix."""
