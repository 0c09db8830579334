"""What one measurement yields: an exact number, an estimate with its interval, or the reason why there is none."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from audit.records.base import Record


class Exact(Record):
    """A number without sampling uncertainty: a count, a size, a value of the whole population."""

    kind: Literal["exact"] = "exact"
    value: int | float
    """The number, finite, in `unit`."""
    unit: str = ""
    """Unit of `value`: "" for a pure number or a count, else e.g. "bytes", "seconds"."""
    n: int = Field(ge=0)
    """Rows that the number rests on."""


class Estimate(Record):
    """A number with an interval that says how far sampling could have moved it."""

    kind: Literal["estimate"] = "estimate"
    value: float
    """Point estimate, finite."""
    low: float | None
    """Lower end of the interval, null when unbounded."""
    high: float | None
    """Upper end of the interval, null when unbounded."""
    level: float = Field(gt=0, lt=1)
    """Confidence level, in (0, 1)."""
    method: str
    """Name of the interval's method, e.g. "wilson", "delong", "bootstrap"."""
    n: int = Field(ge=0)
    """Rows that the estimate rests on."""


class Undefined(Record):
    """No number, and why."""

    kind: Literal["undefined"] = "undefined"
    reason: str = Field(min_length=1)
    """A sentence that says why there is no number."""


Measured = Annotated[Exact | Estimate | Undefined, Field(discriminator="kind")]
