"""Finds the columns that an audit reads in the headers of its tables, and says at once what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from audit.errors import DataError, ModelError, Problem
from audit.records.spec import AuditSpec, CrossValidationSpec, PredictionsSpec
from audit.subject.evidence import LoadedModel, Tell
from audit.subject.facts import Role
from audit.subject.model import Part
from audit.subject.tables import Source


@dataclass(frozen=True)
class Layout:
    """Which columns are read, and what for."""

    features: tuple[str, ...]
    """In the model's order."""
    roles: Mapping[str, Role]
    """Column to the role that the report names."""
    sensitive: tuple[str, ...]
    """Sensitive columns that stand in the tables themselves."""
    read: Mapping[str, tuple[str, ...]]
    """Role of a table to the columns read from it, in the order of its header."""
    challenger: tuple[str, ...] = ()
    """Columns that the challenger reads, in its order."""


def laid_out(
    spec: AuditSpec,
    sources: Mapping[str, Source],
    people: Source | None,
    model: LoadedModel | None,
    headline: str,
    tell: Tell,
    challenger: LoadedModel | None = None,
) -> Layout:
    """Match the columns that the spec, the model and the challenger name with the headers.

    Raises
    ------
    AuditError
        Every missing column of every table, with the nearest name there is.
    """
    lead = sources[headline]
    sought = (*spec.sensitive.features, *spec.sensitive.probability_columns)
    inner = tuple(c for c in sought if people is None or c not in people.columns)
    features = _features(spec, sources.get("train", lead), lead, model, inner, tell)
    rival = _challenger_features(spec, sources, lead, challenger, inner, tell)
    optional = _named(spec, inner)
    problems = [
        *(p for role, source in sources.items() for p in _missing_features(source, features, spec, model)),
        *(
            p
            for role, source in sources.items()
            if role == headline or (role == "train" and spec.challenger is not None and spec.challenger.estimator)
            for p in _missing_features(source, rival, spec, challenger, "challenger")
        ),
        *(
            p
            for role, source in sources.items()
            for p in _missing_others(source, _required(spec, role, role == headline, inner))
        ),
        *(_missing_others(people, _required_of_people(spec)) if people is not None else ()),
        *_unknown_features(lead, features, spec),
    ]
    if problems:
        raise DataError(*problems)
    # A stratum, a grade or a cluster may be a feature too: that it is named takes nothing from the model.
    strata = (*strata_of(spec), *filter(None, (grade_column(spec), cluster_column(spec))))
    wanted = {*features, *rival, *strata, *(name for name, _ in optional)}
    # A table of which nothing is read still has rows to count.
    read = {r: tuple(c for c in s.columns if c in wanted) or s.columns[:1] for r, s in sources.items()}
    kinds: dict[str, Role] = {name: _kind(spec, name) for name in strata}
    roles: dict[str, Role] = {**kinds, **_roles(features, rival, optional)}
    return Layout(features, roles, inner, read, rival)


def prediction_columns(predictions: PredictionsSpec, part: Part = "model") -> tuple[tuple[str, str], ...]:
    """Return (column, key of the spec) of each column of supplied predictions."""
    found = [(predictions.label, f"{part}.predictions.label")] if predictions.label else []
    if isinstance(predictions.score, str):
        found.append((predictions.score, f"{part}.predictions.score"))
    elif predictions.score is not None:
        found += [(column, f"{part}.predictions.score.{name}") for name, column in predictions.score.items()]
    if predictions.interval is not None:
        ends = (("low", predictions.interval.low), ("high", predictions.interval.high))
        found += [(column, f"{part}.predictions.interval.{end}") for end, column in ends]
    return tuple(found)


def seen_from_the_challenger(spec: AuditSpec) -> AuditSpec:
    """Return the spec with model and challenger in each other's place, so that one reading serves both."""
    assert spec.challenger is not None
    return spec.model_copy(update={"model": spec.challenger, "challenger": spec.model})


def cross_validation_of(spec: AuditSpec) -> CrossValidationSpec | None:
    """Return how the spec cross-validates, or None where it is switched off."""
    if spec.performance is False or spec.performance.cross_validation is False:
        return None
    return spec.performance.cross_validation


def strata_of(spec: AuditSpec) -> tuple[str, ...]:
    """Return the columns within whose values groups are compared."""
    return spec.fairness.strata if spec.fairness else ()


