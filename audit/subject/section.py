"""Turns the live subject into the part of the record that says what was audited."""

from __future__ import annotations

from audit.records.sections import SubjectSection
from audit.subject.evidence import Evidence


def subject_section(evidence: Evidence) -> SubjectSection:
    """Say what was audited, without any number about its quality."""
    subject = evidence.subject
    headline = evidence.headline
    features = tuple(map(str, headline.table.features.columns)) if subject.model is not None else ()
    tables = tuple(t.facts for t in (subject.test, subject.train, subject.reference) if t is not None)
    return SubjectSection(
        task=subject.task,
        model=subject.facts,
        challenger=None if subject.challenger is None else subject.challenger.facts,
        tables=tables,
        features=features,
        classes=subject.classes,
        positive=None if subject.positive is None else subject.classes[subject.positive],
        favourable=None if subject.favourable is None else subject.classes[subject.favourable],
        threshold=subject.threshold,
        labels_supplied=subject.model is None and subject.threshold is None and headline.predictions.label is not None,
        has_target=headline.table.target is not None,
        sensitive_in_model=tuple(c for c in map(str, headline.table.sensitive.columns) if c in features),
        headline_scope=headline.scope,
    )
