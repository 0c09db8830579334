"""The audit spec: its words are an interface, and unknown keys are errors."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from audit.records.base import Record
from audit.records.observation import arguments_text

Scalar = bool | int | float | str
Task = Literal["binary", "multiclass", "regression", "ranking_score"]


class ContextSpec(Record):
    """Facts about the model that packs ask for and the cover prints."""

    owner: str | None = None
    """Who answers for the model."""
    purpose: str | None = None
    """What the model is for, in one sentence."""
    use_case: str | None = None
    """Word that packs select on, e.g. credit, hiring, medical."""
    jurisdiction: tuple[str, ...] = ()
    """Codes such as US, EU, US-NY-NYC."""
    version: str | None = None
    """Version of the model."""
    out_of_scope: tuple[str, ...] = ()
    """Uses that the model is not meant for."""
    facts: dict[str, Any] = Field(default_factory=dict)
    """Free keys that packs may ask for."""


class PredictionIntervalSpec(Record):
    """Columns of the table that hold a prediction interval of each row."""

    low: str
    """Column of lower ends."""
    high: str
    """Column of upper ends."""
    level: float = Field(gt=0, lt=1)
    """Share of rows that the intervals are meant to hold, in (0, 1)."""


class PredictionsSpec(Record):
    """Columns of the table that already hold a model's predictions."""

    label: str | None = None
    """Column of predicted labels, or of predicted values in regression; never re-thresholded."""
    score: str | dict[str, str] | None = None
    """Column of scores of the positive class; for multiclass, class to column."""
    interval: PredictionIntervalSpec | None = None
    """Prediction intervals of a regression: their coverage, width and score are measured."""


class ModelSpec(Record):
    """The model under audit: exactly one of path, predictions and estimator."""

    path: str | None = None
    """Model file; its format is told by its content."""
    predictions: PredictionsSpec | None = None
    """An audit from a table of predictions, without the model; a challenger's stand in the table that is audited."""
    estimator: str | None = None
    """`package.module:factory`, called with `params` and fitted on `data.train` inside the audit."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the factory."""
    name: str | None = None
    """What waivers and history call the model."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Digest that the file must have; required for formats that can run code."""
    trust: tuple[str, ...] = ()
    """Formats that may run code, named one by one, e.g. [pickle]; printed in the report."""
    key: str | None = None
    """Entry to take when the file holds a dict."""
    code: tuple[str, ...] = ()
    """Python files that a saved pipeline needs: trusted code, printed in the report."""


class WeightSpec(Record):
    """A column of row weights."""

    column: str
    kind: Literal["frequency", "sampling"] = "frequency"
    """frequency: the row stands for that many equal rows; sampling: an inverse inclusion probability."""


class DataSpec(Record):
    """The tables and the roles of their columns."""

    test: str | None = None
    """Held-out table: csv or parquet."""
    train: str | None = None
    """Table the model was or will be fitted on: cross-validation, gap, overlap."""
    reference: str | None = None
    """What drift is measured against, when it is not train."""
    target: str | None = None
    """Column of true labels or values."""
    features: tuple[str, ...] | None = None
    """Columns the model reads; default: the model's own names, else all but target, weight, id, time and
    sensitive-only."""
    weight: WeightSpec | None = None
    id: str | None = None
    """Column that names a row; never printed."""
    time: str | None = None
    """Column that orders rows in time."""
    missing: tuple[str, ...] = ("",)
    """Strings read as missing."""


class CostsSpec(Record):
    """What each kind of decision costs, in one unit of the author's choosing; below zero it is a benefit."""

    false_positive: float
    """Cost of the positive label where the truth is the other one; more than that of a true negative."""
    false_negative: float
    """Cost of the other label where the truth is the positive one; more than that of a true positive."""
    true_positive: float = 0.0
    true_negative: float = 0.0


class DecisionSpec(Record):
    """How a score becomes a decision, and whom it favours."""

    positive: Scalar | None = None
    """Label that the score is the score of; default: the second class in order."""
    favourable: Scalar | None = None
    """Label that is good for the person; default: the positive one."""
    threshold: float = 0.5
    """Score from which the positive label is given; supplied labels are never re-thresholded."""
    costs: CostsSpec | None = None
    """What wrong and right decisions cost: expected cost, cost curve, the threshold that costs least."""


class SensitiveTableSpec(Record):
    """A second table that holds the sensitive columns."""

    path: str
    on: str
    """Column that joins it to the data."""


