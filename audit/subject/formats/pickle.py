"""Loads a pickle, which runs its author's code: only when the spec trusts it by name and pins its digest."""

from __future__ import annotations

import pickle
import pickletools

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.subject.estimator import identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.objects import adapted_object, load_hint


def recognises(content: bytes) -> bool:
    """Whether the content is a pickle of any protocol that joblib did not write; nothing is unpickled."""
    if b"joblib.numpy_pickle" in content or not content.endswith(b"."):
        return False
    if content[:1] == b"\x80":
        return True
    try:
        return any(True for _ in pickletools.genops(content))
    except (ValueError, IndexError, UnicodeDecodeError, AttributeError):
        return False


def load(file: ModelFile) -> LoadedModel:
    """Unpickle a trusted file.

    Raises
    ------
    ModelError
        It does not unpickle here, or holds no model.
    """
    found = guard.call(file.place, pickle.loads, file.content, heard=file.heard, hint=load_hint(file))
    return adapted_object(found, file, identity_of_file(file, "pickle", file.trust))


FORMAT = ModelFormat(name="pickle", label="pickle", recognises=recognises, load=load, trusted_by=("pickle", "joblib"))
