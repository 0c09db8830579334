"""Turns the section of the model, or of the challenger, into a model: a file by its content, a factory by its name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Literal

from audit import catalogue, guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.errors import ModelError, Problem
from audit.estimation.seeds import child_seed
from audit.records.plan import InputFile
from audit.records.spec import AuditSpec, ModelSpec
from audit.subject.estimator import Identity
from audit.subject.evidence import LoadedModel, Tell
from audit.subject.source import content_of, file_name

Part = Literal["model", "challenger"]
"""The sections of a spec that name a model."""


def section_of(whole: AuditSpec, part: Part) -> ModelSpec:
    """Return the section of the model or of the challenger, which the caller knows to be there."""
    spec = whole.model if part == "model" else whole.challenger
    assert spec is not None
    return spec


def load_model(
    whole: AuditSpec, file: InputFile, code: Sequence[InputFile], tell: Tell, part: Part = "model"
) -> LoadedModel:
    """Recognise a model file by its content and load it.

    Raises
    ------
    ModelError
        No format recognises it, its sha256 is not the pinned one, its format may run code and is not trusted, or it
        does not load.
    """
    spec, place = section_of(whole, part), f"{part}.path: {file_name(file)}"
    content = content_of(file, place, ModelError)
    form = _recognised(place, content)
    _refuse_other_digest(place, spec, file)
    if form.trusted_by:
        _refuse_untrusted(place, form, spec, file, part)
    run_code(code, spec.code, part)
    return form.load(
        ModelFile(
            place=place,
            name=spec.name or Path(file.path).stem,
            content=content,
            sha256=file.sha256,
            # Trust is in one very file: without its digest it counts for nothing.
            trust=spec.trust if spec.sha256 is not None else (),
            key=spec.key,
            code=tuple(file_name(c) for c in code),
            seed=child_seed(whole.seed, "fit"),
            heard=tell.warning,
        )
    )


def identity_of(whole: AuditSpec, tell: Tell, part: Part = "model") -> Identity:
    """Say what is known of a model that a factory makes."""
    spec = section_of(whole, part)
    return Identity(
        place=f"{part}.estimator: {spec.estimator}",
        name=spec.name or str(spec.estimator).rpartition(":")[2],
        format="estimator",
        code=tuple(Path(c).name for c in spec.code),
        seed=child_seed(whole.seed, "fit"),
        heard=tell.warning,
    )


def run_code(files: Sequence[InputFile], names: Sequence[str], part: Part = "model") -> None:
    """Run trusted Python files as the modules that a saved model refers to: by dotted path, by stem, and as `__main__`.

    Raises
    ------
    ModelError
        A file cannot be read, compiled or run.
    """
    for file in files:
        place = f"{part}.code: {file_name(file)}"
        source = content_of(file, place, ModelError)
        module = ModuleType(Path(file.path).stem)
        module.__file__ = file.path
        for name in _module_names(file, names):
            sys.modules[name] = module
        compiled = guard.call(place, compile, source, file_name(file), "exec")
        guard.call(place, exec, compiled, vars(module))
        # A class of a notebook or a script was saved as `__main__.Name`.
        main = sys.modules["__main__"]
        for key, value in vars(module).items():
            if not key.startswith("_") and not hasattr(main, key):
                setattr(main, key, value)


def withdraw_code(files: Sequence[InputFile]) -> None:
    """Take what trusted files brought into `__main__` out again: another model's classes may have the same names."""
    main = sys.modules["__main__"]
    for file in files:
        own = Path(file.path).stem
        brought = [key for key, value in vars(main).items() if getattr(value, "__module__", None) == own]
        for key in brought:
            delattr(main, key)


def _recognised(place: str, content: bytes) -> ModelFormat:
    if not content:
        raise ModelError(Problem(place, "is empty.", "Save the model again."))
    forms: dict[str, ModelFormat] = catalogue.load_all("model_formats")
    found = [form for form in forms.values() if form.recognises(content)]
    if found:
        return found[0]
    known = ", ".join(form.label for form in forms.values() if form.name != "memory")
    raise ModelError(Problem(place, f"is of no known format; it starts with {content[:12]!r}.", f"Known: {known}."))


def _refuse_other_digest(place: str, spec: ModelSpec, file: InputFile) -> None:
    if spec.sha256 is not None and spec.sha256 != file.sha256:
        raise ModelError(
            Problem(
                place,
                f"expected sha256 {spec.sha256}, found {file.sha256}.",
                "Audit the file that was approved, or pin the new digest.",
            )
        )


def _refuse_untrusted(place: str, form: ModelFormat, spec: ModelSpec, file: InputFile, part: Part) -> None:
    problems = []
    if not set(form.trusted_by) & set(spec.trust):
        problems.append(
            Problem(
                place,
                f"is a {form.label} file: loading it runs whatever code its author put there, so it was not loaded.",
                f"If you trust its author, set {part}.trust: [{form.name}]; better, save the model with skops.",
            )
        )
    if spec.sha256 is None:
        problems.append(
            Problem(
                place,
                f"a {form.label} file must be pinned by {part}.sha256.",
                f"The file read now has sha256 {file.sha256}.",
            )
        )
    if problems:
        raise ModelError(*problems)


def _module_names(file: InputFile, names: Sequence[str]) -> set[str]:
    stem = Path(file.path).stem
    parts = [Path(n).with_suffix("").parts for n in names if Path(file.path).as_posix().endswith(os.path.normpath(n))]
    return {stem} | {".".join(p) for p in parts if all(part.isidentifier() for part in p)}