class SensitiveSpec(Record):
    """The columns that groups are made of."""

    features: tuple[str, ...] = ()
    table: SensitiveTableSpec | None = None
    roles: dict[str, str] = Field(default_factory=dict)
    """Column to what packs call it, e.g. race: race_ethnicity."""
    intersections: tuple[tuple[str, ...], ...] = ()
    bins: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Column to increasing edges; a bin holds its lower edge, the last one both."""
    reference: dict[str, str] = Field(default_factory=dict)
    """Column to the group that others are compared with; default: the group with the highest rate."""
    minimum_group: int = Field(default=30, ge=1)
    """Rows under which a group is shown, not judged."""
    probabilities: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Name of a feature to its groups, each with the column of the probability, in [0, 1], that a row belongs to it:
    rates by these groups are weighted by them. The probabilities of a row sum to 1, or all are missing."""

    @property
    def grouped(self) -> tuple[str, ...]:
        """Everything that people are grouped by: columns, then what is known by probabilities only."""
        return (*self.features, *self.probabilities)

    @property
    def probability_columns(self) -> tuple[str, ...]:
        """Columns that hold probabilities of groups."""
        return tuple(column for groups in self.probabilities.values() for column in groups.values())


class CrossValidationSpec(Record):
    """K-fold cross-validation."""

    folds: int = Field(default=5, ge=2, le=50)
    by: Literal["stratified", "plain", "group", "time"] = "stratified"
    """How rows are dealt to folds; stratified is plain in regression."""
    column: str | None = None
    """Column of groups; for time the default is data.time."""
    repeats: int = Field(default=1, ge=1, le=100)
    """How often the rows are dealt anew, each time to as many folds; by time there is one way only."""


class LearningCurveSpec(Record):
    """How the model does when it is fitted on fewer rows; asking for it sets aside the budget of refits."""

    sizes: int = Field(default=5, ge=2, le=10)
    """Numbers of training rows, each twice the one before; the largest is that of a whole cross-validation fold."""


class IntervalSpec(Record):
    """How uncertainty is stated."""

    level: float = Field(default=0.95, gt=0.5, lt=1)
    resamples: int = Field(default=2000, ge=100, le=100_000)
    cluster: str | None = None
    """Column of clusters, such as patients or branches: rows of one cluster may be alike, those of different ones are
    independent. A row without a value is a cluster of its own. Folds do not part a cluster, except by time."""
    proportion: Literal["wilson", "clopper_pearson"] = "wilson"
    """Interval of shares of rows (rates, accuracy, scores that are shares): Wilson's with its corrections, or the exact
    one of Clopper and Pearson, which is wider. Under weights or clusters it is that of the effective number of rows."""


class CalibrationSpec(Record):
    """How probabilities are grouped for the calibration curve."""

    bins: int = Field(default=10, ge=2, le=100)
    strategy: Literal["quantile", "uniform"] = "quantile"
    """quantile: bins of equal weight; uniform: bins of equal width."""


class MetricSpec(Record):
    """A metric with arguments, written as packs write it: `{metric: f_beta, args: {beta: 2}}`."""

    metric: str
    """Name of a metric."""
    args: dict[str, Scalar] = Field(default_factory=dict)
    """Arguments that are not to have their default; each metric tells its own and their range."""

    def __str__(self) -> str:
        """Return `f_beta (beta 2)`."""
        return f"{self.metric} ({arguments_text(self.args)})" if self.args else self.metric


def asked(metrics: tuple[MetricSpec | str, ...] | None) -> tuple[MetricSpec, ...] | None:
    """Return metrics that are named in either way as one kind; None where nobody named any."""
    return None if metrics is None else tuple(MetricSpec(metric=m) if isinstance(m, str) else m for m in metrics)


class GradesSpec(Record):
    """Grades of probability, each of which is tested on its own: exactly one of column and edges."""

    column: str | None = None
    """Column of the headline table that holds each row's grade."""
    edges: tuple[float, ...] | None = None
    """Increasing edges of probability; a grade holds its lower edge, the last one both."""


