"""Broken inputs end in messages that a stranger can act on."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from audit.errors import AuditError, DataError, ModelError, SpecError

N = 40
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, N),
        "income": RNG.normal(30, 5, N).round(2),
        "sex": np.where(np.arange(N) % 3, "female", "male"),
        "default": np.arange(N) % 2,
    }
)
MODEL = LogisticRegression().fit(FRAME[["age", "income"]], FRAME["default"])


def spec(**data):
    return {"model": {"path": "m.skops"}, "data": {"test": "people.csv", "target": "default", **data}}


def audited(case, frame=FRAME, model=MODEL, name="people.csv", **data):
    return case.evidence(spec(**data), model=("m.skops", model), test=(name, frame))


def told(error):
    return [str(problem) for problem in error.value.problems]


def test_a_sound_input_gives_evidence(case):
    assert audited(case).headline.table.n == N


def test_missing_column_of_the_model(case):
    with pytest.raises(DataError) as error:
        audited(case, FRAME.rename(columns={"age": "Age"}))
    assert told(error) == [
        "data.test: people.csv: lacks 1 of the 2 columns that the model reads: 'age'. Did you mean 'Age' for 'age'?"
    ]


def test_every_missing_column_is_told_at_once(case):
    with pytest.raises(DataError) as error:
        audited(case, FRAME.drop(columns=["age", "income"]), target="defult", id="number")
    assert told(error) == [
        "data.test: people.csv: lacks 2 of the 2 columns that the model reads: 'age', 'income'. "
        "It has: 'sex', 'default'. It has: 'sex', 'default'.",
        "data.test: people.csv: has no column 'defult', which data.target names. Did you mean 'default' for 'defult'?",
        "data.test: people.csv: has no column 'number', which data.id names. It has: 'sex', 'default'.",
    ]


def test_group_column_absent(case):
    with pytest.raises(DataError) as error:
        case.evidence(
            spec() | {"sensitive": {"features": ["gender"]}}, model=("m.skops", MODEL), test=("people.csv", FRAME)
        )
    assert told(error) == [
        "data.test: people.csv: has no column 'gender', which sensitive.features names. "
        "It has: 'age', 'income', 'sex', 'default'."
    ]


def test_a_target_that_leaves_the_other_class_open(case):
    with pytest.raises(DataError) as error:
        case.evidence(
            {"model": {"predictions": {"label": "said"}}, "data": {"test": "people.csv", "target": "default"}},
            test=("people.csv", FRAME.assign(default="yes", said="yes")),
        )
    assert told(error) == [
        "data.test: people.csv, column 'default': holds one class only (yes). Give rows of at least two classes."
    ]


def test_a_positive_label_that_is_nowhere(case):
    with pytest.raises(SpecError) as error:
        case.evidence(
            {
                "model": {"predictions": {"label": "said"}},
                "data": {"test": "people.csv", "target": "default"},
                "decision": {"positive": "yes"},
            },
            test=("people.csv", FRAME.assign(default=1, said=1)),
        )
    assert told(error) == ["decision.positive: 'yes' is none of the classes: 0, 1. Write it as in the data."]


def test_training_rows_of_one_class_fit_no_model(case):
    with pytest.raises(AuditError) as error:
        case.evidence(
            {
                "model": {"estimator": "sklearn.linear_model:LogisticRegression"},
                "data": {"train": "people.csv", "target": "default", "features": ["age", "income"]},
            },
            train=("people.csv", FRAME.assign(default=1)),
        )
    assert "one class" in told(error)[0]


def test_label_that_the_model_does_not_know(case):
    with pytest.raises(DataError) as error:
        audited(case, FRAME.assign(default=FRAME["default"] + 1))
    assert told(error) == ["data.test: people.csv, column 'default': holds '2'; the classes are 0, 1. Mend the labels."]


def test_all_missing_column(case):
    with pytest.raises(ModelError) as error:
        audited(case, FRAME.assign(income=np.nan))
    assert told(error)[0].startswith("model.path: m.skops, predict_proba: ValueError: Input X contains NaN.")
    assert told(error)[1:] == [
        "model.path: m.skops, predict_proba, column 'income': holds no value at all. "
        "Fill the column, or use a model that takes missing values."
    ]


def test_all_missing_column_is_fine_for_a_model_that_takes_it(case):
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit(FRAME[["age", "income"]], FRAME["default"])
    assert audited(case, FRAME.assign(income=np.nan), tree).headline.table.n == N


def test_string_in_a_numeric_column(case):
    with pytest.raises(ModelError) as error:
        audited(case, FRAME.assign(age=["old", *FRAME["age"][1:]]))
    assert told(error)[0].startswith(
        "model.path: m.skops, predict_proba: ValueError: could not convert string to float"
    )
    assert told(error)[1] == (
        "model.path: m.skops, predict_proba, column 'age': expected a number, found 'old' in row 1. "
        "Mend the value, or name it under data.missing if it stands for a missing one."
    )


def test_string_in_a_column_that_is_numeric_in_train(case):
    with pytest.raises(DataError) as error:
        case.evidence(
            spec(train="train.csv"),
            model=("m.skops", MODEL),
            train=("train.csv", FRAME),
            test=("people.csv", FRAME.assign(age=[*FRAME["age"][:-1], "n/a"])),
        )
    assert told(error) == [
        "data.test: people.csv, column 'age': expected a number as in data.train: train.csv, found 'n/a' in row 40. "
        "Mend the value, or name it under data.missing if it stands for a missing one."
    ]


def test_infinite_prediction(case):
    model = LinearRegression().fit(FRAME[["age", "income"]], FRAME["default"])
    model.coef_ = np.array([1e300, 0.0])
    with pytest.raises(ModelError) as error:
        audited(case, FRAME.assign(age=[1e300, *[0.0] * (N - 1)]), model)
    assert told(error) == [
        "model m on data.test: 1 of 40 predictions are not finite; the first, in row 1, is infinite. "
        "Look at the model's inputs in that row."
    ]


def test_model_with_other_columns_and_no_names(case):
    model = LogisticRegression().fit(FRAME[["age", "income"]].to_numpy(), FRAME["default"])
    with pytest.raises(ModelError) as error:
        audited(case, model=model)
    assert told(error) == [
        "model m: wants 2 unnamed columns; data.test: people.csv offers 3: 'age', 'income', 'sex'. "
        "Name the columns in the model's order under data.features."
    ]


def test_model_without_names_takes_columns_in_the_order_given_and_says_so(case):
    model = LogisticRegression().fit(FRAME[["age", "income"]].to_numpy(), FRAME["default"])
    evidence = audited(case, model=model, features=["age", "income"])
    expected = model.predict_proba(FRAME[["age", "income"]].to_numpy())[:, 1]
    np.testing.assert_allclose(evidence.headline.predictions.score, expected)
    assert "The model does not name its columns: 'age', 'income' were given to it in this order." in case.heard.warnings


def test_empty_file(case):
    with pytest.raises(DataError) as error:
        audited(case, "")
    assert told(error) == ["data.test: people.csv: is empty. Give a table with a header and at least one row."]


def test_table_without_rows(case):
    with pytest.raises(DataError) as error:
        audited(case, FRAME.iloc[:0])
    assert told(error) == ["data.test: people.csv: has a header but no rows. Give at least one row."]


def test_table_with_one_row_of_each_class(case):
    names = [f"r{i}" for i in range(N)]
    with pytest.raises(DataError) as error:
        case.evidence(
            {"model": {"predictions": {"label": "said"}}, "data": {"test": "people.csv", "target": "default"}},
            test=("people.csv", FRAME.assign(default=names, said=names)),
        )
    assert told(error) == [
        "data.test: people.csv, column 'default': holds one row of each class (40 rows): nothing can be measured. "
        "Give more rows."
    ]


def test_unreadable_parquet(case):
    whole = case.write("whole.parquet", FRAME).read_bytes()
    with pytest.raises(DataError) as error:
        audited(case, whole[:200], name="people.parquet")
    assert len(told(error)) == 1
    assert told(error)[0].startswith("data.test: people.parquet: is no readable Parquet: ")
    assert told(error)[0].endswith("Write the table again; the file may be cut off.")


def test_parquet_damaged_in_the_middle(case):
    whole = bytearray(case.write("whole.parquet", FRAME).read_bytes())
    whole[4:200] = b"\xff" * 196
    with pytest.raises(DataError, match="is no readable Parquet"):
        audited(case, bytes(whole), name="people.parquet")


def test_parquet_with_more_cells_than_memory_holds_is_refused_before_it_is_read(case):
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = 30_000_000
    table = pa.table({name: pa.nulls(n, pa.int8()) for name in ("age", "income", "default", "a", "b", "c", "d", "e")})
    pq.write_table(table, case.folder / "bomb.parquet", row_group_size=n)
    assert (case.folder / "bomb.parquet").stat().st_size < 1_000_000
    with pytest.raises(DataError) as error:
        case.subject(
            spec(features=None) | {"sensitive": {"features": ["a", "b", "c", "d", "e"]}},
            model=("m.skops", MODEL),
            test="bomb.parquet",
        )
    assert told(error) == [
        "data.test: bomb.parquet: holds 30,000,000 rows of 8 columns to read: more than 200,000,000 cells. "
        "Audit a random sample of the rows."
    ]


def test_row_with_too_many_fields(case):
    with pytest.raises(DataError) as error:
        audited(case, "age,income,default\n1,2,0\n3,4,1,9\n")
    assert told(error) == [
        "data.test: people.csv: is no readable CSV: CSV parse error: Row #3: Expected 3 columns, got 4: 3,4,1,9. "
        "Every row needs as many fields as the header; the text must be UTF-8."
    ]


def test_header_that_names_a_column_twice(case):
    with pytest.raises(DataError) as error:
        audited(case, "age,age,default\n1,2,0\n")
    assert told(error) == ["data.test: people.csv, column 'age': the header names it twice. Rename one of them."]


def test_text_that_is_not_utf8(case):
    with pytest.raises(DataError) as error:
        audited(case, "café,b\n1,2\n".encode("latin-1"))
    assert told(error) == ["data.test: people.csv: is not UTF-8: byte 4 is 0xe9. Save the table as UTF-8."]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([-1.0], "expected weights of at least 0, found the weight -1. Mend the weights."),
        ([np.nan], "expected a weight, found nothing in row 1 (1 such rows). Mend or leave out these rows."),
        ([np.inf], "expected a weight, found inf in row 1 (1 such rows). Mend or leave out these rows."),
        (["x"], "expected a weight, found 'x' in row 1 (1 such rows). Mend or leave out these rows."),
        ([0.0] * N, "expected weights of at least 0, found only zeros. Mend the weights."),
    ],
)
def test_unusable_weights(case, weights, message):
    frame = FRAME.assign(w=[*weights, *[1.0] * (N - len(weights))])
    with pytest.raises(DataError) as error:
        audited(case, frame, weight={"column": "w"})
    assert told(error) == [f"data.test: people.csv, column 'w': {message}"]


def test_zero_weight_is_a_weight(case):
    evidence = audited(case, FRAME.assign(w=[0.0, *[1.0] * (N - 1)]), weight={"column": "w"})
    assert evidence.headline.sample.weight[0] == 0.0


@pytest.mark.parametrize("value", [np.inf, "many"])
def test_unusable_target_value(case, value):
    model = LinearRegression().fit(FRAME[["age", "income"]], FRAME["default"])
    frame = FRAME.assign(default=[value, *FRAME["default"][1:]])
    with pytest.raises(DataError, match="column 'default': expected a number, found"):
        audited(case, frame, model)


def test_positive_that_is_no_class(case):
    with pytest.raises(SpecError) as error:
        case.subject(spec() | {"decision": {"positive": "yes"}}, model=("m.skops", MODEL), test=("people.csv", FRAME))
    assert told(error) == ["decision.positive: 'yes' is none of the classes: 0, 1. Write it as in the data."]


def test_task_that_contradicts_the_model(case):
    with pytest.raises(ModelError) as error:
        case.subject(spec() | {"task": "regression"}, model=("m.skops", MODEL), test=("people.csv", FRAME))
    assert told(error) == ["task: the spec says regression, the model says binary. Leave task out: the model tells it."]


def test_no_held_out_rows_and_no_refitting(case):
    import lightgbm

    booster = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(FRAME[["age", "income"]], FRAME["default"])
    text = booster.booster_.model_to_string()
    with pytest.raises(ModelError) as error:
        case.evidence(
            {"model": {"path": "m.txt"}, "data": {"train": "t.csv", "target": "default"}},
            model=("m.txt", text),
            train=("t.csv", FRAME),
        )
    assert told(error) == [
        "data.test: there are no rows that the model was not fitted on: a saved booster does not hold how it was "
        "trained. Name held-out rows under data.test."
    ]


def test_model_never_fitted(case):
    with pytest.raises(ModelError) as error:
        audited(case, model=LogisticRegression(), features=["age", "income"])
    assert "not fitted" in str(error.value)


def test_file_that_changed_after_it_was_hashed(case):
    plan = case.plan(spec(), {"model": ("m.skops", MODEL), "test": ("people.csv", FRAME)})
    (case.folder / "people.csv").write_text("age,income,default\n1,2,0\n")
    from audit.subject.load import load_subject

    with pytest.raises(DataError, match=r"data.test: people.csv: changed while it was audited: expected sha256 \w{12}"):
        load_subject(plan, case.heard)


def test_inherited_descriptor_is_read_instead_of_the_path(case):
    from audit.subject.load import load_subject

    plan = case.plan(spec(), {"model": ("m.skops", MODEL), "test": ("people.csv", FRAME)})
    descriptors = [os.open(i.path, os.O_RDONLY) for i in plan.inputs]
    inputs = tuple(i.model_copy(update={"fd": fd}) for i, fd in zip(plan.inputs, descriptors, strict=True))
    for i in plan.inputs:
        Path(i.path).unlink()
    try:
        subject = load_subject(plan.model_copy(update={"inputs": inputs}), case.heard)
    finally:
        for fd in descriptors:
            os.close(fd)
    assert subject.test.n == N
