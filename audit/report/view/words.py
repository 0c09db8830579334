"""The fixed words of a report, by key, so that another language is another file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Words:
    """A message catalogue: dotted key to text, with `{name}` places for what the record says.

    >>> Words({"page": {"of": "{title}, page"}})("page.of", title="{x}")
    '{x}, page'
    """

    def __init__(self, catalogue: Mapping[str, Any]) -> None:
        self._messages = dict(_flat(catalogue, ""))

    def __call__(self, key: str, **fields: object) -> str:
        """Return a message with its places filled; an unknown key is an error."""
        return self._messages[key].format(**fields)

    def count(self, key: str, n: int, **fields: object) -> str:
        """Return the message for a number of things: `key.one` or `key.other`."""
        return self(f"{key}.one" if n == 1 else f"{key}.other", n=f"{n:,}", **fields)

    def named(self, group: str, name: str) -> str:
        """Return the word for a name that the record uses, or the name itself where there is none."""
        return self._messages.get(f"{group}.{name}", name.replace("_", " "))

    @property
    def keys(self) -> frozenset[str]:
        """Every dotted key."""
        return frozenset(self._messages)


def _flat(tree: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        name = f"{prefix}{key}"
        pairs += _flat(value, f"{name}.") if isinstance(value, Mapping) else [(name, str(value))]
    return pairs
