"""What a record tells of single cases whatever the attribution method: neighbours, changes, reasons.

Each `Person` holds the values of a row, and of rows like it: a rendering for the public leaves `persons` out whole.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audit.records.base import Record


class PartFacts(Record):
    """Whether one part of the cases was done."""

    status: Literal["done", "off", "not_run", "error"]
    reason: str = ""
    """Why it is not `done`."""
    notes: tuple[str, ...] = ()
    """On what it rests."""


class Difference(Record):
    """One column in which another row, or a changed one, differs from the case."""

    feature: str
    value: str
    """The case's, as text."""
    other: str
    """The other one's."""


class Neighbour(Record):
    """An alike row that the model decides otherwise."""

    decided: str
    score: float | None = None
    distance: float
    """Mean over columns, in [0, 1]: numbers apart by the middle nine tenths of their column, at most 1; other values 0
    if equal, else 1."""
    typical: float | None = None
    """Median distance of a row to its nearest other one, whatever is decided."""
    differences: tuple[Difference, ...]
    """Largest first."""


class Counterfactual(Record):
    """The nearest change within the constraints that turns the decision, or that none was found."""

    status: Literal["found", "none_found", "not_needed"]
    searched: int = 0
    """Changed rows that were predicted."""
    columns: int = 0
    """Columns that were free to change."""
    changes: tuple[Difference, ...] = ()
    score: float | None = None
    """The model's, of the changed row."""
    decided: str = ""
    """What the model decides of the changed row."""
    distance: float | None = None
    """From the changed row to the nearest observed one, as of a neighbour."""
    plausible: bool | None = None
    """Whether that is no further than 95 % of the observed rows are from their nearest other one."""


class Reason(Record):
    """An input that moved the score against the person, which setting it to a typical favoured value undoes in part."""

    feature: str
    text: str
    """What a person would be told."""
    value: str
    reference: str
    """The value typical of those whom the model favours."""
    effect: float
    """Mean rise of the favourable score over values of those whom the model favours, in its unit; above 0."""
    gain: float
    """Rise of the favourable score when the input alone has the reference value; above 0."""
    together: bool = False
    """Whether it holds only with the person's other reasons: `gain` is then the rise with all of them, `effect` what of
    the score is lost when this one alone keeps its value."""


class Person(Record):
    """One case; its number is that of the case of each method."""

    number: int
    chosen: str
    """Why it was chosen, in words."""
    score: float | None = None
    decided: str = ""
    actual: str = ""
    favoured: bool | None = None
    """Whether the decision is the favourable one; null where there is none."""
    neighbours: tuple[Neighbour, ...] = ()
    counterfactual: Counterfactual | None = None
    """Null where none was sought."""
    reasons: tuple[Reason, ...] = ()
    """Largest effect first; empty for a favourable decision."""


class ReasonGroup(Record):
    """One group of people with unfavourable decisions."""

    key: str
    """As in observation ids: "sex=female"; empty for all."""
    label: str
    n: int
    """Unfavourable decisions."""


class PeopleFacts(Record):
    """Single cases, and what was found over all unfavourable decisions of the sample."""

    persons: tuple[Person, ...] = ()
    neighbours: PartFacts
    counterfactuals: PartFacts
    reasons: PartFacts
    favourable: str | None = None
    """The favourable class."""
    scale: str = ""
    """What the score is, in words."""
    denied: int = 0
    """Sampled rows with an unfavourable decision."""
    explained: int = 0
    """How many of them have had reasons sought."""
    given: tuple[str, ...] = ()
    """Columns that are a reason for anybody, most frequent first: `attribution/reasons/given/<feature>[/<group>]`."""
    wordings: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column to the texts given for it, most frequent first."""
    protected: tuple[str, ...] = ()
    """Columns that the model reads and that are never a reason."""
    groups: tuple[ReasonGroup, ...] = ()
