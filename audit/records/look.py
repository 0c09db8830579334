"""What a first look at a model file and a table tells, before there is a spec."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, TypeAdapter

from audit.records.base import Record
from audit.records.plan import InputFile

Kind = Literal["number", "whole number", "text", "true or false"]


class LookRequest(Record):
    """What to look at."""

    model: InputFile
    table: InputFile


class ModelLook(Record):
    """A model file."""

    format: str
    """Name of the format."""
    label: str
    runs_code: bool
    """Whether loading it may run its author's code; it was not loaded then."""
    features: tuple[str, ...] | None = None
    """Columns that it reads, where it says so."""
    classes: int = Field(default=0, ge=0)
    """Number of its classes; 0 in regression or where it does not say."""
    note: str = ""
    """Why it could not be loaded."""


class ColumnLook(Record):
    """A column of a table."""

    name: str
    kind: Kind
    distinct: int = Field(ge=0)
    missing: int = Field(ge=0)
    values: tuple[str, ...] = ()
    """Its values in order when there are at most 20."""
    commonest: str = ""
    quartiles: tuple[float, ...] = ()
    """Least value, quartiles and greatest value of a column of numbers."""


class Look(Record):
    """A model and a table beside each other."""

    model: ModelLook
    rows: int = Field(ge=0)
    columns: tuple[ColumnLook, ...]


class Unseen(Record):
    """Why there is nothing to tell: fields of `errors.Problem`, one dict each."""

    problems: tuple[dict[str, str], ...]


ANSWER: TypeAdapter[Look | Unseen] = TypeAdapter(Look | Unseen)
