"""The sections of a record: what each stage tells beyond its observations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audit.records.base import Record
from audit.records.effects import DetailTable, DrawnNode, Effect, PairEffect
from audit.records.measured import Measured
from audit.records.observation import Scope
from audit.records.people import PeopleFacts
from audit.records.spec import Scalar, Task


class StageStatus(Record):
    """Whether a stage gave numbers."""

    stage: str
    status: Literal["done", "off", "not_run", "error"]
    reason: str = ""
    """Why it is not `done`."""


# --- subject -------------------------------------------------------------------------------------


class ModelFacts(Record):
    """The model under audit."""

    name: str
    format: str
    """estimator, skops, lightgbm, xgboost, catboost, pickle, joblib, predictions or memory."""
    type: str
    """Class of the estimator, e.g. "Pipeline(ColumnTransformer, HistGradientBoostingClassifier)"."""
    sha256: str | None = None
    size: int | None = None
    """Bytes of the file."""
    trust: tuple[str, ...] = ()
    """Formats that could run code and were trusted by name."""
    code: tuple[str, ...] = ()
    """Names of trusted Python files that were loaded with it."""
    refittable: bool
    """Whether it can be fitted again for cross-validation."""
    refit_reason: str = ""
    """Why it cannot."""
    capabilities: tuple[str, ...] = ()
    parameters: dict[str, str] = Field(default_factory=dict)
    """Parameter to its value as text, of the estimator itself."""


class ColumnFacts(Record):
    """One column of a table."""

    name: str
    kind: Literal["numeric", "categorical", "boolean", "datetime", "text"]
    missing: int
    """Rows without a value."""
    distinct: int
    """Different values, without missing."""
    role: Literal[
        "feature",
        "challenger",
        "target",
        "sensitive",
        "weight",
        "id",
        "time",
        "prediction",
        "group",
        "stratum",
        "cluster",
        "grade",
        "ignored",
    ]
    """challenger: only the challenger reads it; stratum: only like cases are told by it."""
    summary: str = ""
    """Range or most frequent values, in words; empty for an id."""


class TableFacts(Record):
    """One table that was read."""

    role: Literal["test", "train", "reference"]
    name: str
    sha256: str | None = None
    rows: int
    """Rows in the file."""
    rows_used: int
    """Rows that took part."""
    dropped: dict[str, int] = Field(default_factory=dict)
    """Reason to the number of rows left out for it."""
    weight_sum: float | None = None
    columns: tuple[ColumnFacts, ...] = ()
    ignored: tuple[str, ...] = ()
    """Columns that nothing reads."""
    target_counts: dict[str, int] = Field(default_factory=dict)
    """Class to its number of rows; empty in regression."""


class SubjectSection(Record):
    """What was audited."""

    task: Task
    model: ModelFacts
    challenger: ModelFacts | None = None
    tables: tuple[TableFacts, ...] = ()
    features: tuple[str, ...] = ()
    """Columns the model reads, in its order."""
    classes: tuple[str, ...] = ()
    positive: str | None = None
    favourable: str | None = None
    threshold: float | None = None
    """Null where labels were supplied or there is none."""
    labels_supplied: bool = False
    has_target: bool = True
    sensitive_in_model: tuple[str, ...] = ()
    """Sensitive columns that the model reads."""
    headline_scope: Scope = "held_out"
    """The rows behind the headline figures."""


# --- performance ---------------------------------------------------------------------------------


class MeasureFacts(Record):
    """What a measure is, for the reader who wants the formula."""

    name: str
    label: str
    higher_is_better: bool | None = None
    bounds: tuple[float | None, float | None] = (None, None)
    """Smallest and largest possible value."""
    description: str = ""
    """One sentence on what it says."""
    formula: str = ""
    source: str = ""
    """DOI, clause or book."""
    arguments: dict[str, Scalar] = Field(default_factory=dict)
    """Value of each argument that the measure takes."""
    parts: tuple[str, ...] = ()
    """Names of the measures whose gaps between groups a disparity takes together; empty for any other measure."""


class Curve(Record):
    """Points of a line, with an optional band."""

    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    n: tuple[int, ...] | None = None
    """Rows behind each point, where points are bins."""
    at: tuple[float | None, ...] | None = None
    """Score threshold behind each point; null where it is unbounded."""
    method: str = ""
    """Name of the band's method, which holds at each point on its own; empty where none is told."""


class Confusion(Record):
    """Counts (weights summed) of true class by predicted class."""

    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    """Row: true class; column: predicted class."""
    scope: Scope


class FoldFacts(Record):
    """One fold of a cross-validation."""

    fold: int
    """From 1."""
    train_rows: int
    test_rows: int


class CrossValidation(Record):
    """How cross-validation was done, or why it was not."""

    done: bool
    reason: str = ""
    by: str = ""
    column: str | None = None
    folds: tuple[FoldFacts, ...] = ()
    """Those of the first repeat."""
    repeats: int = 1
    """How often the rows were dealt."""


