"""Changed rows move a model as far as arithmetic says, and a model that does not move is told as such."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from audit.catalogue import load
from audit.declarations.check import CheckNotRunError, Setting
from audit.errors import ModelError, Problem
from audit.records.measured import Estimate, Exact, Undefined
from audit.robustness.checks.noise import spread_of
from audit.robustness.checks.rounding import rounded
from audit.subject.evidence import Capability, Evaluation, LoadedModel
from audit.subject.predict import predictor, sample_of

SETTING = Setting(level=0.95, seed=7)
KINDS = ("noise", "missing_values", "rounding", "value_range", "categories")


@pytest.fixture
def asked(make_table, make_evidence):
    """Evidence of a model that is a plain function: a score from 0 to 1, or a value in regression."""

    def build(rows, function, target=None, *, task="binary", train=None, weight=None, scope="held_out", threshold=0.5):
        table = make_table("test", rows, target)
        table = replace(table, weight=weight)
        evidence = make_evidence(table, None if train is None else make_table("train", train), task=task)
        score = None if task == "regression" else lambda f: np.column_stack([1 - function(f), function(f)])
        model = LoadedModel(
            facts=evidence.subject.facts,
            native=None,
            features=tuple(rows.columns),
            classes=None if task == "regression" else ("0", "1"),
            capabilities=frozenset({Capability.PREDICT}),
            predict=function,
            predict_score=score,
            probability=task != "regression",
            fit=None,
        )
        subject = evidence.subject
        predictions = predictor(task, subject.classes, subject.positive, None if task == "regression" else threshold)
        subject = replace(subject, model=model, predictions=predictions)
        found = predictions(model, table)
        headline = Evaluation(scope, table, found, sample=sample_of(subject, table, found))
        return replace(evidence, subject=subject, headline=headline, held_out=headline)

    return build


def ran(name, evidence, setting=SETTING):
    finding = load("checks", name).find(evidence, setting)
    return finding, {o.id.removeprefix("robustness/"): o.measured for o in finding.observations}


def normals(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(0, 2, n), "y": rng.normal(5, 0.5, n)})


# --- noise -----------------------------------------------------------------------------------------


def test_noise_flips_as_many_decisions_as_a_probit_margin_says(asked):
    rows = normals()
    evidence = asked(rows, lambda f: norm.cdf(f.x.to_numpy() + 2 * (f.y.to_numpy() - 5)))
    _, by_id = ran("noise", evidence)
    margin = np.abs(rows.x + 2 * (rows.y - 5)).to_numpy()
    for argument, scale in ((";scale=0.05", 0.05), ("", 0.1), (";scale=0.2", 0.2)):
        noise = scale * np.sqrt(spread_of(rows.x) ** 2 + 4 * spread_of(rows.y) ** 2)
        expected = norm.cdf(-margin / noise).mean()
        found = by_id[f"noise_flip_rate{argument}"]
        assert found.value == pytest.approx(expected, abs=3 * np.sqrt(expected / len(rows)))
        assert found.method == "wilson" and found.n == len(rows)


def test_noise_moves_a_linear_value_by_the_mean_of_a_folded_normal(asked):
    rows = normals()
    evidence = asked(rows, lambda f: 3 * f.x.to_numpy() - f.y.to_numpy(), rows.x, task="regression")
    _, by_id = ran("noise", evidence)
    spread = np.sqrt((3 * spread_of(rows.x)) ** 2 + spread_of(rows.y) ** 2)
    assert by_id["noise_score_change"].value == pytest.approx(0.1 * spread * np.sqrt(2 / np.pi), rel=0.05)
    assert by_id["noise_score_change"].low < by_id["noise_score_change"].value < by_id["noise_score_change"].high
    assert by_id["noise_score_change/x"].value == pytest.approx(0.6 * np.sqrt(2 / np.pi), rel=0.06)
    assert by_id["noise_score_change/y"].value == pytest.approx(0.05 * np.sqrt(2 / np.pi), rel=0.06)
    assert isinstance(by_id["noise_flip_rate"], Undefined)


def test_whole_numbers_stay_whole_and_inside_their_range(asked):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"whole": rng.integers(0, 100, 500), "float": rng.integers(0, 100, 500).astype(float)})
    seen = []

    def function(features):
        seen.append(features)
        return np.full(len(features), 0.7)

    ran("noise", asked(rows, function))
    changed = pd.concat(seen[2:])  # a score is asked for twice: the first two are the rows as they are
    assert changed.whole.dtype == np.int64
    for column in (changed.whole, changed.float):
        assert (column == np.rint(column)).all()
        assert column.min() >= 0 and column.max() <= 99
    assert (seen[2].whole != rows.whole).mean() > 0.3


def test_a_spread_that_overflows_when_squared_is_finite():
    assert np.isfinite(spread_of(pd.Series([1e300, -1e300, 2e300])))
    assert spread_of(pd.Series([np.inf, 1.0])) == 0.0
    assert spread_of(pd.Series([0.0] * 9 + [1.0])) == pytest.approx(np.std([0.0] * 9 + [1.0], ddof=1))


# --- rounding --------------------------------------------------------------------------------------


def test_rounding_moves_uniform_numbers_by_a_quarter_of_their_step(asked):
    rows = pd.DataFrame({"x": np.random.default_rng(2).uniform(1, 10, 4000)})
    _, by_id = ran("rounding", asked(rows, lambda f: f.x.to_numpy(), rows.x, task="regression"))
    assert by_id["rounding_score_change"].value == pytest.approx(0.025, rel=0.05)
    assert by_id["rounding_score_change;digits=1"].value == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_rounding_agrees_with_printing(digits):
    values = np.random.default_rng(3).normal(size=500) * 10.0 ** np.random.default_rng(4).integers(-12, 12, 500)
    printed = [float(f"{value:.{digits - 1}e}") for value in values]
    assert rounded(values, digits) == pytest.approx(printed, rel=1e-12)


def test_huge_and_tiny_numbers_round_without_a_warning():
    values = np.array([1.7976e308, -4.94e-324, np.nan, np.inf, -np.inf, 0.0])
    found = rounded(values, 2)
    assert np.isnan(found[2]) and found[3:].tolist() == [np.inf, -np.inf, 0.0]


def test_a_frequency_weight_of_two_is_the_row_twice(asked):
    rows = normals(60, seed=5)
    times = np.random.default_rng(6).integers(1, 4, 60)
    function = lambda f: norm.cdf(f.x.to_numpy())  # noqa: E731
    target = (rows.x > 0).astype(int).to_numpy()
    _, weighted = ran("rounding", asked(rows, function, target, weight=times.astype(float)))
    again = rows.loc[np.repeat(np.arange(60), times)].reset_index(drop=True)
    _, repeated = ran("rounding", asked(again, function, np.repeat(target, times)))
    for id in ("rounding_flip_rate;digits=1", "rounding_score_change", "rounding_score_change;digits=1"):
        one, other = weighted[id], repeated[id]
        assert (one.value, one.low, one.high, one.n) == pytest.approx((other.value, other.low, other.high, other.n))


# --- missing values --------------------------------------------------------------------------------


def test_a_model_that_counts_gaps_counts_those_that_were_made(asked):
    rows = normals().assign(z=range(4000), flag=[True, False] * 2000, word=["a", "b"] * 2000)
    evidence = asked(rows, lambda f: f.isna().sum(axis=1).to_numpy(float), rows.x, task="regression")
    _, by_id = ran("missing_values", evidence)
    for argument, share in ((";share=0.05", 0.05), ("", 0.1), (";share=0.2", 0.2)):
        assert by_id[f"missing_score_change{argument}"].value == pytest.approx(5 * share, rel=0.06)
    assert by_id["missing_score_change/word"].value == 1.0
    assert by_id["features_refusing_missing"] == Exact(value=0, n=5)


def test_a_model_that_refuses_missing_values_is_not_run_and_says_so(asked):
    def function(features):
        if features.isna().to_numpy().any():
            raise ModelError(Problem("model", "ValueError: Input contains NaN."))
        return norm.cdf(features.x.to_numpy())

    with pytest.raises(CheckNotRunError, match="The model refuses missing values: ValueError: Input contains NaN"):
        ran("missing_values", asked(normals(50), function))


def test_features_that_may_not_be_missing_are_named_and_the_others_tried(asked):
    def function(features):
        if features.y.isna().any():
            raise ModelError(Problem("model", "y is missing."))
        return norm.cdf(np.nan_to_num(features.x.to_numpy()))

    finding, by_id = ran("missing_values", asked(normals(200), function))
    assert by_id["features_refusing_missing"].value == 1
    assert "missing_score_change/y" not in by_id
    assert by_id["missing_score_change/x"].value > 0
    assert "refuses missing values in y (y is missing)" in finding.summary


# --- categories and ranges -------------------------------------------------------------------------


def test_another_category_is_drawn_as_often_as_it_occurs(asked):
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    rows = pd.DataFrame({"c": np.random.default_rng(8).choice(list(shares), 4000, p=list(shares.values()))})
    evidence = asked(rows, lambda f: (f.c == "a").to_numpy(float))
    _, by_id = ran("categories", evidence)
    # A row of a always leaves it; one of b comes to a with 0.5 / 0.7, one of c with 0.5 / 0.8.
    expected = 0.5 + 0.3 * 0.5 / 0.7 + 0.2 * 0.5 / 0.8
    assert by_id["category_flip_rate"].value == pytest.approx(expected, abs=0.02)
    assert by_id["category_flip_rate;kind=unseen"].value == pytest.approx(0.5, abs=0.02)
    assert by_id["category_flip_rate;kind=typo"].value == pytest.approx(0.5, abs=0.02)


def test_a_flag_turns_and_has_no_typos(asked):
    rows = pd.DataFrame({"flag": np.random.default_rng(9).integers(0, 2, 400).astype(bool)})
    _, by_id = ran("categories", asked(rows, lambda f: f.flag.to_numpy(float)))
    assert by_id["category_flip_rate"].value == 1.0
    assert "category_flip_rate;kind=typo" not in by_id


def test_an_unseen_category_that_is_refused_is_told_beside_those_that_are_not(asked):
    def function(features):
        if not features.c.isin(["a", "b"]).all():
            raise ModelError(Problem("model", "ValueError: Found unknown categories."))
        return (features.c == "a").to_numpy(float)

    rows = pd.DataFrame({"c": ["a", "b"] * 100})
    finding, by_id = ran("categories", asked(rows, function))
    assert by_id["category_flip_rate"].value == 1.0
    assert "unknown categories" in by_id["category_flip_rate;kind=unseen"].reason
    assert "Refused: one category never seen before (ValueError: Found unknown categories)." in finding.summary


def test_pandas_categories_keep_their_type(asked):
    rows = pd.DataFrame({"c": pd.Categorical(["a", "b", None, "b"] * 50), "x": range(200)})
    seen = []

    def function(features):
        seen.append(features.c)
        return np.full(len(features), 0.2)

    ran("categories", asked(rows, function))
    assert all(isinstance(column.dtype, pd.CategoricalDtype) for column in seen)
    assert all(column.isna().mean() == 0.25 for column in seen[:4])


def test_values_beyond_the_training_range_go_both_ways(asked):
    rows = pd.DataFrame({"x": np.random.default_rng(10).uniform(0, 1, 2000)})
    train = pd.DataFrame({"x": [0.0, 0.8]})
    evidence = asked(rows, lambda f: (f.x > 0.85).to_numpy(float), train=train)
    _, by_id = ran("value_range", evidence)
    above = (rows.x > 0.85).mean()
    # Half of the rows go to 0.88, a tenth beyond, and half to -0.08; at the edge all are below.
    assert by_id["range_flip_rate"].value == pytest.approx(0.5, abs=0.04)
    assert by_id["range_flip_rate;kind=edge"].value == pytest.approx(above)
    assert by_id["range_flip_rate;kind=clamp"].value == pytest.approx(above)


# --- every kind ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_a_constant_model_is_not_moved(asked, name):
    rows = normals(300).assign(c=["u", "v", "w"] * 100)
    evidence = asked(rows, lambda f: np.full(len(f), 0.3), np.arange(300) % 2)
    _, by_id = ran(name, evidence)
    for id, measured in by_id.items():
        if isinstance(measured, Estimate):
            assert (id, measured.value) == (id, 0.0)
            assert measured.low <= 0.0
        else:
            assert measured.value == 0


@pytest.mark.parametrize("name", KINDS)
def test_answers_that_are_no_numbers_are_counted_as_changed(asked, name):
    rows = normals(400).assign(c="u")
    rows.loc[::2, "c"] = "v"
    known = {tuple(row) for row in rows.itertuples(index=False)}

    def function(features):
        same = [tuple(row) in known for row in features.itertuples(index=False)]
        return np.where(same, 0.7, np.nan)

    _, by_id = ran(name, asked(rows, function, np.arange(400) % 2))
    stem = next(id for id in by_id if id.endswith("_flip_rate")).removesuffix("_flip_rate")
    assert by_id[f"{stem}_non_finite"].value > 0
    assert by_id[f"{stem}_flip_rate"].value == pytest.approx(by_id[f"{stem}_non_finite"].value / 400)


def test_the_loss_of_the_leading_metric_is_paired_and_above_zero_when_worse(asked):
    rows = normals()
    target = (rows.x + np.random.default_rng(11).normal(size=4000) > 0).astype(int).to_numpy()
    _, by_id = ran("value_range", asked(rows, lambda f: norm.cdf(f.x.to_numpy()), target))
    loss = by_id["range_metric_loss"]
    assert loss.method == "delong_paired"
    assert 0 < loss.low < loss.value < loss.high


def test_without_labels_there_is_no_loss_but_everything_else(asked):
    _, by_id = ran("noise", asked(normals(100), lambda f: norm.cdf(f.x.to_numpy())))
    assert isinstance(by_id["noise_metric_loss"], Undefined)
    assert isinstance(by_id["noise_score_change"], Estimate)


@pytest.mark.parametrize("name", KINDS)
def test_the_budget_bounds_what_is_predicted_and_is_told(asked, name):
    rows = normals(3000).assign(c=["u", "v", "w"] * 1000)
    asked_for = []

    def function(features):
        asked_for.append(len(features))
        return norm.cdf(np.nan_to_num(features.x.to_numpy()))

    evidence = asked(rows, function)
    asked_for.clear()
    finding, by_id = ran(name, evidence, replace(SETTING, budget=1000))
    assert sum(asked_for) <= 2 * 1000 + 50  # a score is asked for twice: for both columns of a double
    assert "of 3,000 rows, drawn at random" in finding.summary
    assert next(iter(by_id.values())).n <= 600
    assert finding == ran(name, evidence, replace(SETTING, budget=1000))[0]


@pytest.mark.parametrize("name", KINDS)
def test_rows_that_the_model_was_fitted_on_are_named(asked, name):
    rows = normals(120).assign(c=["u", "v", "w"] * 40)
    evidence = asked(rows, lambda f: norm.cdf(np.nan_to_num(f.x.to_numpy())), scope="out_of_fold")
    finding = load("checks", name).find(evidence, SETTING)
    assert {o.scope for o in finding.observations[:4]} == {"train"}
    assert "the model was fitted on them" in finding.summary


def test_a_table_without_such_columns_says_so(asked):
    with pytest.raises(CheckNotRunError, match="no column of this kind"):
        ran("categories", asked(normals(30), lambda f: norm.cdf(f.x.to_numpy())))


AWKWARD = {
    "lists": pd.DataFrame({"l": [[1], [2], None], "x": [1e308, -1e308, 1.0]}),
    "one row": pd.DataFrame({"x": [1.5], "c": ["a"], "b": [True]}),
    "nothing but gaps": pd.DataFrame({"x": [np.nan] * 5, "c": pd.Series([None] * 5, dtype=object)}),
    "constant": pd.DataFrame({"x": [2] * 6, "c": ["a"] * 6}),
    "infinite": pd.DataFrame({"x": [np.inf, -np.inf, 1.0, 1e308, -1e308, np.nan], "c": ["", " ", "A", "1", "é", None]}),
    "dates": pd.DataFrame({"d": pd.date_range("2024-01-01", periods=4), "x": [1, 2, 3, 2**62]}),
    "mixed": pd.DataFrame(
        {"m": [1, "1", 1.0, None, True], "b": pd.Series([True, None, False, True, None], dtype=object)}
    ),
    "nullable": pd.DataFrame(
        {"i": pd.array([1, None, 3], dtype="Int64"), "b": pd.array([True, None, False], dtype="boolean")}
    ),
    "small types": pd.DataFrame(
        {"i": np.array([0, 255, 3], dtype=np.uint8), "f": np.array([1, 2, 3], dtype=np.float32)}
    ),
}


def test_a_column_that_was_text_in_train_takes_its_own_spread(asked):
    rows = normals(300)
    evidence = asked(rows, lambda f: norm.cdf(f.x.to_numpy()), train=pd.DataFrame({"x": ["a"] * 5, "y": ["b"] * 5}))
    assert ran("noise", evidence)[1]["noise_score_change"].value > 0


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("rows", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_tables_end_in_numbers_or_reasons(asked, name, rows):
    evidence = asked(rows, lambda f: np.full(len(f), 0.4), np.arange(len(rows)) % 2, threshold=0.4)
    try:
        finding, by_id = ran(name, evidence)
    except CheckNotRunError as reason:
        assert "no column" in str(reason)
        return
    assert finding.summary
    assert all(isinstance(m, Undefined) or np.isfinite(m.value) for m in by_id.values())
