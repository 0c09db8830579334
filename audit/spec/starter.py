"""A first look at a model and a table to the text of a commented spec to start from."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from audit.records.look import ColumnLook, Look
from audit.spec.scalars import resolved


@dataclass(frozen=True)
class Named:
    """How the spec will call its files."""

    model: str
    """Relative to the spec's folder where it lies under it, else absolute."""
    data: str
    sha256: str
    """Of the model file."""
    target: str
    allow_paths: tuple[str, ...] = ()
    """Folders outside the spec's own that hold one of the files."""


def starter_spec(look: Look, named: Named) -> str:
    """Return the text of a spec; whatever was guessed says so."""
    target = next(column for column in look.columns if column.name == named.target)
    task = guessed_task(look, target)
    return "\n".join(
        (
            *_head(named),
            *_model(look, named),
            "",
            *_task(look, target, task),
            "",
            *_data(look, named),
            "",
            *_decision(target, task),
            *_sensitive(look, named),
            "",
            *_FOOT,
            *_allowed(named),
            "",
        )
    )


def guessed_task(look: Look, target: ColumnLook) -> str:
    """Return binary, multiclass or regression, by the model where it says, else by the target."""
    if look.model.classes:
        return "binary" if look.model.classes == 2 else "multiclass"
    if target.kind == "number" or (target.kind == "whole number" and target.distinct > 20):
        return "regression"
    return "binary" if target.distinct <= 2 else "multiclass"


def guessed_sensitive(columns: Iterable[ColumnLook]) -> dict[str, str]:
    """Return the columns whose names speak of a person's protected traits, each with the role that packs know it by."""
    found: dict[str, str] = {}
    for column in columns:
        words = _words(column.name)
        role = next((role for role, signs in _SIGNS if signs.intersection(words)), None)
        if role is not None:
            found[column.name] = role
    return found


def written(value: str) -> str:
    """Return text as YAML: plain where that is unmistakable, else in double quotes."""
    if _PLAIN.fullmatch(value) and resolved(value) == value and value.lower() not in _WORDS:
        return value
    return f'"{"".join(_escaped(character) for character in value)}"'


_PLAIN = re.compile(r"[^\W\d][\w./+ -]*[\w+]|[^\W\d]")
_WORDS = frozenset({"yes", "no", "on", "off", "y", "n"})

_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("sex", frozenset({"sex", "gender"})),
    ("race_ethnicity", frozenset({"race", "ethnicity", "ethnic", "ethnicgroup", "colour", "skin"})),
    ("age", frozenset({"age", "agegroup", "birthyear", "birthdate", "dob"})),
    ("religion", frozenset({"religion", "faith"})),
    ("national_origin", frozenset({"nationality", "citizen", "citizenship", "foreign", "immigrant", "birthplace"})),
    ("disability", frozenset({"disability", "disabled"})),
    ("marital_status", frozenset({"marital", "married"})),
    ("pregnancy", frozenset({"pregnant", "pregnancy"})),
    ("sexual_orientation", frozenset({"orientation"})),
    ("veteran_status", frozenset({"veteran"})),
)


def _words(name: str) -> set[str]:
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = [word.lower() for word in re.split(r"[\W_]+", parted) if word]
    return {*words, "".join(words)}


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(written(name) for name in names)}]"


def _noted(text: str, note: str) -> str:
    return f"{text:<28}  # {note}"


def _commented(text: str, indent: str = "  ") -> list[str]:
    lines = textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def _head(named: Named) -> list[str]:
    return [
        "# An audit spec. `audit check` reads it, `audit run` audits what it says.",
        "# Lines that begin with # are suggestions. A section left out has sensible defaults; false switches it off.",
        "",
        _noted("audit: 1", "version of this language"),
        f"title: {written('Audit of ' + named.model.rpartition('/')[2])}",
        "",
        _noted("# context:", "facts that the cover prints and policy packs ask for"),
        "#   owner: Who answers for the model",
        "#   purpose: What the model is for, in one sentence",
        "#   use_case: credit",
        "#   jurisdiction: [US]",
        '#   version: "1.0"',
        "",
    ]


def _model(look: Look, named: Named) -> list[str]:
    lines = ["model:", f"  path: {written(named.model)}", f'  sha256: "{named.sha256}"  # this very file']
    if look.model.runs_code:
        lines += [
            *_commented(
                f"ATTENTION: this is a {look.model.label} file, and loading it runs whatever code its author put in. "
                "The audit refuses it until you name the trust; better, save the model with skops."
            ),
            f"  # trust: [{look.model.format}]",
        ]
    lines += _commented(f"ATTENTION: {look.model.note}") if look.model.note else []
    rival = "a second model to compare with, or its columns: {predictions: {score: old_score}}"
    return [*lines, _noted("# challenger: {path: last-year.skops}", rival)]


def _task(look: Look, target: ColumnLook, task: str) -> list[str]:
    source = f"the model knows {look.model.classes} classes" if look.model.classes else "guessed"
    return [_noted(f"task: {task}", f"{source}; {target.distinct:,} different values in {look.rows:,} rows")]


