"""Columns of probabilities become memberships, are never features, and are refused where they hold none."""

# ruff: noqa: E501 (messages stand whole, as they are printed)

import numpy as np
import pandas as pd
import pytest

from audit.errors import DataError

N = 40
FRAME = pd.DataFrame(
    {
        "id": np.arange(N),
        "income": np.linspace(0, 1, N),
        "y": np.arange(N) % 2,
        "p": (np.arange(N) >= N / 2).astype(int),
        "white": np.linspace(0.1, 0.9, N),
        "black": 1 - np.linspace(0.1, 0.9, N),
    }
)
RACE = {"race": {"White": "white", "Black": "black"}}


def audited(case, frame=FRAME, probabilities=None, **sensitive):
    spec = {
        "model": {"predictions": {"label": "p"}},
        "data": {"test": "t.csv", "target": "y"},
        "sensitive": {"probabilities": probabilities or RACE, **{k: v for k, v in sensitive.items() if k != "people"}},
    }
    files = {"test": ("t.csv", frame)}
    files |= {"sensitive": ("people.csv", sensitive["people"])} if "people" in sensitive else {}
    return case.subject(spec, **files).test


def changed(column, rows, value):
    frame = FRAME.astype({column: object})
    frame.loc[rows, column] = value
    return frame


def test_a_row_has_its_probabilities(case):
    table = audited(case)
    assert list(table.memberships) == ["race"]
    np.testing.assert_allclose(table.memberships["race"], FRAME[["white", "black"]])
    assert list(table.memberships["race"].columns) == ["White", "Black"]
    assert {c.name: c.role for c in table.facts.columns}["white"] == "sensitive"
    assert list(table.sensitive.columns) == []


def test_rounded_probabilities_are_scaled_to_one(case):
    frame = FRAME.assign(white=0.333, black=0.667).assign(black=0.66)
    held = audited(case, frame).memberships["race"]
    np.testing.assert_allclose(held.sum(axis=1), 1, atol=1e-12)
    assert held["White"].iloc[0] == pytest.approx(0.333 / 0.993)


def test_rows_without_any_probability_are_unknown(case):
    frame = FRAME.copy()
    frame.loc[:4, ["white", "black"]] = np.nan
    held = audited(case, frame).memberships["race"]
    assert held["unknown"].tolist() == [1.0] * 5 + [0.0] * (N - 5)
    assert held.iloc[0].tolist() == [0.0, 0.0, 1.0]


def test_probabilities_may_stand_in_a_second_table(case):
    frame = FRAME.drop(columns=["white", "black"])
    people = FRAME[["id", "white", "black"]].iloc[::-1].iloc[:-2]
    held = audited(case, frame, table={"path": "people.csv", "on": "id"}, people=people).memberships["race"]
    np.testing.assert_allclose(held["White"].iloc[2:], FRAME["white"].iloc[2:])
    assert held["unknown"].iloc[:2].tolist() == [1.0, 1.0]


def test_rows_dropped_for_their_target_are_dropped_here_too(case):
    frame = FRAME.assign(y=FRAME["y"].where(FRAME.index > 9))
    assert len(audited(case, frame).memberships["race"]) == N - 10


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (changed("white", [3, 5], 1.5), "column 'white': expected probabilities from 0 to 1, found 1.5 in row 4 (2 such rows)"),
        (changed("black", [7], -0.1), "column 'black': expected probabilities from 0 to 1, found -0.1 in row 8 (1 such row)"),
        (changed("white", [0], "high"), "column 'white': expected probabilities from 0 to 1, found 'high' in row 1"),
        (changed("black", [2, 9], None), "column 'black': has no probability in row 3, where other groups have one (2 such rows)"),
        (changed("white", [6], 0.0), "columns 'white', 'black': the probabilities of a row must sum to 1 (within 0.01); those of row 7 sum to 0.7769 (1 such row)"),
    ],
    ids=["above 1", "below 0", "text", "gap", "sum"],
)  # fmt: skip
def test_what_are_no_probabilities_are_refused_with_their_place(case, frame, message):
    with pytest.raises(DataError) as error:
        audited(case, frame)
    assert f"data.test: t.csv, {message}" in str(error.value)


def test_a_missing_column_is_told_with_the_key_that_names_it(case):
    with pytest.raises(DataError, match=r"has no column 'blak', which sensitive\.probabilities\.race\.Black names"):
        audited(case, probabilities={"race": {"White": "white", "Black": "blak"}})


def test_they_are_no_features_of_a_factory(case):
    spec = {
        "model": {"estimator": "sklearn.tree:DecisionTreeClassifier"},
        "data": {"train": "t.csv", "target": "y", "id": "id"},
        "sensitive": {"probabilities": RACE},
    }
    found = case.subject(spec, train=("t.csv", FRAME))
    assert found.model.features == ("income", "p")
    assert list(found.train.memberships["race"]) == ["White", "Black"]


def test_folds_take_their_rows_along(case):
    spec = {
        "model": {"estimator": "sklearn.tree:DecisionTreeClassifier"},
        "data": {"train": "t.csv", "target": "y", "id": "id"},
        "sensitive": {"probabilities": RACE},
    }
    headline = case.evidence(spec, train=("t.csv", FRAME)).headline
    np.testing.assert_allclose(
        headline.table.memberships["race"]["White"], headline.table.features["income"] * 0.8 + 0.1
    )
