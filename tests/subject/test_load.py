"""Tables come apart by role, and labels compare as typed, then as canonical text."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from audit.errors import DataError, SpecError
from audit.subject.labels import canonical, canonical_texts, codes_of, distinct_labels

N = 60
FRAME = pd.DataFrame(
    {
        "id": [f"p{i}" for i in range(N)],
        "age": np.arange(N) % 50 + 18,
        "sex": np.where(np.arange(N) % 3, "f", None),
        "income": np.linspace(0, 1, N),
        "y": np.arange(N) % 2,
        "note": "x",
    }
)
MODEL = LogisticRegression().fit(FRAME[["age", "income"]], FRAME["y"])


def subject(case, frame=FRAME, model=MODEL, data=None, **more):
    files = more.pop("files", {})
    spec = {"model": {"path": "m"}, "data": {"test": "t.parquet", "target": "y", **(data or {})}, **more}
    return case.subject(spec, model=("m", model), test=("t.parquet", frame), **files)


def test_columns_have_roles_and_the_rest_is_listed(case):
    facts = subject(case, data={"id": "id"}, sensitive={"features": ["sex", "age"]}).test.facts
    assert {c.name: c.role for c in facts.columns} == {
        "id": "id", "age": "sensitive", "sex": "sensitive", "income": "feature", "y": "target",
    }  # fmt: skip
    assert facts.ignored == ("note",)
    assert (facts.name, facts.rows, facts.rows_used, facts.dropped) == ("t.parquet", 60, 60, {})
    assert facts.target_counts == {"0": 30, "1": 30}


def test_summaries_say_what_columns_hold_and_never_an_id(case):
    columns = {c.name: c for c in subject(case, data={"id": "id"}, sensitive={"features": ["sex"]}).test.facts.columns}
    assert columns["id"].summary == ""
    assert columns["income"].summary == "0 to 1, mean 0.5"
    assert (columns["sex"].missing, columns["sex"].distinct, columns["sex"].summary) == (20, 1, "f 100 %")
    assert columns["sex"].kind == "categorical"
    assert columns["income"].kind == "numeric"


def test_free_text_shows_none_of_its_values():
    from audit.subject.facts import column_facts

    facts = column_facts("name", pd.Series([f"Person {i}" for i in range(80)]), "feature")
    assert (facts.kind, facts.summary) == ("text", "")


def test_missing_sensitive_value_is_the_group_unknown(case):
    groups = subject(case, sensitive={"features": ["sex"]}).test.sensitive["sex"]
    assert list(groups[:3]) == ["unknown", "f", "f"]


def test_bins_hold_their_lower_edge_and_the_last_one_both(case):
    frame = FRAME.assign(age=[17, 18, 24, 25, 39, 40, 41, np.nan] + [30] * (N - 8))
    spec = {"features": ["age"], "bins": {"age": [18, 25, 40]}}
    groups = subject(case, frame, make_pipeline(MODEL), sensitive=spec, data={}).test.sensitive["age"]
    expected = ["under 18", "18 to <25", "18 to <25", "25 to 40", "25 to 40", "25 to 40", "over 40", "unknown"]
    assert list(groups[:8]) == expected


def test_bins_of_text_are_refused(case):
    with pytest.raises(DataError, match="column 'sex': expected numbers for its bins, found 'f' in row 2"):
        subject(case, sensitive={"features": ["sex"], "bins": {"sex": [0, 1]}})


def test_many_groups_are_warned_of(case):
    subject(case, sensitive={"features": ["age"]})
    assert [w for w in case.heard.warnings if "'age' has 50 different values" in w and "sensitive.bins.age" in w]


def test_ids_are_hashed_alike_in_both_tables_whatever_their_type(case):
    test = FRAME.assign(id=np.arange(N).astype(float))
    test.loc[3, "id"] = np.nan
    train = FRAME.assign(id=[str(i) for i in range(N)])
    data = {"train": "train.parquet", "test": "test.csv", "id": "id", "target": "y"}
    found = case.subject(
        {"model": {"estimator": "sklearn.dummy:DummyClassifier"}, "data": data},
        test=("test.csv", test), train=("train.parquet", train),
    )  # fmt: skip
    assert found.test.identity[3] == -1
    held = np.arange(N) != 3
    assert (found.test.identity[held] == found.train.identity[held]).all()
    assert len(np.unique(found.train.identity)) == N
    assert found.test.identity.min() == -1 and found.train.identity.min() >= 0


def people(**columns):
    return pd.DataFrame({"id": FRAME["id"], "race": np.where(np.arange(N) % 2, "a", "b"), **columns})


def joined(case, table, **more):
    spec = {"features": ["race"], "table": {"path": "people.csv", "on": "id"}}
    return subject(case, sensitive=spec, files={"sensitive": ("people.csv", table)}, **more)


def test_second_table_is_joined_by_id_whatever_its_order(case):
    groups = joined(case, people().sample(frac=1, random_state=0)).test.sensitive["race"]
    assert list(groups) == ["a" if i % 2 else "b" for i in range(N)]


def test_second_table_with_missing_rows_and_numeric_ids(case):
    frame = FRAME.assign(id=np.arange(N).astype(float))
    table = people().assign(id=np.arange(N)).iloc[10:]
    groups = joined(case, table, frame=frame).test.sensitive["race"]
    assert list(groups[:11]) == ["unknown"] * 10 + ["b"]
    assert "10 rows of data.test: t.parquet have no row in sensitive.table: people.csv: their groups are unknown." in (
        case.heard.warnings
    )


def test_second_table_with_an_id_twice(case):
    with pytest.raises(DataError) as error:
        joined(case, pd.concat([people(), people().iloc[:2]]))
    assert str(error.value) == (
        "sensitive.table: people.csv, column 'id': 2 rows repeat an id of an earlier row. Keep one row for each id."
    )


def test_second_table_of_other_people(case):
    with pytest.raises(DataError, match=r"none of its ids is in data\.test"):
        joined(case, people().assign(id="nobody" + FRAME["id"]))


def test_second_table_need_not_know_the_training_rows(case):
    train = FRAME.assign(id="other" + FRAME["id"])
    data = {"train": "train.parquet", "id": "id"}
    spec = {"features": ["race"], "table": {"path": "people.csv", "on": "id"}}
    files = {"sensitive": ("people.csv", people()), "train": ("train.parquet", train)}
    made = subject(case, sensitive=spec, files=files, data=data)
    assert set(made.test.sensitive["race"]) == {"a", "b"}
    assert set(made.train.sensitive["race"]) == {"unknown"}


def test_sensitive_column_in_both_tables_is_ambiguous(case):
    spec = {"features": ["sex"], "table": {"path": "people.csv", "on": "id"}}
    table = people(sex="f")
    with pytest.raises(DataError, match=r"'sex' stand in data\.test: t\.parquet too: which is meant cannot be told"):
        subject(case, sensitive=spec, files={"sensitive": ("people.csv", table)})


def test_reference_that_is_no_group_is_told_before_anything_is_measured(case):
    with pytest.raises(DataError, match=r"sensitive\.reference\.sex: there is no group 'women'; found"):
        subject(case, sensitive={"features": ["sex"], "reference": {"sex": "women"}})


def test_second_table_without_its_columns(case):
    with pytest.raises(DataError) as error:
        joined(case, people().rename(columns={"id": "number", "race": "rase"}))
    assert "sensitive.table: people.csv: has no column 'id', which sensitive.table.on names." in str(error.value)
    assert "'race', which sensitive.features names." in str(error.value)


def test_rows_without_a_target_are_dropped_and_counted(case):
    frame = FRAME.assign(y=[None, None, *FRAME["y"][2:]])
    table = subject(case, frame, sensitive={"features": ["sex"]}).test
    assert (table.n, len(table.sensitive), len(table.target)) == (58, 58, 58)
    assert table.facts.dropped == {"the target is missing": 2}
    assert (table.facts.rows, table.facts.rows_used) == (60, 58)


def test_without_a_target_there_are_no_labels(case):
    found = subject(case, data={"target": None})
    assert found.test.target is None
    assert found.classes == ("0", "1")


@pytest.mark.parametrize("write", [int, float, str, lambda v: f"{v}.0", bool])
def test_labels_of_any_type_match_the_models_own(case, write):
    found = subject(case, FRAME.assign(y=[write(v) for v in FRAME["y"]]))
    np.testing.assert_array_equal(found.test.target, FRAME["y"])
    assert found.classes == ("0", "1")
    assert list(found.test.target_raw[:2]) == [0, 1]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, 2, 1], name="a"),
        pd.Series([1.0, np.nan, 0.5]),
        pd.Series(["x", None, "1.0"], dtype="str"),
        pd.Series(["x", None, "1.0"], dtype=object),
        pd.Series([True, 1, "1", 1.0, None], dtype=object),
        pd.Series([True, None], dtype="boolean"),
        pd.Series(["b", "a", None], dtype="category"),
        pd.Series([], dtype=float),
    ],
    ids=lambda values: f"{values.dtype}-{len(values)}",
)
def test_the_texts_of_a_column_are_those_of_its_values_one_by_one(values: pd.Series):
    found = canonical_texts(values)
    expected = [canonical(v) if pd.notna(v) else None for v in values]
    assert [text if pd.notna(text) else None for text in found] == expected
    assert found.name == values.name


def test_canonical_text():
    assert [canonical(v) for v in (1, 1.0, "1", "1.0", True, np.int64(1), np.float32(0.5), " 1", "yes")] == [
        "1", "1", "1", "1", "True", "1", "0.5", " 1", "yes",
    ]  # fmt: skip
    codes, unknown = codes_of(pd.Series([0, "1.0", None, "x", True]), (0, 1))
    assert (list(codes), unknown) == ([0, 1, -1, -1, 1], ("x",))
    assert distinct_labels([3, 10, 2, 10.0, None, "b", "a"]) == (2, 3, 10, "a", "b")


def test_default_classes_positive_and_favourable(case):
    found = subject(case)
    assert (found.positive, found.favourable, found.threshold) == (1, 1, 0.5)


def test_classes_stand_in_the_order_of_the_model(case):
    model = LogisticRegression().fit(FRAME[["age", "income"]], np.where(FRAME["y"] == 1, "bad", "good"))
    frame = FRAME.assign(y=np.where(FRAME["y"] == 1, "bad", "good"))
    found = subject(case, frame, model, decision={"positive": "bad", "favourable": "good"})
    assert (found.classes, found.positive, found.favourable) == (("bad", "good"), 0, 1)


def test_csv_and_parquet_agree(case):
    a = subject(case, data={"id": "id"}, sensitive={"features": ["sex"]}).test
    data = {"test": "t.csv", "target": "y", "id": "id"}
    spec = {"model": {"path": "m"}, "data": data, "sensitive": {"features": ["sex"]}}
    b = case.subject(spec, model=("m", MODEL), test=("t.csv", FRAME)).test
    pd.testing.assert_frame_equal(a.features, b.features)
    pd.testing.assert_frame_equal(a.sensitive, b.sensitive)
    np.testing.assert_array_equal(a.target, b.target)


def test_types_of_a_csv_depend_on_its_text_alone(case):
    text = "a,b,c,d,e,f,y\n1,1.5,True,x,,007,0\n2,,false,1,,1e3,1\n3,-1e-3,TRUE,2,,8,0\n4,2,False,3,,9,1\n"
    spec = {
        "model": {"predictions": {"label": "y"}},
        "data": {"test": "t.csv", "target": "y", "features": list("abcdef"), "missing": [""]},
    }
    frame = case.subject(spec, test=("t.csv", text)).test.features
    assert [frame[c].dtype.kind for c in "abcef"] == ["i", "f", "b", "f", "f"]
    assert frame["d"].tolist() == ["x", "1", "2", "3"]
    assert frame["b"].iloc[2] == -0.001
    assert frame["e"].isna().all()


def test_missing_words_of_the_spec(case):
    text = "a,y\nNA,0\n2,1\n?,0\n4,1\n"
    spec = {
        "model": {"predictions": {"label": "y"}},
        "data": {"test": "t.csv", "target": "y", "features": ["a"], "missing": ["NA", "?"]},
    }
    frame = case.subject(spec, test=("t.csv", text)).test.features
    assert frame["a"].isna().tolist() == [True, False, True, False]


def test_text_of_a_parquet_file_stays_text(case):
    frame = pd.DataFrame({"code": ["01", "2", "", None], "y": ["0", "1", "0", "1"], "kind": pd.Categorical([*"abab"])})
    spec = {
        "model": {"predictions": {"label": "y"}},
        "data": {"test": "t.parquet", "target": "y", "features": ["code", "kind"]},
    }
    table = case.subject(spec, test=("t.parquet", frame)).test
    assert table.features["code"].iloc[:2].tolist() == ["01", "2"]
    assert table.features["code"].isna().tolist() == [False, False, True, True]
    assert table.features["kind"].dtype == "category"
    assert table.target.tolist() == [0, 1, 0, 1]


def test_semicolons_and_byte_order_mark(case):
    spec = {"model": {"predictions": {"label": "p"}}, "data": {"test": "t.csv", "target": "y"}}
    assert case.subject(spec, test=("t.csv", "\ufeffp;y\n1;0\n1;1\n0;1\n")).test.n == 3


def test_factory_reads_all_columns_that_nothing_else_names(case):
    case.write("fresh_tree.py", "from sklearn.tree import DecisionTreeClassifier as make\n")
    spec = {
        "model": {"estimator": "fresh_tree:make"},
        "data": {"train": "t.csv", "target": "y", "id": "id", "time": "when", "weight": {"column": "w"}},
        "sensitive": {"features": ["sex"]},
        "performance": {"cross_validation": {"by": "group", "column": "house"}},
    }
    frame = FRAME.drop(columns="note").assign(when="2026-01-01", w=1.0, house=np.arange(N) // 2)
    found = case.subject(spec, train=("t.csv", frame))
    assert tuple(found.train.features.columns) == ("age", "income")
    assert found.model.features == ("age", "income")


def test_columns_of_attribution_that_the_model_does_not_read_are_told(case):
    case.write("one_tree.py", "from sklearn.tree import DecisionTreeClassifier as make\n")
    named = {"groups": {"money": ["income", "sallary"]}, "monotone": {"agee": "increasing"}}
    data = {"train": "t.csv", "target": "y", "id": "id", "features": ["age", "income"]}
    spec = {"model": {"estimator": "one_tree:make"}, "data": data, "attribution": named}
    with pytest.raises(DataError) as error:
        case.subject(spec, train=("t.csv", FRAME))
    assert "has no feature 'sallary', which attribution.groups.money names" in str(error.value)
    assert "has no feature 'agee', which attribution.monotone names" in str(error.value)
    assert "Did you mean 'age' for 'agee'?" in str(error.value)


ENCODING = """
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
def make():
    return make_pipeline(OneHotEncoder(handle_unknown='ignore'), DecisionTreeClassifier())
