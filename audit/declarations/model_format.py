"""What a model format declares, and what it is told of the file that it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.subject.evidence import LoadedModel


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model file as read and checked, and what the spec says of it."""

    place: str
    """Where it stands, for errors: `model.path: model.skops`."""
    name: str
    """What the report calls the model."""
    content: bytes
    """The bytes that were hashed."""
    sha256: str
    trust: tuple[str, ...] = ()
    """Formats that the spec trusts by name; none where it pins no sha256."""
    key: str | None = None
    """Entry to take when the file holds a dict."""
    code: tuple[str, ...] = ()
    """Names of the trusted Python files that were run before."""
    seed: int = 0
    """Given to every `random_state` that is open when the model is fitted again."""
    heard: Callable[[str], None]
    """Takes what the reader of the report should know, such as a warning of a library."""

    @property
    def section(self) -> str:
        """The section of the spec that names it: model or challenger."""
        return self.place.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class ModelFormat:
    """A way of keeping models; a file `audit/subject/formats/<name>.py` ends in `FORMAT = ModelFormat(...)`."""

    name: str
    """The word that `trust` and the record use."""
    label: str
    recognises: Callable[[bytes], bool]
    """Whether the content is of this format; never runs code from it and never raises."""
    load: Callable[[ModelFile], LoadedModel]
    trusted_by: tuple[str, ...] = ()
    """Words of `model.trust` that allow it, where loading runs its author's code; sha256 is then required too."""

    @property
    def runs_code(self) -> bool:
        """Whether loading may run code of the file's author."""
        return bool(self.trusted_by)
