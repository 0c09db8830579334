"""Hands the bundled fonts to a page: cut to its characters for the one-file HTML, by a fontconfig file for the PDF."""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from audit.resources import resource_folder

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

SANS = "Inter"
CHINESE = "Noto Sans SC"
MONO = "JetBrains Mono"


@dataclass(frozen=True)
class Face:
    """One bundled font file."""

    family: str
    weight: Literal[400, 600, 700]
    file: str

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return resource_folder("templates") / "fonts" / self.file


FACES = (
    Face(SANS, 400, "Inter-Regular.ttf"),
    Face(SANS, 600, "Inter-SemiBold.ttf"),
    Face(SANS, 700, "Inter-Bold.ttf"),
    Face(MONO, 400, "JetBrainsMono-Regular.ttf"),
    Face(CHINESE, 400, "NotoSansSC-Regular.ttf"),
)


def subset_css(text: str) -> str:
    """Return @font-face rules that hold, as data, the glyphs of every character of a text.

    A face none of whose characters occur is left out; the Chinese face is cut to what the others lack. The bytes depend
    on the text alone.
    """
    wanted = {ord(character) for character in text} | set(range(0x20, 0x7F)) | {ord(c) for c in "–—‘’“”…•·×−"}
    rules = []
    for face in FACES:
        held = wanted & _coverage(face)
        if face.family == CHINESE:
            held -= _coverage(FACES[0])
        if held:
            rules.append(_rule(face, frozenset(held)))
    return "\n".join(rules)


def settable(text: str) -> str:
    """Return the text with each character that no bundled font holds replaced by its code point.

    A PDF/A must not show a missing glyph, and a reader gets more from a code point than from an empty box.

    >>> settable("收入 🎉")
    '收入 [U+1F389]'
    """
    if text.isascii():
        return text
    return text.translate({ord(c): _substitute(c) for c in set(text) if not c.isspace() and not _is_held(c)})


def unturned(text: str) -> str:
    """Return the text with each mark that turns the direction of reading replaced by its code point.

    >>> unturned("fee" + chr(0x202E) + "eef")
    'fee[U+202E]eef'
    """
    return text.translate({ord(c): f"[U+{ord(c):04X}]" for c in _TURNING})


def fontconfig(cache: Path) -> str:
    """Return a fontconfig file that knows the bundled fonts and no others, and keeps its index in a folder."""
    aliases = {"sans-serif": (SANS, CHINESE), "serif": (SANS, CHINESE), "monospace": (MONO, CHINESE)}
    preferred = "".join(_alias(generic, families) for generic, families in aliases.items())
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>'
        f"<dir>{escape(str(resource_folder('templates') / 'fonts'))}</dir><cachedir>{escape(str(cache))}</cachedir>"
        f"{preferred}</fontconfig>\n"
    )


def _rule(face: Face, codes: frozenset[int]) -> str:
    data = base64.b64encode(_subset(face, codes)).decode()
    return (
        f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};font-style:normal;font-display:swap;'
        f'src:url("data:font/ttf;base64,{data}") format("truetype")}}'
    )


@cache
def _subset(face: Face, codes: frozenset[int]) -> bytes:
    # Imported late: most commands need no font.
    from fontTools.subset import Options, Subsetter

    options = Options(
        layout_features=["kern", "tnum"],
        notdef_outline=True,
        glyph_names=False,
        hinting=False,
    )
    with _opened(face) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=sorted(codes))
        subsetter.subset(font)
        out = io.BytesIO()
        font.save(out)
    return out.getvalue()


@cache
def _coverage(face: Face) -> frozenset[int]:
    with _opened(face) as font:
        return frozenset(font.getBestCmap())


def _opened(face: Face) -> TTFont:
    from fontTools.ttLib import TTFont

    # Without the clock: the same text gives the same bytes.
    return TTFont(face.path, lazy=True, recalcTimestamp=False)


def _is_held(character: str) -> bool:
    # Marks that turn the direction of reading have glyphs, but must not act.
    if character in _TURNING:
        return False
    return any(ord(character) in _coverage(face) for face in FACES)


def _substitute(character: str) -> str:
    # Joiners and variation selectors mean nothing without the glyph that they shape.
    invisible = unicodedata.category(character) in ("Cc", "Mn") or character == "\u200d"
    return "" if invisible else f"[U+{ord(character):04X}]"


def _alias(generic: str, families: Iterable[str]) -> str:
    listed = "".join(f"<family>{family}</family>" for family in families)
    return f'<alias binding="same"><family>{generic}</family><prefer>{listed}</prefer></alias>'


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
