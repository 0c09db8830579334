"""What a change of threshold does to each group: counts as of mask arithmetic, and one figure with the audit's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit import catalogue
from audit.declarations.metric import Sample
from audit.fairness.disaggregate import Rows, disaggregate, group_cells, measure_gaps
from audit.fairness.groups import make_grouping
from audit.fairness.thresholds import CHARTED, is_followed, thresholds_of, unfit
from audit.records.measured import Estimate
from audit.records.sections import Curve
from audit.records.spec import IntervalSpec, SensitiveSpec

N = 900
RNG = np.random.default_rng(4)
GROUP = RNG.choice(["a", "b", "c"], N, p=[0.5, 0.45, 0.05])
TARGET = (RNG.random(N) < np.where(GROUP == "a", 0.5, 0.3)).astype(int)
SCORE = np.clip(0.3 * TARGET + 0.6 * RNG.random(N), 0, 1).round(2)


def rows(**changes: Any) -> Rows:
    sample = Sample(
        target=TARGET, label=(SCORE >= 0.45).astype(int), score=SCORE, classes=2, positive=1, favourable=1,
        probability=True, threshold=0.45,
    )  # fmt: skip
    return Rows(sample=replace(sample, **changes), interval=IntervalSpec(), seed=0, scope="held_out", minimum=30)


def divided(found: Rows, group: Any = GROUP, **spec: Any) -> Any:
    frame = pd.DataFrame({"g": group})
    return make_grouping(frame, ("g",), found.sample.weight, True, SensitiveSpec(features=("g",), **spec))


def told(found: Rows, **spec: Any) -> dict[str, dict[str, Curve]]:
    return thresholds_of(divided(found, **spec), found)


@pytest.mark.parametrize("favourable", [0, 1])
def test_rates_are_those_of_mask_arithmetic(favourable: int) -> None:
    found = told(rows(favourable=favourable))
    for name in ("a", "b", "c"):
        inside = name == GROUP
        for measure, among in (("true_positive_rate", TARGET == 1), ("false_positive_rate", TARGET == 0)):
            curve = found[measure][f"g={name}"]
            assert curve.y == pytest.approx([(SCORE[inside & among] >= t).mean() for t in curve.x])
        curve = found["selection_rate"][f"g={name}"]
        share = np.array([(SCORE[inside] >= t).mean() for t in curve.x])
        assert curve.y == pytest.approx(share if favourable else 1 - share)
        assert 0.45 in curve.x
        assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))


def test_the_impact_ratio_is_the_least_between_the_groups() -> None:
    curve = told(rows())["impact_ratio"][""]
    for at, y in zip(curve.x, curve.y, strict=True):
        rates = [(SCORE[name == GROUP] >= at).mean() for name in "abc"]
        assert y == pytest.approx(min(rates) / max(rates))
    beside = told(rows(), reference={"g": "b"})["impact_ratio"][""]
    for at, y in zip(beside.x, beside.y, strict=True):
        one, other = ((SCORE[name == GROUP] >= at).mean() for name in ("a", "b"))
        third = (SCORE[GROUP == "c"] >= at).mean()
        assert y == pytest.approx(min(min(v, other) / max(v, other) for v in (one, third)))


def test_at_the_threshold_of_the_audit_it_is_the_gap_that_is_judged_with_its_interval() -> None:
    found = rows()
    grouping = divided(found)
    metric = catalogue.load("metrics", "selection_rate")
    gap = measure_gaps(disaggregate(metric, grouping, group_cells(grouping, found.sample), found))["ratio"].measured
    curve = thresholds_of(grouping, found)["impact_ratio"][""]
    i = curve.x.index(0.45)
    assert isinstance(gap, Estimate)
    assert (curve.y[i], curve.low[i], curve.high[i], curve.method) == (gap.value, gap.low, gap.high, gap.method)


def test_a_small_group_is_shown_and_not_judged() -> None:
    found = told(rows(), minimum_group=100)
    assert set(found["selection_rate"]) == {"g=a", "g=b", "g=c"}
    curve = found["impact_ratio"][""]
    rates = [[(SCORE[name == GROUP] >= at).mean() for name in "ab"] for at in curve.x]
    assert curve.y == pytest.approx([min(pair) / max(pair) for pair in rates])


def test_weights_count_rows_or_say_how_sure() -> None:
    twice, plain = told(rows(weight=np.full(N, 2.0))), told(rows())
    assert twice["selection_rate"]["g=a"].y == plain["selection_rate"]["g=a"].y
    assert twice["selection_rate"]["g=a"].low > plain["selection_rate"]["g=a"].low
    sampled = told(rows(weight=np.full(N, 7.0), weight_kind="sampling"))
    for name in ("selection_rate", "true_positive_rate"):
        assert sampled[name]["g=b"].low == pytest.approx(plain[name]["g=b"].low)
    assert sampled["selection_rate"]["g=a"].method == "wilson_effective_n"


def test_many_groups_have_the_thresholds_of_a_table_only() -> None:
    many = np.array([f"g{i}" for i in np.arange(N) % (CHARTED + 1)])
    found = thresholds_of(divided(rows(), many), rows())
    assert all(len(curve.x) <= 6 for curve in found["selection_rate"].values())
    assert len(found["selection_rate"]) == CHARTED + 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "changes",
    [
        {"target": None},
        {"target": np.ones(N, dtype=int)},
        {"score": np.full(N, 0.2)},
        {"weight": np.where(GROUP == "b", 0.0, 1.0)},
        {"threshold": None},
        {"threshold": 40.0},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_odd_rows_give_what_there_is(changes: dict[str, Any]) -> None:
    found = told(rows(**changes))
    assert "selection_rate" in found
    for lines in found.values():
        for curve in lines.values():
            assert np.isfinite([*curve.x, *curve.y, *(curve.low or ()), *(curve.high or ())]).all()


def test_one_group_only_has_rates_and_no_ratio() -> None:
    found = thresholds_of(divided(rows(), np.full(N, "only")), rows())
    assert set(found) == {"selection_rate", "true_positive_rate", "false_positive_rate"}


def test_labels_alone_are_said_not_to_allow_it() -> None:
    assert "there are labels only" in unfit(rows(score=None).sample)
    assert not is_followed(rows(score=None).sample)
    assert "not finite" in unfit(rows(score=np.where(np.arange(N) == 0, np.inf, SCORE)).sample)
    assert not unfit(rows(positive=None).sample), "of more classes no single threshold decides"
    assert not is_followed(rows(positive=None).sample)
    assert is_followed(rows().sample)
