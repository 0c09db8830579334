"""Loads a joblib file, which runs its author's code: only when the spec trusts it by name and pins its digest."""

from __future__ import annotations

import io

import joblib

from audit import guard
from audit.declarations.model_format import ModelFile, ModelFormat
from audit.subject.estimator import identity_of_file
from audit.subject.evidence import LoadedModel
from audit.subject.objects import adapted_object, load_hint


def recognises(content: bytes) -> bool:
    """Whether the content is what joblib writes, compressed or not; nothing is unpickled."""
    return content.startswith(_COMPRESSED) or (content[:1] == b"\x80" and b"joblib.numpy_pickle" in content)


def load(file: ModelFile) -> LoadedModel:
    """Unpickle a trusted file.

    Raises
    ------
    ModelError
        It does not unpickle here, or holds no model.
    """
    found = guard.call(file.place, joblib.load, io.BytesIO(file.content), heard=file.heard, hint=load_hint(file))
    return adapted_object(found, file, identity_of_file(file, "joblib", file.trust))


# zlib at its levels, gzip, bzip2, xz, lzma, lz4
_COMPRESSED = (
    b"x\x01", b"x^", b"x\x9c", b"x\xda", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"]\x00\x00", b'\x04"M\x18',
)  # fmt: skip
FORMAT = ModelFormat(name="joblib", label="joblib", recognises=recognises, load=load, trusted_by=("joblib", "pickle"))
