"""Whether the model predicts anything on rows that it has not seen: without that there is nothing to attribute."""

from __future__ import annotations

from audit import catalogue
from audit.attribution.likeness import low_of
from audit.declarations.attribution_check import AttributionCheck, Audited, Held
from audit.estimation.estimate import applies, estimate, unmeasurable
from audit.estimation.seeds import child_seed
from audit.records.measured import Measured, Undefined
from audit.records.observation import Observation
from audit.records.spec import IntervalSpec
from audit.subject.evidence import Evaluation, Evidence

_METRICS = ("gini", "spearman_correlation", "cohen_kappa")
"""The first that suits is taken; each is 0 for predictions that know nothing of the outcome, and 1 at best."""
_RESAMPLES = 500


def find(audited: Audited) -> Held:
    """Measure how far predictions of unseen rows order their outcomes: 0 as a dummy's, 1 without a mistake."""
    seen, (name, measured) = audited.evidence.headline, skill(audited.evidence, audited.level, audited.seed)
    observation = Observation(
        id="attribution/skill",
        label=f"Skill of the model on rows that it has not seen{name}",
        measured=measured,
        higher_is_better=True,
        scope=seen.scope,
    )
    if isinstance(measured, Undefined):
        return Held(summary=f"Skill could not be measured: {measured.reason}", observations=(observation,))
    rows = f"{measured.n:,} rows that the model has not seen"
    failures = {}
    if low_of(measured) <= 0:
        failures[""] = (
            "unsupported: the interval of its skill on unseen rows reaches zero, where a dummy stands. What drives "
            "predictions that know nothing of the outcome says nothing of the outcome"
        )
    return Held(
        summary=f"On {rows} its skill{name} is {measured.value:.3f}, where a dummy has 0 and a perfect model 1.",
        observations=(observation,),
        failures=failures,
    )


def skill(evidence: Evidence, level: float, seed: int) -> tuple[str, Measured]:
    """Return the name of the measure, as it follows the word, and what it is."""
    seen: Evaluation = evidence.headline
    if seen.scope == "train":
        return "", Undefined(reason="There are no rows that the model has not seen.")
    if seen.sample.target is None:
        return "", Undefined(reason="The table holds no true labels.")
    reason = "No measure of skill suits these predictions."
    for name in _METRICS:
        metric = catalogue.load("metrics", name)
        lacking = applies(metric, seen.sample, evidence.subject.task) or unmeasurable(metric, seen.sample)
        if not lacking:
            interval = IntervalSpec(level=level, resamples=_RESAMPLES)
            found = estimate(metric, seen.sample, interval, child_seed(seed, name))
            return f" ({metric.label})", found
        reason = lacking
    return "", Undefined(reason=reason)


CHECK = AttributionCheck(
    name="skill",
    label="Skill behind the attributions",
    find=find,
    measures=(),
    convention="Attributions are unsupported where the interval of the model's skill on unseen rows reaches that of a "
    "dummy.",
)
