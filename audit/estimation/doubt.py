"""Says which intervals are known to be too narrow on the rows at hand: the cells that the simulation of coverage lists.

`tests/simulations/coverage.py` draws tables of 30, 100 and 1,000 rows at base rates from 0.02 to 0.5, with ties and
weights. A 95 % interval holds the truth at least 93.5 times in 100 there, except:

- `hall_t` of squared errors with 30 rows of skewed errors (89 to 92 in 100): the largest errors that could have come
  were not among so few rows, and their spread is all that the interval goes by;
- `bootstrap` (lift, cumulative gain), `katz_log` (likelihood ratios), `norm_bounded` (resolution) and
  `simultaneous_bins` (largest deviation of a bin) with few rows of the rarer class: a figure that divides by, or sorts
  by, two or three rows has no more values than these allow.

What follows warns wherever the rows at hand are as few as in those cells, whether their errors are skewed or not.
"""

from __future__ import annotations

from collections.abc import Iterable

from audit.records.measured import Estimate, Exact, Measured
from audit.records.observation import Observation

FEW_ROWS = 50
"""Rows under which the mean of skewed losses is doubted."""
FEW_OF_A_CLASS = 25
"""Rows of the rarer class under which the methods below are doubted."""

_BY_ROWS = ("hall_t",)
_BY_CLASS = ("bootstrap", "katz_log", "norm_bounded", "simultaneous_bins")


def is_doubtful(measured: Measured, rarer: float | None) -> bool:
    """Say whether an interval is known to be too narrow here.

    Parameters
    ----------
    measured : what was measured
    rarer : rows of the rarer true class; None where there are no two classes

    Examples
    --------
    >>> few = Estimate(value=2.0, low=1.0, high=4.0, level=0.95, method="hall_t", n=30)
    >>> is_doubtful(few, None), is_doubtful(few.model_copy(update={"n": 80}), None)
    (True, False)
    """
    if not isinstance(measured, Estimate):
        return False
    if measured.method in _BY_ROWS:
        return measured.n < FEW_ROWS
    return measured.method in _BY_CLASS and rarer is not None and rarer < FEW_OF_A_CLASS


def doubt_notes(labelled: Iterable[tuple[str, Measured]], rarer: float | None) -> tuple[str, ...]:
    """Return the sentence that names what is doubtful; nothing where nothing is."""
    named = tuple(dict.fromkeys(label for label, measured in labelled if is_doubtful(measured, rarer)))
    if not named:
        return ()
    return (
        "In simulations with as few rows as here these intervals held the truth less often than they say, so take them "
        f"for too narrow: {', '.join(named)}.",
    )


def doubts_by_group(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Return the sentence that counts the doubtful figures of groups; nothing where none is."""
    found = tuple(o for o in observations if o.id.count("/") == 2)
    events = {
        o.id.removeprefix(_EVENTS): o.measured.value
        for o in found
        if o.id.startswith(_EVENTS) and isinstance(o.measured, Exact)
    }
    doubtful = [o for o in found if is_doubtful(o.measured, events.get(o.id.split("/")[2]))]
    if not doubtful:
        return ()
    measures = sorted({o.id.split("/")[1].replace("_", " ") for o in doubtful})
    return (
        f"{len(doubtful)} intervals of groups rest on so few rows that in simulations they held the truth less often "
        f"than they say, so take them for too narrow; they are of {', '.join(measures)}.",
    )


_EVENTS = "fairness/events/"
