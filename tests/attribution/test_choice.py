"""Cases that a spec names, and the extremes of each group, beside the kinds that are chosen by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from audit.attribution.choice import chosen_cases
from audit.errors import DataError
from audit.records.spec import LocalSpec
from audit.subject.named import identities, named_rows, refuse_unknown


@pytest.fixture
def seen(evidence: Callable[..., Any]) -> Any:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(120, 2)), columns=["a", "b"])
    y = (frame.a > 0).astype(int).to_numpy()
    groups = pd.DataFrame({"sex": np.where(np.arange(120) % 3, "female", "male")})
    return evidence(LogisticRegression().fit(frame, y), frame, y, sensitive=groups)


def table(seen: Any, ids: list[str | None]) -> Any:
    whole = seen.headline.table
    known = identities(pd.Series(ids + [None] * (whole.n - len(ids)), dtype=object))
    # The second row had no label, so the third is the second that takes part.
    features = whole.features.set_axis(np.r_[0, np.arange(2, whole.n + 1)])
    return replace(whole, identity=known, features=features)


def test_rows_are_found_by_id_as_written_and_by_their_number_in_the_file(seen: Any) -> None:
    whole = table(seen, ["A-7", "8", "9"])
    assert named_rows(whole, LocalSpec(ids=("9", "A-7"), row_numbers=(3, 1))) == (2, 0, 1, 0)
    assert named_rows(whole, LocalSpec(ids=(8,))) == (1,)


def test_an_unknown_row_is_refused_by_its_place_and_never_by_its_id(seen: Any) -> None:
    with pytest.raises(DataError) as told:
        refuse_unknown(table(seen, ["A-7"]), LocalSpec(ids=("A-7", "secret-1"), row_numbers=(2, 500)))
    text = str(told.value)
    assert "attribution.local.ids[1]" in text and "secret" not in text and "ids[0]" not in text
    assert "row_numbers[0]" in text and "row_numbers[1]" in text


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ({"counterfactuals": {"immutable": ["agee"]}}, "no column 'agee'"),
        ({"counterfactuals": {"monotone": {"town": "increasing"}}}, "'town' holds no numbers"),
        ({"counterfactuals": {"ranges": {"town": [0, 1]}}}, "'town' holds no numbers"),
        ({"reasons": {"excluded": ["x"]}}, "no column 'x'"),
        ({"reasons": {"wording": {"x": "y"}}}, "no column 'x'"),
    ],
)
def test_a_column_that_the_model_does_not_read_is_refused(local: Any, words: str, seen: Any) -> None:
    whole = seen.headline.table
    whole = replace(whole, features=whole.features.assign(town="north"))
    with pytest.raises(DataError, match=words):
        refuse_unknown(whole, LocalSpec.model_validate(local))


def test_the_extremes_of_each_group_are_its_lowest_and_highest_score(seen: Any) -> None:
    chosen = chosen_cases(seen.subject, seen.headline, LocalSpec(choose=("extreme",)))
    score, sex = seen.headline.predictions.score, seen.headline.table.sensitive.sex.to_numpy()
    expected = []
    for name in ("female", "male"):
        rows = np.flatnonzero(sex == name)
        expected += [
            (int(rows[score[rows].argmin()]), f"the lowest score of sex = {name}"),
            (int(rows[score[rows].argmax()]), f"the highest score of sex = {name}"),
        ]
    assert list(chosen) == expected


def test_named_rows_come_first_and_all_of_them(seen: Any) -> None:
    chosen = chosen_cases(seen.subject, seen.headline, LocalSpec(rows=2, row_numbers=(50, 7, 90)))
    assert chosen == ((49, "named in the spec"), (6, "named in the spec"), (89, "named in the spec"))


def test_unfavourable_and_favourable_decisions_take_turns(seen: Any) -> None:
    subject = replace(seen.subject, favourable=1)
    chosen = chosen_cases(subject, seen.headline, LocalSpec(choose=("near_threshold",), rows=6))
    label, score = seen.headline.predictions.label, seen.headline.predictions.score
    rows = [row for row, _ in chosen]
    assert label[rows].tolist() == [0, 1, 0, 1, 0, 1]
    below = np.flatnonzero(label == 0)
    assert rows[0] == below[np.argmin(np.abs(score[below] - 0.5))]