class GradeFacts(Record):
    """One grade of probability."""

    key: str
    """As in observation ids: "grade=A"."""
    label: str
    n: int
    """Rows (weights summed)."""
    events: float
    """Positive rows (weights summed)."""


class PeerFacts(Record):
    """A model beside the one under audit."""

    name: Literal["dummy", "baseline", "challenger"]
    type: str
    """What it is, in words."""
    threshold: float | None = None
    """Score from which it gives the positive label; null where it has none."""


class PerformanceSection(Record):
    """Metrics by id are observations; here stand what they mean, and the curves."""

    measures: tuple[MeasureFacts, ...] = ()
    """In the order a reader expects; the first is the headline metric."""
    decisions: tuple[MeasureFacts, ...] = ()
    """What decisions are weighed by, beside the metrics: expected cost, net benefit."""
    headline: str | None = None
    """Name of the measure that leads the summary."""
    scope: Scope = "held_out"
    curves: dict[str, dict[str, Curve]] = Field(default_factory=dict)
    """roc, precision_recall, calibration, threshold, residuals, score_distribution -> class ("" for one) -> curve.

    cost, net_benefit -> "" for the model, challenger, treat all, treat none; threshold_table -> name of a measure;
    learning -> training, validation.
    """
    confusion: Confusion | None = None
    cross_validation: CrossValidation | None = None
    peers: tuple[PeerFacts, ...] = ()
    grades: tuple[GradeFacts, ...] = ()
    """From the lowest mean probability to the highest; empty where the spec names none."""
    notes: tuple[str, ...] = ()
    """Sentences on what was not measured and why."""


# --- fairness ------------------------------------------------------------------------------------


class GroupFacts(Record):
    """One group of people."""

    key: str
    """As in observation ids: "sex=female"."""
    label: str
    """For readers: "female", or "female, black"."""
    n: int
    share: float = Field(ge=0, le=1)
    """Part of the rows of the audited table (by weight where there are weights)."""
    small: bool
    """Fewer rows than sensitive.minimum_group: shown, not judged."""
    unknown: bool = False
    """A value was missing: counted and named, not judged."""


class GroupingFacts(Record):
    """One way of dividing people."""

    key: str
    """As in observation ids: "sex" or "sex&race"."""
    columns: tuple[str, ...]
    role: str | None = None
    """What packs call it."""
    groups: tuple[GroupFacts, ...]
    reference: str | None = None
    """Key of the named reference group; null when it is the group with the highest rate."""
    probabilistic: bool = False
    """Whether rows belong to groups by probability: rates are weighted by it, and n is a sum of probabilities."""


class FlipFacts(Record):
    """One sensitive column that was changed while everything else stayed, or why it was not."""

    column: str
    status: Literal["done", "not_run"]
    reason: str = ""
    score: str = ""
    """What the score is whose change is told, in words; empty where there is none."""
    rows: int = 0
    """Rows whose column was changed."""
    rows_available: int = 0
    """Rows of the groups flipped among."""
    predictions: int = 0
    """Predictions that were made for it."""
    groups: tuple[str, ...] = ()
    """Keys of the groups flipped among; beyond some number only the largest."""
    stand_ins: tuple[str, ...] = ()
    """For each of them the value that was put in, as text."""
    worst: tuple[str, ...] = ()
    """Keys of the two groups between which the answer moves most, from and to; empty where nothing was told."""


class ProxyFacts(Record):
    """How one sensitive column was guessed from what else is known, or why it was not."""

    column: str
    status: Literal["done", "not_run"]
    reason: str = ""
    rows: int = 0
    """Rows that it was guessed on, each by a model fitted on others."""
    rows_available: int = 0
    """Rows of judged groups."""
    groups: tuple[str, ...] = ()
    """Names of the groups told apart."""
    left_out: tuple[str, ...] = ()
    """Names of known groups with too few rows."""
    features: tuple[str, ...] = ()
    """The other features, the one that gives most away first."""


class FairnessSection(Record):
    """Values are observations; here stand the groups and what the measures mean."""

    groupings: tuple[GroupingFacts, ...] = ()
    measures: tuple[MeasureFacts, ...] = ()
    disparities: tuple[MeasureFacts, ...] = ()
    indices: tuple[MeasureFacts, ...] = ()
    """Measures of groups that are no gap between their values of one metric."""
    strata: tuple[str, ...] = ()
    """Columns within whose values groups are compared too."""
    scope: Scope = "held_out"
    favourable: str | None = None
    notes: tuple[str, ...] = ()
    thresholds: dict[str, dict[str, dict[str, Curve]]] = Field(default_factory=dict)
    """Key of a grouping -> measure -> key of a group ("" for the impact ratio) -> curve over thresholds."""
    flips: tuple[FlipFacts, ...] = ()
    """By sensitive column; empty where the test is switched off."""
    proxies: tuple[ProxyFacts, ...] = ()
    """By sensitive column; empty where the screen is switched off."""