def grade_column(spec: AuditSpec) -> str | None:
    """Return the column that holds each row's grade."""
    grades = spec.performance and spec.performance.grades
    return grades.column if grades else None


def cluster_column(spec: AuditSpec) -> str | None:
    """Return the column that tells which rows belong together."""
    return spec.performance.interval.cluster if spec.performance else None


_AUTOMATIC = re.compile(r"(Column_|f|x)?\d+")


def _challenger_features(
    spec: AuditSpec,
    sources: Mapping[str, Source],
    lead: Source,
    challenger: LoadedModel | None,
    inner: tuple[str, ...],
    tell: Tell,
) -> tuple[str, ...]:
    if spec.challenger is None or spec.challenger.predictions is not None:
        return ()
    swapped = seen_from_the_challenger(spec)
    return _features(swapped, sources.get("train", lead), lead, challenger, inner, tell, "challenger")


def _features(
    spec: AuditSpec,
    first: Source,
    lead: Source,
    model: LoadedModel | None,
    inner: tuple[str, ...],
    tell: Tell,
    part: Part = "model",
) -> tuple[str, ...]:
    if spec.model.predictions is not None:
        return spec.data.features or ()
    if model is None:  # a factory, not yet fitted
        return spec.data.features or _rest(spec, first, inner)
    if model.features is not None and not _is_positional(model.features, lead):
        names = _in_the_table(model, lead)
        # data.features speaks of the model under audit; a challenger may well have been fitted on others.
        return names if part == "challenger" else _as_the_model_names(spec, names)
    features = spec.data.features or _rest(spec, lead, ())
    width = model.width if model.features is None else len(model.features)
    if width is not None and width != len(features):
        raise ModelError(
            Problem(
                f"{part} {model.facts.name}",
                f"wants {width} unnamed columns; {lead.place} offers {len(features)}: {_listed(features)}.",
                "Name the columns in the model's order under data.features.",
            )
        )
    tell.warning(f"The {part} does not name its columns: {_listed(features)} were given to it in this order.")
    return features


def _is_positional(names: tuple[str, ...], lead: Source) -> bool:
    return all(map(_AUTOMATIC.fullmatch, names)) and not set(names) & set(lead.columns)


def _in_the_table(model: LoadedModel, lead: Source) -> tuple[str, ...]:
    """The model's names as the table writes them: LightGBM keeps `sepal length` as `sepal_length`."""
    assert model.features is not None
    if type(model.native).__module__.partition(".")[0] != "lightgbm":
        return model.features
    written = {re.sub(r"\s", "_", c): c for c in reversed(lead.columns)}
    return tuple(name if name in lead.columns else written.get(name, name) for name in model.features)


def _as_the_model_names(spec: AuditSpec, names: tuple[str, ...]) -> tuple[str, ...]:
    if spec.data.features is not None and set(spec.data.features) != set(names):
        lacking, extra = sorted(set(names) - set(spec.data.features)), sorted(set(spec.data.features) - set(names))
        text = "; ".join(
            [f"the model also reads {_listed(lacking)}"] * bool(lacking)
            + [f"the model does not read {_listed(extra)}"] * bool(extra)
        )
        raise ModelError(Problem("data.features", f"{text}.", "Leave data.features out: the model names its columns."))
    return names


def _rest(spec: AuditSpec, source: Source, inner: tuple[str, ...]) -> tuple[str, ...]:
    taken = {name for name, _ in _named(spec, inner)}
    return tuple(c for c in source.columns if c not in taken)


def _named(spec: AuditSpec, inner: tuple[str, ...]) -> tuple[tuple[str, Role], ...]:
    """(column, role) of everything that is named beside the features, the most telling role first."""
    data, validation = spec.data, cross_validation_of(spec)
    found: list[tuple[str | None, Role]] = [(data.target, "target")]
    for model in (spec.model, spec.challenger):
        if model is not None and model.predictions is not None:
            found += [(column, "prediction") for column, _ in prediction_columns(model.predictions)]
    found += [(data.weight.column if data.weight else None, "weight"), (data.id, "id"), (data.time, "time")]
    # Probabilities of groups are never features, whoever is asked for the rest of the columns.
    found += [(column, "sensitive") for column in dict.fromkeys((*inner, *spec.sensitive.probability_columns))]
    found += [(spec.sensitive.table.on if spec.sensitive.table else None, "id")]
    if validation is not None:
        found.append((validation.column, "time" if validation.by == "time" else "group"))
    return tuple((name, role) for name, role in found if name is not None)


