"""One measured thing with a public name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from audit.records.base import Record
from audit.records.measured import Measured

Scope = Literal["held_out", "out_of_fold", "train", "reference"]


class Observation(Record):
    """A measurement under its public id, `stage/measure[/scope][/aggregate]`."""

    id: str = Field(min_length=1)
    """Public id, e.g. `performance/roc_auc` or `fairness/selection_rate/sex=female`."""
    label: str
    """What a reader calls it, in English."""
    measured: Measured
    """The number, or the reason why there is none."""
    higher_is_better: bool | None = None
    """Direction of the measure; null where neither direction is better."""
    scope: Scope = "held_out"
    """The rows it was measured on."""


def encoded(text: str) -> str:
    """Percent-encode the characters that structure an observation id.

    >>> encoded("a&b=c/d;e%")
    'a%26b%3Dc%2Fd%3Be%25'
    """
    return text.translate(_RESERVED)


def group_key(columns: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Join columns and values into the key of a group.

    >>> group_key(("sex", "race"), ("female", "black"))
    'sex=female&race=black'
    """
    return "&".join(f"{encoded(c)}={encoded(v)}" for c, v in zip(columns, values, strict=True))


def grouping_key(columns: tuple[str, ...]) -> str:
    """Join columns into the key of a grouping: `sex` or `sex&race`."""
    return "&".join(encoded(column) for column in columns)


def arguments_key(arguments: Mapping[str, bool | int | float | str]) -> str:
    """Return what the id of a measure carries of arguments that are not the default, sorted by name.

    >>> arguments_key({"share": 0.1, "beta": 2.0})
    ';beta=2;share=0.1'
    """
    return "".join(f";{encoded(name)}={encoded(_plain(value))}" for name, value in sorted(arguments.items()))


def arguments_text(arguments: Mapping[str, bool | int | float | str]) -> str:
    """Return the same for a reader.

    >>> arguments_text({"strategy": "quantile", "bins": 20})
    'bins 20, strategy quantile'
    """
    return ", ".join(f"{name} {_plain(value)}" for name, value in sorted(arguments.items()))


def _plain(value: bool | int | float | str) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


_RESERVED = {ord(c): f"%{ord(c):02X}" for c in "%&=/;"}