def _data(look: Look, named: Named) -> list[str]:
    lines = [
        "data:",
        f"  test: {written(named.data)}",
        "  # Figures from rows that the model was fitted on flatter it: name here rows that it has never seen.",
        _noted("  # train: train.csv", "the rows it was fitted on: cross-validation, overfit, drift, leakage"),
        f"  target: {written(named.target)}",
    ]
    others = [column for column in look.columns if column.name != named.target]
    ids = [column.name for column in others if "id" in _words(column.name) and column.distinct == look.rows]
    lines += [_noted(f"  id: {written(ids[0])}", "names a row; never printed")] if ids else []
    features = look.model.features or tuple(column.name for column in others if column.name not in ids)
    lines += _commented(f"features: {_listed(features)}")
    lines += _lacking(look)
    lines += [
        "  # weight: {column: w, kind: frequency}",
        _noted("  # time: month", "a column that orders the rows"),
    ]
    return lines


def _lacking(look: Look) -> list[str]:
    lacking = set(look.model.features or ()) - {column.name for column in look.columns}
    names = [name for name in look.model.features or () if name in lacking]
    return _commented(f"ATTENTION: the model reads columns that this table lacks: {_listed(names)}") if names else []


def _decision(target: ColumnLook, task: str) -> list[str]:
    if task != "binary" or len(target.values) != 2:
        return []
    positive = _positive(target.values)
    value = {"text": written(positive), "true or false": positive.lower()}.get(target.kind, positive)
    known = ", ".join(map(written, target.values))
    return [
        "decision:",
        _noted(f"  positive: {value}", f"guessed: the label that the score is the score of ({known})"),
        _noted(f"  # favourable: {value}", "the label that is good for the person; default: the positive one"),
        "  # threshold: 0.5",
        _noted("  # costs: {false_positive: 1, false_negative: 5}", "what wrong decisions cost, in any one unit"),
        "",
    ]


def _positive(values: tuple[str, ...]) -> str:
    signs = ("1", "true", "yes", "y", "positive", "bad")
    return next((value for value in values if value.lower() in signs), values[-1])


def _sensitive(look: Look, named: Named) -> list[str]:
    guessed = guessed_sensitive(column for column in look.columns if column.name != named.target)
    if not guessed:
        return [
            _noted("# sensitive:", "no column's name spoke of a protected trait; groups are made of these"),
            "#   features: [sex, race]",
            "#   intersections: [[sex, race]]",
        ]
    columns = [column for column in look.columns if column.name in guessed]
    lines = ["sensitive:", f"  features: {_listed(guessed)}  # guessed by their names: check them"]
    roles: dict[str, str] = {}
    for name, role in guessed.items():
        if name != role and role not in {*guessed, *roles.values()}:
            roles[name] = role
    if roles:
        pairs = ", ".join(f"{written(name)}: {role}" for name, role in roles.items())
        lines.append(f"  roles: {{{pairs}}}  # what policy packs call a column")
    lines += _bins(columns)
    whole = [column for column in columns if 2 <= column.distinct <= 12]
    if len(whole) > 1:
        lines.append(f"  intersections: [{_listed(column.name for column in whole[:2])}]")
    if whole:
        lines.append(f"  # reference: {{{written(whole[0].name)}: {written(whole[0].commonest)}}}")
    return [
        *lines,
        _noted("  # minimum_group: 30", "smaller groups are shown, not judged"),
        "  # Groups known by probability only, a column for each: rates are weighted by them.",
        "  # probabilities: {ethnicity: {White: p_white, Black: p_black, other: p_other}}",
    ]


def _bins(columns: list[ColumnLook]) -> list[str]:
    parts = []
    for column in columns:
        if column.distinct > 12 and column.quartiles:
            edges = _edges(column.quartiles)
            parts.append(f"{written(column.name)}: [{', '.join(f'{edge!r}' for edge in edges)}]")
    return [f"  bins: {{{', '.join(parts)}}}  # a bin holds its lower edge, the last one both"] if parts else []


def _edges(quartiles: tuple[float, ...]) -> list[float | int]:
    low, *_, high = quartiles
    if low >= 0 and 40 < high <= 120:
        return [0, 25, 40, 60, 120]
    edges = sorted(set(quartiles))
    return [int(edge) if edge.is_integer() else edge for edge in edges]


def _allowed(named: Named) -> list[str]:
    if not named.allow_paths:
        return []
    return [_noted(f"allow_paths: {_listed(named.allow_paths)}", "places outside this folder that may be read")]


_FOOT = (
    "# performance:",
    "#   metrics: [roc_auc, accuracy]",
    "#   cross_validation: {folds: 5, by: stratified}",
    "# attribution:",
    "#   rows: 1000",
    _noted("#   local: false", "no single cases in the report"),
    "",
    "policies: [model-card-core, technical-soundness]  # `audit policies` lists more; ./house.yaml for one of your own",
    "",
    "report: {formats: [html, pdf, json]}",
    "seed: 0",
)