def _kind(spec: AuditSpec, name: str) -> Role:
    return "cluster" if name == cluster_column(spec) else "grade" if name == grade_column(spec) else "stratum"


def _roles(
    features: tuple[str, ...], challenger: tuple[str, ...], named: Iterable[tuple[str, Role]]
) -> dict[str, Role]:
    roles: dict[str, Role] = {**dict.fromkeys(challenger, "challenger"), **dict.fromkeys(features, "feature")}
    return {**roles, **dict(reversed(tuple(named)))}


def _required(spec: AuditSpec, role: str, headline: bool, inner: tuple[str, ...]) -> list[tuple[str, str]]:
    data, validation = spec.data, cross_validation_of(spec)
    if role == "reference":
        return []
    found = [(data.target, "data.target"), (data.weight.column if data.weight else None, "data.weight.column")]
    if role == "train" and validation is not None:
        found.append((validation.column, "performance.cross_validation.column"))
        found.append((data.time if validation.by == "time" else None, "data.time"))
    if headline:
        found += [(data.id, "data.id"), (data.time, "data.time")]
        found += [(column, _sensitive_key(spec, column)) for column in inner]
        found += [(column, "fairness.strata") for column in strata_of(spec)]
        found.append((grade_column(spec), "performance.grades.column"))
        found.append((cluster_column(spec), "performance.interval.cluster"))
        found.append((spec.sensitive.table.on if spec.sensitive.table else None, "sensitive.table.on"))
        if spec.model.predictions is not None:
            found += prediction_columns(spec.model.predictions)
        if spec.challenger is not None and spec.challenger.predictions is not None:
            found += prediction_columns(spec.challenger.predictions, "challenger")
    return list(dict.fromkeys((name, key) for name, key in found if name is not None))


def _unknown_features(source: Source, features: tuple[str, ...], spec: AuditSpec) -> list[Problem]:
    """Return what attribution.groups and attribution.monotone name that the model does not read."""
    if not spec.attribution or spec.model.predictions is not None:
        return []
    named = [(c, f"attribution.groups.{name}") for name, columns in spec.attribution.groups.items() for c in columns]
    named += [(column, "attribution.monotone") for column in spec.attribution.monotone]
    message = "has no feature {!r}, which {} names: the model reads no such column."
    return [Problem(source.place, message.format(c, key), _nearest(c, source)) for c, key in named if c not in features]


def _sensitive_key(spec: AuditSpec, column: str) -> str:
    """Return the key of the spec that names a sensitive column."""
    for name, groups in spec.sensitive.probabilities.items():
        for group, named in groups.items():
            if named == column and column not in spec.sensitive.features:
                return f"sensitive.probabilities.{name}.{group}"
    return "sensitive.features"


def _required_of_people(spec: AuditSpec) -> list[tuple[str, str]]:
    return [(spec.sensitive.table.on, "sensitive.table.on")] if spec.sensitive.table else []


def _missing_others(source: Source, required: Iterable[tuple[str, str]]) -> list[Problem]:
    return [
        Problem(source.place, f"has no column {name!r}, which {key} names.", _nearest(name, source))
        for name, key in required
        if name not in source.columns
    ]


def _missing_features(
    source: Source, features: tuple[str, ...], spec: AuditSpec, model: LoadedModel | None, part: Part = "model"
) -> list[Problem]:
    missing = [name for name in features if name not in source.columns]
    if not missing:
        return []
    reader = (
        f"the {part} reads" if model is not None else "data.features names" if spec.data.features else "data.train has"
    )
    number = f"{len(missing)} of the {len(features)} columns that {reader}"
    hint = (
        " ".join(filter(None, (_nearest(name, source) for name in missing[:_SHOWN])))
        or f"It has: {_listed(source.columns)}."
    )
    return [Problem(source.place, f"lacks {number}: {_listed(missing)}.", hint)]


_SHOWN = 10


def _nearest(name: str, source: Source) -> str:
    folded = {c.casefold(): c for c in source.columns}
    close = get_close_matches(name.casefold(), folded, n=1)
    return f"Did you mean {folded[close[0]]!r} for {name!r}?" if close else f"It has: {_listed(source.columns)}."


def _listed(names: Iterable[str]) -> str:
    shown = [repr(n) for n in names]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