class PerformanceSpec(Record):
    """What is measured of the predictions."""

    metrics: tuple[MetricSpec | str, ...] | None = None
    """Names of metrics, with arguments where they are not to have their defaults; default: the usual ones of the
    task."""
    cross_validation: CrossValidationSpec | Literal[False] = CrossValidationSpec()
    interval: IntervalSpec = IntervalSpec()
    calibration: CalibrationSpec = CalibrationSpec()
    learning_curve: LearningCurveSpec | Literal[False] | None = None
    """Whether the model is fitted again on growing parts of each fold's training rows; default: where that is cheap, by
    a budget of rows, columns and trees."""
    grades: GradesSpec | None = None
    """Whether observed rates are tested against mean probabilities grade by grade (binary tasks with probabilities)."""
    baseline: bool = True
    """Whether a dummy and a simple model are fitted beside the model."""


class FlipSpec(Record):
    """How the model is asked again with a sensitive column changed and nothing else."""

    rows: int = Field(default=1000, ge=1, le=1_000_000)
    """Most rows whose column is changed; each is predicted once for every other group."""


class ProxySpec(Record):
    """How the other features are tried as stand-ins for a sensitive column."""

    rows: int = Field(default=5000, ge=50, le=1_000_000)
    """Most rows that the sensitive column is guessed on."""


class FairnessSpec(Record):
    """What is measured by group."""

    metrics: tuple[MetricSpec | str, ...] | None = None
    """Names of metrics measured by group, with arguments where they are not to have their defaults; default: the usual
    ones that suit the task and compare between groups."""
    flip: FlipSpec | Literal[False] = FlipSpec()
    """Whether each sensitive column that the model reads is changed, to see whose answer moves."""
    proxies: ProxySpec | Literal[False] = ProxySpec()
    """Whether it is told how well other features and the score give each sensitive column away."""
    strata: tuple[str, ...] = ()
    """Columns that make like cases alike: groups are also compared among rows with the same values in all of them."""
    power: float = Field(default=0.8, ge=0.5, lt=1)
    """Chance with which the smallest disparity that is told as detectable would have been found, in [0.5, 1)."""


class CounterfactualSpec(Record):
    """How the nearest change that turns a decision is searched for; sensitive features never change."""

    immutable: tuple[str, ...] = ()
    """Columns that nobody can change, beside the sensitive features."""
    monotone: dict[str, Literal["increasing", "decreasing"]] = Field(default_factory=dict)
    """Column of numbers to the only direction in which it can change, e.g. age: increasing."""
    ranges: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Column of numbers to the lowest and highest value that it can be changed to."""
    changes: int = Field(default=3, ge=1, le=5)
    """Most columns that may change together."""
    move: float | None = None
    """In regression, by how much the prediction is to change at least, below zero to fall; in units of the target."""
    rows: int = Field(default=50, ge=0, le=100_000)
    """Rows with an unfavourable decision, beside the cases, for which it is counted whether a change is found."""
    budget: int = Field(default=5000, ge=100, le=10_000_000)
    """Most predictions spent on one row."""


class WordingSpec(Record):
    """What a person is told where a column is the reason, by what is wrong with its value."""

    high: str | None = None
    """Where the value is above the typical one of those whom the model favours."""
    low: str | None = None
    """Where it is below."""
    missing: str | None = None
    """Where there is none."""
    other: str | None = None
    """Where it is another category."""


class ReasonsSpec(Record):
    """How reasons are given for unfavourable decisions; sensitive features are never a reason."""

    count: int = Field(default=4, ge=1, le=4)
    """Most reasons given for one decision."""
    wording: dict[str, str | WordingSpec] = Field(default_factory=dict)
    """Column to the text that a person is told, whatever its value, or to a text for each direction; what is not worded
    is named by the column."""
    excluded: tuple[str, ...] = ()
    """Columns that are no reason, beside the sensitive features."""


class LocalSpec(Record):
    """The single cases that are explained."""

    rows: int = Field(default=10, ge=1, le=200)
    """Most cases; those that are named come first."""
    choose: tuple[Literal["worst", "near_threshold", "per_group", "extreme"], ...] = (
        "worst",
        "near_threshold",
        "per_group",
    )
    """Kinds that take turns: worst errors, nearest to the threshold, typical of each group, the lowest and the highest
    score of each group."""
    ids: tuple[str | int, ...] = ()
    """Values of data.id whose rows are cases."""
    row_numbers: tuple[int, ...] = ()
    """Numbers of rows that are cases, from 1 for the first below the header."""
    neighbours: int = Field(default=1, ge=0, le=3)
    """Most alike rows that the model decides otherwise, shown beside each case."""
    counterfactuals: CounterfactualSpec | Literal[False] = CounterfactualSpec()
    reasons: ReasonsSpec | Literal[False] = ReasonsSpec()


class LimeSpec(Record):
    """How local surrogates are fitted."""

    samples: int = Field(default=5_000, ge=100, le=1_000_000)
    """Perturbed rows, in rows, of one draw; each of five draws predicts as many, once for all explained rows."""
    features: int = Field(default=10, ge=1)
    """Most columns that one surrogate weighs."""
    discretise: bool = True
    """Whether numbers are cut at their quartiles; false: a surrogate weighs them by their standard deviations."""


class AttributionSpec(Record):
    """How predictions are attributed to features."""

    methods: tuple[str, ...] | None = None
    """Names of methods; default: those that suit the model."""
    rows: int = Field(default=1000, ge=1)
    """Rows sampled for global attributions."""
    background: int = Field(default=100, ge=1)
    """Rows of background data."""
    budget: int = Field(default=300_000, ge=1000, le=1_000_000_000)
    """Predictions, in rows, that each method may ask of the model; one that needs more explains fewer rows."""
    scale: Literal["probability", "log_odds", "raw"] | None = None
    """Scale of the output that is attributed; default: the one that is natural to the model and the method."""
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Name of a group to the columns in it, which methods that attribute groups take together; default: columns that
    are strongly correlated."""
    monotone: dict[str, Literal["increasing", "decreasing"]] = Field(default_factory=dict)
    """Column to the only direction in which its score (of the positive class) or value may move as it grows."""
    refits: int = Field(default=30, ge=1, le=10_000)
    """Models that a method which fits anew may fit."""
    checks: tuple[str, ...] | Literal[False] | None = None
    """Names of checks of the attributions themselves; default: all, but those that fit models only where the training
    table is small."""
    lime: LimeSpec = LimeSpec()
    local: LocalSpec | Literal[False] = LocalSpec()


