"""Says which intervals are known to be too narrow on the rows at hand: the cells that the simulation of coverage lists.

`tests/simulations/interval_coverage.py` draws tables of 30, 100 and 1,000 rows at base rates from 0.02 to 0.5, with
ties and weights, under normal, skewed and heavy errors, and of three classes. A 95 % interval of a metric holds the
truth at least 93.5 times in 100 there (within what chance leaves open), except:

- `hall_t` of losses with 30 rows of skewed or heavy errors (90 to 93 in 100; squared errors, deviances, the interval
  score), and of the mean probability at a base rate of 0.02 under sampling weights: the largest numbers that could have
  come are not among so few rows, and their spread is all that the interval goes by;
- figures that divide by the true value (the mean absolute percentage error, the gamma deviance) where heavy errors
  bring it near 0: few rows in a thousand then decide the mean, and rows without one of them cannot tell (90 to 93 in
  100 where no true value is under 0.5 and the mean is 6; 55 to 78 where they reach 0.05; more rows do not help).

On populations of other shapes, on which no constant of a method was chosen (beta and heavy-tailed scores, five scores,
lognormal and zero-inflated targets, counts, five classes of which one is 3 %, weights from 1 to 6; 30 and 300 rows, 100
tables a cell and 500 where that came out low), these came out low as well and are warned of:

- `hall_t` with 30 rows of lognormal, zero-inflated or counted targets, most under sampling weights (85 to 92 in 100);
- areas under the ROC curve of unevenly weighted rows with few effective ones of a class
  (`newcombe_delong_logit_effective_n`, 91 to 92 in 100 of 300 rows with 18 to 45 positives);
- the mean of the diagnostic odds ratio over classes, one of which is rare (88 to 93 in 100).

Of these 1,516 cells 39 lie under 93.5 in 100, 14 of them by more than two standard errors; all 14 are among the 32 that
are listed, 2.1 % of the grid; 329 lie over 99.

Of 3,756 cells, drawn 300 times each and 1,500 times more where that came out low, 29 lie under 93.5 in 100, 15 of them
by more than two standard errors; all 15 are among the 69 that are listed, 1.8 % of the grid. 816 cells lie over 99:
intervals that are conservative on purpose (deviations of bins, gaps between distributions, exact ones of few rows), so
that they are wider than they need be and not wrong. At 300 draws a cell that lies one or two in 100 too low can pass
for one that does not.

    python tests/simulations/interval_coverage.py --quick --check
    python tests/simulations/interval_coverage.py --populations other --replicates 100 --check

No metric of the catalogue is left to the `bootstrap`; one from outside can be, and with few rows that is too narrow as
well (it held the mean over classes of the Kolmogorov-Smirnov statistic half the time at 30 rows).

What follows warns wherever the rows at hand are as few as in the first kind of cells, whether their errors are skewed
or not, and always of the second kind of figures: no sample shows how near to 0 the truth may come.
"""

from __future__ import annotations

from collections.abc import Iterable

from audit.records.measured import Estimate, Measured
from audit.records.observation import Observation

FEW_ROWS = 50
"""Rows under which the mean of skewed losses is doubted."""

_BY_ROWS = ("hall_t", "bootstrap")
_UNEVEN = "newcombe_delong_logit_effective_n"
_OF_RARE_CLASSES = ("diagnostic_odds_ratio",)
_RELATIVE = ("mean_absolute_percentage_error", "mean_gamma_deviance")
_OVER_CLASSES = ("macro", "weighted")


def is_doubtful(observation_id: str, measured: Measured) -> bool:
    """Say whether an interval is known to be too narrow on rows like these.

    Parameters
    ----------
    observation_id : of what was measured
    measured : its value and interval

    Examples
    --------
    >>> few = Estimate(value=2.0, low=1.0, high=4.0, level=0.95, method="hall_t", n=30)
    >>> is_doubtful("performance/mean_squared_error", few)
    True
    >>> is_doubtful("performance/mean_squared_error", few.model_copy(update={"n": 80}))
    False
    """
    if not isinstance(measured, Estimate):
        return False
    if _is_relative(observation_id) or _is_of_rare_classes(observation_id) or measured.method == _UNEVEN:
        return True
    return measured.method in _BY_ROWS and measured.n < FEW_ROWS


def doubt_notes(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Return the sentences that name what is doubtful among figures of all rows; nothing where nothing is."""
    named: dict[str, dict[str, None]] = {_FEW: {}, _NEAR_ZERO: {}, _WEIGHED: {}, _RARE: {}}
    for observation in observations:
        if _is_of_all_rows(observation.id) and is_doubtful(observation.id, observation.measured):
            named[_why(observation)][observation.label] = None
    return tuple(f"{sentence}{', '.join(labels)}." for sentence, labels in named.items() if labels)


def _why(observation: Observation) -> str:
    if _is_relative(observation.id):
        return _NEAR_ZERO
    if _is_of_rare_classes(observation.id):
        return _RARE
    measured = observation.measured
    return _WEIGHED if isinstance(measured, Estimate) and measured.method == _UNEVEN else _FEW


def doubts_by_group(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Return the sentence that counts the doubtful figures of groups; nothing where none is."""
    doubtful = [o for o in observations if o.id.count("/") == 2 and is_doubtful(o.id, o.measured)]
    if not doubtful:
        return ()
    measures = sorted({_measure_of(o.id).replace("_", " ") for o in doubtful})
    return (
        f"{len(doubtful)} intervals of groups are of a kind, or rest on so few rows, that in simulations they held the "
        f"truth less often than they say, so take them for too narrow; they are of {', '.join(measures)}.",
    )


_FEW = (
    "In simulations with as few rows as here these intervals held the truth less often than they say, so take them "
    "for too narrow: "
)
_NEAR_ZERO = (
    "These figures divide by the true value, so that a few rows near 0 that did not come up here could change them: "
    "in simulations their intervals held the truth less often than they say, however many rows there were: "
)


_WEIGHED = (
    "Some rows weigh much more than others, and few of a class are left to go by: in simulations of such rows these "
    "intervals held the truth less often than they say: "
)
_RARE = (
    "The rarest class decides the mean over classes of these figures: in simulations with a class of a few rows in a "
    "hundred their intervals held the truth less often than they say: "
)


def _measure_of(observation_id: str) -> str:
    return observation_id.split("/")[1].partition(";")[0]


def _is_relative(observation_id: str) -> bool:
    return _measure_of(observation_id) in _RELATIVE


def _is_of_rare_classes(observation_id: str) -> bool:
    return _measure_of(observation_id) in _OF_RARE_CLASSES and observation_id.endswith(_OVER_CLASSES)


def _is_of_all_rows(observation_id: str) -> bool:
    parts = observation_id.split("/")
    return len(parts) == 2 or (len(parts) == 3 and parts[2] in _OVER_CLASSES)
