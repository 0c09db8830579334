"""Loads the object that a caller of the Python API handed over: trusted because the caller made it."""

from __future__ import annotations

import pickle

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.subject.estimator import identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.memory import MARK
from audit.subject.objects import adapted_object


def recognises(content: bytes) -> bool:
    """Whether the content is what `audit.subject.memory.spill` writes."""
    return content.startswith(MARK)


def load(file: ModelFile) -> LoadedModel:
    """Bring the object back.

    Raises
    ------
    ModelError
        It does not unpickle in another process, or is no model.
    """
    hint = "The class must be importable in a fresh Python process."
    found = guard.call(file.place, pickle.loads, file.content.removeprefix(MARK), heard=file.heard, hint=hint)
    return adapted_object(found, file, identity_of_file(file, "memory"))


FORMAT = ModelFormat(name="memory", label="in-memory object", recognises=recognises, load=load, trusted_by=("memory",))