class RobustnessSpec(Record):
    """What is checked of the data and of the model's steadiness."""

    checks: tuple[str, ...] | None = None
    """Names of checks; default: all that apply."""
    budget: int = Field(default=20_000, ge=100, le=10_000_000)
    """Rows that each check may have the model predict, in rows; a check that needs more draws fewer, by the seed."""


class EfficiencySpec(Record):
    """What the model costs."""

    latency: bool = True
    """Whether prediction is timed; times stand outside the digest."""
    batches: tuple[int, ...] = (1, 100, 1000, 10_000)
    """Numbers of rows, 1 to 1,000,000, of the calls that are timed."""
    calls: int = Field(default=30, ge=3, le=1000)
    """Most calls of one batch size; fewer where they would sum up to more than 30,000 rows."""
    memory: bool = False
    """Whether a fresh process loads and asks the model, to measure its peak memory; starting it takes some seconds."""


class PolicySpec(Record):
    """A policy pack to judge by."""

    pack: str
    """Name of a shipped pack, or a path to a YAML file."""
    params: dict[str, Any] = Field(default_factory=dict)


class ReportSpec(Record):
    """What is written."""

    formats: tuple[str, ...] = ("html", "pdf", "json")
    language: Literal["en"] = "en"


class AuditSpec(Record):
    """Everything that an audit is told."""

    audit: Literal[1] = 1
    """Version of the spec's language."""
    title: str = "Model audit"
    context: ContextSpec = ContextSpec()
    model: ModelSpec
    challenger: ModelSpec | None = None
    """A second model, such as last year's, compared with the first on the same rows: a file, a factory, or columns."""
    task: Task | None = None
    """Inferred when absent."""
    data: DataSpec
    decision: DecisionSpec = DecisionSpec()
    sensitive: SensitiveSpec = SensitiveSpec()
    performance: PerformanceSpec | Literal[False] = PerformanceSpec()
    fairness: FairnessSpec | Literal[False] = FairnessSpec()
    attribution: AttributionSpec | Literal[False] = AttributionSpec()
    robustness: RobustnessSpec | Literal[False] = RobustnessSpec()
    efficiency: EfficiencySpec | Literal[False] = EfficiencySpec()
    policies: tuple[PolicySpec | str, ...] = ("model-card-core", "technical-soundness")
    """Names of packs, paths to packs, or either with parameters."""
    attestations: str | None = None
    waivers: str | None = None
    lock: str | None = None
    """A file that `audit freeze` wrote before the test rows were read: limits that differ from it stop the audit."""
    report: ReportSpec = ReportSpec()
    allow_paths: tuple[str, ...] = ()
    """Places outside the spec's folder that may be read."""
    seed: int = Field(default=0, ge=0, lt=2**32)
