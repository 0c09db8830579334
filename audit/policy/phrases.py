"""Turns names and counts into phrases."""

from __future__ import annotations

from collections.abc import Iterable


def readable(name: str) -> str:
    """Return a name of the pack language as a reader says it.

    >>> readable("model_owner")
    'model owner'
    """
    return name.replace("_", " ")


def one(noun: str) -> str:
    """Put the indefinite article before a noun, by its first letter.

    >>> one("employer"), one("model owner")
    ('an employer', 'a model owner')
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def listed(words: Iterable[str]) -> str:
    """Join words into a phrase.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def plural(count: int, noun: str) -> str:
    """Count something.

    >>> plural(1, "gate"), plural(1200, "gate")
    ('1 gate', '1,200 gates')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
