"""A pack that can be read to what its maintainers should still look at."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from audit.policy.pack import Pack
from audit.policy.phrases import listed, plural


def advice(pack: Pack, today: datetime.date) -> tuple[str, ...]:
    """Return a sentence for each thing that is no fault and still wants a look, gravest first."""
    return tuple(_advice(pack, today))


def _advice(pack: Pack, today: datetime.date) -> Iterator[str]:
    authority = pack.pack.authority
    if authority.recheck_by < today.isoformat():
        yield f"It was due to be checked again by {authority.recheck_by}: every report says so in a banner."
    remembered = [c.id for c in pack.controls if all(cite.checked == "memory" for cite in c.cites)]
    if remembered:
        told = f"{plural(len(remembered), 'control')} {'rests' if len(remembered) == 1 else 'rest'}"
        yield f"{told} on memory alone, and cannot gate before the wording is read: {listed(remembered)}."
    if not pack.pack.caveats:
        yield "It has no caveats: say under pack.caveats what it does not decide."
    if not authority.sources:
        yield "It names no source: say under pack.authority.sources what was read and when."
    if not pack.pack_tests and any(c.limit and c.measure and c.measure.group_by for c in pack.controls):
        yield "It judges groups and carries no test: add pack_tests with counts worked out by hand."
    unwaivable = [c.id for c in pack.controls if c.kind == "gate" and c.limit and not c.waivable.allowed]
    if unwaivable:
        yield f"Nobody may waive {listed(unwaivable)}: is that meant?"
