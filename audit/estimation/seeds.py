"""Turns the one seed of the spec into a seed for each stage."""

from __future__ import annotations

import hashlib


def child_seed(seed: int, name: str) -> int:
    """Return the seed in [0, 2**32) of the stage `name`, independent of the order in which stages run.

    Examples
    --------
    >>> child_seed(0, "cross_validation")
    1492662125
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")