# --- attribution ---------------------------------------------------------------------------------


class Density(Record):
    """One row of a beeswarm, as counts instead of rows."""

    feature: str
    edges: tuple[float, ...]
    """Edges of attribution bins, one more than counts."""
    counts: tuple[int, ...]
    colour: tuple[float | None, ...] = ()
    """Mean rank of the feature's value in each bin, 0 low to 1 high; null where that has no meaning."""


class Contribution(Record):
    """What one feature added to one prediction."""

    feature: str
    value: str
    """The feature's value as text."""
    attribution: float
    """On the method's scale."""
    typical: str = ""
    """The middle or most frequent value of the background, as text."""


class Surrogate(Record):
    """How far the surrogate of one prediction can be believed."""

    r2: Measured
    """Share, up to 1, of the weighted variance of the model's output around the row that it explains."""
    stability: Measured
    """Mean rank correlation, -1 to 1, of its values between any two draws of perturbed rows."""
    draws: int
    """Number of draws."""


class Case(Record):
    """One prediction explained; ids are dropped."""

    number: int
    """From 1; says nothing about the row's place in the file."""
    chosen: str
    """Why it was chosen, in words."""
    class_: str | None = None
    """Class whose score is explained."""
    prediction: float
    """On the method's scale: base value plus all attributions."""
    base: float
    score: float | None = None
    """What the model gives: probability or value."""
    decided: str = ""
    actual: str = ""
    contributions: tuple[Contribution, ...]
    """Largest first by magnitude."""
    surrogate: Surrogate | None = None
    """Where the values are those of a local surrogate: `prediction` is what that gives, not what the model does."""


class AttributionMethodFacts(Record):
    """One method, how it ran, or why it did not."""

    name: str
    label: str
    status: Literal["done", "not_run", "error"]
    reason: str = ""
    game: str = ""
    """What is attributed: e.g. "path-dependent Shapley values of the margin"."""
    scale: str = ""
    """probability, log-odds, raw score, unit of the target, or loss of a metric."""
    rows: int = 0
    """Rows that it was computed on."""
    rows_available: int = 0
    background_rows: int = 0
    additivity_error: float | None = None
    """Largest |base + sum of attributions - model output| over those rows; null where not defined."""
    notes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    """Original columns, most important first."""
    base: dict[str, float] = Field(default_factory=dict)
    """Class ("" for one) to the base value."""
    beeswarm: dict[str, tuple[Density, ...]] = Field(default_factory=dict)
    """Class ("" for one) to densities, most important first."""
    cases: tuple[Case, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    """White-box content, header row first: coefficients, or the rules of a tree."""
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Name of each group of columns that earns its credit as one, to its columns; its total is the observation
    `attribution/<method>/group=<name>`."""
    effects: tuple[Effect, ...] = ()
    """How predictions move with columns, most important first."""
    pairs: tuple[PairEffect, ...] = ()
    """How they move with two columns beyond what each does alone, strongest first."""
    drawn: tuple[DrawnNode, ...] = ()
    """A tree to draw, its root first."""
    details: tuple[DetailTable, ...] = ()
    """More white-box content: the paths of single cases, for one."""


class AttributionCheckFacts(Record):
    """One check of the attributions themselves."""

    name: str
    label: str
    status: Literal["done", "not_run", "error"]
    reason: str = ""
    summary: str = ""
    """One sentence on what was found, without a verdict."""
    convention: str = ""
    """When a method is shown as failing."""
    measures: tuple[str, ...] = ()
    """Measures that it tells of each method, as in `attribution/<method>/<measure>`, the leading one first."""
    observations: tuple[str, ...] = ()
    """Ids of what it found or rests on."""
    failures: dict[str, str] = Field(default_factory=dict)
    """Method ("" for all of them) to what does not hold of it, as a clause."""


class AttributionSection(Record):
    """Global values are observations `attribution/<method>/global/<feature>`."""

    methods: tuple[AttributionMethodFacts, ...] = ()
    people: PeopleFacts | None = None
    """The single cases apart from any method; null in records of before, and without cases."""
    checks: tuple[AttributionCheckFacts, ...] = ()
    """What became of the attributions when they were audited themselves."""
    scope: Scope = "held_out"
    notes: tuple[str, ...] = ()


# --- robustness and efficiency -------------------------------------------------------------------


class CheckFacts(Record):
    """One check of the data or of the model's steadiness."""

    name: str
    label: str
    status: Literal["done", "not_run", "error"]
    reason: str = ""
    summary: str = ""
    """One sentence on what was found."""
    observations: tuple[str, ...] = ()
    """Ids, most telling first."""
    table: tuple[tuple[str, ...], ...] = ()
    """Details, header row first; already text."""


class RobustnessSection(Record):
    """Checks and what they found."""

    checks: tuple[CheckFacts, ...] = ()
    notes: tuple[str, ...] = ()


class EfficiencySection(Record):
    """Sizes are observations; times stand in `run`."""

    notes: tuple[str, ...] = ()