"""


def test_column_that_is_text_in_train_is_text_in_test(case):
    case.write("encoding.py", ENCODING)
    spec = {
        "model": {"estimator": "encoding:make"},
        "data": {"train": "a.csv", "test": "b.csv", "target": "y", "features": ["code"]},
    }
    train = "code,y\n01,0\nx,1\n01,0\nx,1\n02,1\n02,0\n"
    found = case.subject(spec, train=("a.csv", train), test=("b.csv", "code,y\n01,0\n02,1\n01,1\n"))
    assert found.test.features["code"].tolist() == ["01", "02", "01"]


def test_truth_values_are_the_same_with_and_without_a_training_table(case):
    case.write("boolean_tree.py", "from sklearn.tree import DecisionTreeClassifier as make\n")
    spec = {
        "model": {"estimator": "boolean_tree:make"},
        "data": {"train": "a.csv", "test": "b.csv", "target": "y", "features": ["b", "empty"]},
    }
    text = "b,empty,y\nTrue,,0\nFalse,,1\nTrue,,0\nFalse,,1\n"
    found = case.subject(spec, train=("a.csv", text), test=("b.csv", text.replace("True,,", "True,1,")))
    assert [t.features["b"].dtype.kind for t in (found.train, found.test)] == ["b", "b"]


def test_reference_table_needs_nothing_but_features(case):
    found = subject(case, data={"reference": "r.parquet"}, files={"reference": ("r.parquet", FRAME[["age", "income"]])})
    assert found.reference.n == N
    assert found.reference.target is None
    assert found.reference.sensitive.shape == (N, 0)


# --- predictions without a model ----------------------------------------------------------------


def predictions(case, frame, told, **more):
    spec = {"model": {"predictions": told}, "data": {"test": "p.csv", "target": "y"}, **more}
    return case.evidence(spec, test=("p.csv", frame))


SCORED = pd.DataFrame({"y": ["a", "b", "a", "b"], "label": ["b", "b", "a", "a"], "score": [0.1, 0.9, 0.6, 0.5]})


def test_supplied_labels_are_never_cut_again(case):
    evidence = predictions(case, SCORED, {"label": "label", "score": "score"})
    assert evidence.subject.threshold is None
    assert evidence.headline.predictions.label.tolist() == [1, 1, 0, 0]
    assert evidence.headline.predictions.score.tolist() == [0.1, 0.9, 0.6, 0.5]


def test_scores_alone_are_cut_at_the_threshold(case):
    evidence = predictions(case, SCORED, {"score": "score"})
    assert evidence.headline.predictions.label.tolist() == [0, 1, 1, 1]
    evidence = predictions(case, SCORED, {"score": "score"}, decision={"threshold": 0.6, "positive": "a"})
    assert evidence.headline.predictions.label.tolist() == [1, 0, 0, 1]
    assert evidence.subject.threshold == 0.6


def test_labels_alone(case):
    evidence = predictions(case, SCORED, {"label": "label"})
    assert evidence.headline.predictions.score is None
    assert evidence.subject.facts.format == "predictions"
    assert evidence.no_cross_validation == "there is no model, only its predictions."


def test_scores_beyond_one_rank(case):
    evidence = predictions(case, SCORED.assign(score=[-3, 2, 5, 1]), {"score": "score"})
    assert evidence.subject.task == "ranking_score"
    assert evidence.headline.predictions.label is None
    assert evidence.headline.sample.score.tolist() == [-3, 2, 5, 1]


def test_scores_of_several_classes(case):
    frame = load_iris(as_frame=True).frame
    model = LogisticRegression(max_iter=5000).fit(frame.iloc[:, :4], frame["target"])
    score = model.predict_proba(frame.iloc[:, :4])
    names = np.array(["setosa", "versicolor", "virginica"])
    table = pd.DataFrame({"y": names[frame["target"]], "p0": score[:, 0], "p1": score[:, 1], "p2": score[:, 2]})
    told = {"score": {"virginica": "p2", "setosa": "p0", "versicolor": "p1"}}
    evidence = predictions(case, table, told)
    np.testing.assert_array_equal(evidence.headline.predictions.score, score)
    np.testing.assert_array_equal(evidence.headline.predictions.label, model.predict(frame.iloc[:, :4]))
    assert evidence.headline.predictions.probability
    with pytest.raises(DataError, match="names scores of setosa; the classes are setosa, versicolor, virginica"):
        predictions(case, table, {"score": {"setosa": "p0"}}, task="multiclass")


def test_predicted_values(case):
    table = pd.DataFrame({"y": [1.5, 2.5, 3.25], "p": [1.0, 2.0, 3.0]})
    evidence = predictions(case, table, {"label": "p"})
    assert evidence.subject.task == "regression"
    assert evidence.headline.sample.score.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("label", ["a", "b", None, "b"], "1 rows have no prediction. Every row needs one."),
        ("score", [0.1, None, 0.3, 0.4], "expected a score, found nothing in row 2 (1 such rows)."),
        ("score", [0.1, np.inf, 0.3, 0.4], "expected a score, found inf in row 2 (1 such rows)."),
        ("score", [0.1, "high", 0.3, 0.4], "expected a score, found 'high' in row 2 (1 such rows)."),
    ],
)
def test_unusable_predictions(case, column, values, message):
    with pytest.raises(DataError) as error:
        predictions(case, SCORED.assign(**{column: values}), {column: column})
    assert f"data.test: p.csv, column '{column}': {message}" in str(error.value)


def test_task_cannot_be_guessed_from_nothing(case):
    with pytest.raises(SpecError, match=r"task: cannot be inferred without data\.target"):
        predictions(case, SCORED, {"score": "score"}, data={"test": "p.csv"})
