"""A shift of rows, of labels or of scores is found where it was planted, by the check that can see it."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, mannwhitneyu, norm
from threadpoolctl import threadpool_limits

from audit.catalogue import load
from audit.declarations.check import CheckNotRunError, Setting
from audit.records.measured import Exact
from audit.robustness.checks.drift_classifier import _Told, _told, _Two
from audit.subject.evidence import Copies, Evaluation, LoadedModel, Predictions
from audit.subject.predict import predictor

sys.path.insert(0, str(Path(__file__).parents[1] / "simulations"))
from score_drift import flagged

SETTING = Setting(level=0.95, seed=1)


@pytest.fixture(autouse=True)
def one_thread():
    """As in the measuring process: threads that wait for each other take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


def ran(name, evidence, setting=SETTING):
    finding = load("checks", name).find(evidence, setting)
    return finding, {o.id.removeprefix("robustness/"): o.measured for o in finding.observations}


def normals(n, seed, rho=0.0, width=5):
    values = np.random.default_rng(seed).normal(size=(n, width))
    values[:, 1] = rho * values[:, 0] + np.sqrt(1 - rho**2) * values[:, 1]
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(width)])


# --- a classifier -------------------------------------------------------------------------------------


def test_a_shift_of_covariance_is_seen_by_the_classifier_alone(make_table, make_evidence):
    evidence = make_evidence(make_table("test", normals(1500, 1, rho=0.7)), make_table("train", normals(2000, 2)))
    finding, by_id = ran("drift_classifier", evidence)
    assert by_id["drift_auc"].low > 0.5
    assert by_id["drift_auc_p_value"].value < 1e-6
    assert set(finding.summary.partition("uses most: ")[2].partition(";")[0].split(", ")) == {"x0", "x1"}
    _, single = ran("drift", evidence)
    assert single["features_drifted"].value == 0


def test_the_classifier_finds_nothing_where_nothing_is(make_table, make_evidence):
    found = []
    for seed in range(30):
        evidence = make_evidence(
            make_table("test", normals(120, 100 + seed, width=3)),
            make_table("train", normals(150, 200 + seed, width=3)),
        )
        _, by_id = ran("drift_classifier", evidence, replace(SETTING, seed=seed))
        found.append((by_id["drift_auc_p_value"].value < 0.05, by_id["drift_auc"].value))
    # At level 0.95 more than five of thirty come by chance about once in three hundred.
    assert sum(flag for flag, _ in found) <= 5
    assert np.mean([area for _, area in found]) == pytest.approx(0.5, abs=0.025)


def test_tables_that_never_agree_are_told_apart_always(make_table, make_evidence):
    evidence = make_evidence(
        make_table("test", pd.DataFrame({"x": [5.0] * 60})), make_table("train", pd.DataFrame({"x": [1.0] * 80}))
    )
    _, by_id = ran("drift_classifier", evidence)
    assert by_id["drift_auc"].value == 1.0
    assert by_id["drift_auc"].method == "newcombe" and 0.8 < by_id["drift_auc"].low < 1.0


def test_tables_that_always_agree_are_never_told_apart(make_table, make_evidence):
    rows = pd.DataFrame({"x": [1.0] * 60, "c": ["a"] * 60})
    _, by_id = ran("drift_classifier", make_evidence(make_table("test", rows), make_table("train", rows)))
    assert by_id["drift_auc"].value == 0.5
    assert by_id["drift_auc_p_value"].value == 0.5


def test_the_area_and_its_p_value_agree_with_scipy():
    rng = np.random.default_rng(3)
    is_test, score = np.repeat([True, False], [70, 90]), rng.normal(size=160)
    score[:70] += 0.3
    two = _Two(score[:, None], ("x",), np.array([False]), is_test, None, False, np.ones(160, dtype=bool))
    told: _Told = _told(two, lambda rows: rows[:, 0], 0.95)
    expected = mannwhitneyu(score[:70], score[70:], alternative="greater", method="asymptotic", use_continuity=False)
    assert told.area.value == pytest.approx(expected.statistic / (70 * 90))
    assert told.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_categories_dates_and_gaps_are_read_by_the_classifier(make_table, make_evidence):
    def rows(n, seed, p, start, gaps):
        rng = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                "c": rng.choice([f"v{i}" for i in range(60)], n, p=p),
                "d": pd.Timestamp(start) + pd.to_timedelta(rng.integers(0, 1000, n), unit="h"),
                "g": np.where(rng.random(n) < gaps, np.nan, np.inf),
                "b": rng.random(n) < 0.5,
            }
        )

    even, odd = np.full(60, 1 / 60), np.tile([1.5, 0.5], 30) / 60
    for p, start, gaps, name in (
        (odd, "2024-01-01", 0.3, "c"),
        (even, "2024-01-15", 0.3, "d"),
        (even, "2024-01-01", 0.6, "g"),
    ):
        evidence = make_evidence(
            make_table("test", rows(1500, 1, p, start, gaps)),
            make_table("train", rows(1500, 2, even, "2024-01-01", 0.3)),
        )
        finding, by_id = ran("drift_classifier", evidence)
        assert by_id["drift_auc"].low > 0.5
        assert f"uses most: {name};" in finding.summary


def test_a_few_rows_are_not_told_apart(make_table, make_evidence):
    with pytest.raises(CheckNotRunError, match="at least 30 rows"):
        ran("drift_classifier", make_evidence(make_table("test", normals(29, 1)), make_table("train", normals(90, 2))))


# --- labels -------------------------------------------------------------------------------------------


def test_class_shares_are_compared_as_newcombe_does(make_table, make_evidence):
    # Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I: 56/70 less 48/80.
    test, train = np.repeat([1, 0], [56, 14]), np.repeat([1, 0], [48, 32])
    evidence = make_evidence(make_table("test", normals(70, 1), test), make_table("train", normals(80, 2), train))
    finding, by_id = ran("label_drift", evidence)
    moved = by_id["prior_shift/class=1"]
    assert (round(moved.value, 4), round(moved.low, 4), round(moved.high, 4)) == (0.2, 0.0524, 0.3339)
    expected = chi2_contingency([[32, 48], [14, 56]], correction=False).pvalue
    assert by_id["label_p_value"].value == pytest.approx(expected)
    assert "moved beyond chance" in finding.summary


def test_every_class_of_several_has_its_shift(make_table, make_evidence):
    test, train = np.repeat([0, 1, 2], [10, 20, 30]), np.repeat([0, 1, 2], [30, 20, 10])
    evidence = make_evidence(
        make_table("test", normals(60, 1), test), make_table("train", normals(60, 2), train),
        task="multiclass", classes=3, score=np.zeros((60, 3)),
    )  # fmt: skip
    _, by_id = ran("label_drift", evidence)
    assert [by_id[f"prior_shift/class={k}"].value for k in range(3)] == pytest.approx([-1 / 3, 0.0, 1 / 3])


def test_values_of_a_regression_have_distances(make_table, make_evidence):
    rng = np.random.default_rng(4)
    evidence = make_evidence(
        make_table("test", normals(500, 1), rng.normal(0.5, 1, 500)),
        make_table("train", normals(500, 2), rng.normal(0, 1, 500)), task="regression",
    )  # fmt: skip
    _, by_id = ran("label_drift", evidence)
    assert by_id["wasserstein_label"].value == pytest.approx(0.5, abs=0.15)
    assert by_id["label_p_value"].value < 0.001


def test_without_labels_in_train_the_target_is_not_compared(make_table, make_evidence):
    evidence = make_evidence(make_table("test", normals(20, 1), np.arange(20) % 2), make_table("train", normals(20, 2)))
    with pytest.raises(CheckNotRunError, match="no true labels"):
        ran("label_drift", evidence)


# --- scores -------------------------------------------------------------------------------------------


@pytest.fixture
def scored(make_table, make_evidence):
    """Evidence of a model that reads x0, with its answers on the training rows as given."""

    def build(test, train, copies=(), reference=None, weight=None):
        def score(rows):
            return norm.cdf(rows.x0.to_numpy())

        train_table = replace(make_table("train", train), weight=weight)
        evidence = make_evidence(
            make_table("test", test), train_table, score=score(test),
            reference=None if reference is None else make_table("reference", reference),
        )  # fmt: skip
        model = LoadedModel(
            facts=evidence.subject.facts, native=None, features=None, classes=("0", "1"), capabilities=frozenset(),
            predict=score, predict_score=lambda rows: np.column_stack([1 - score(rows), score(rows)]),
            probability=True, fit=None,
        )  # fmt: skip
        subject = replace(evidence.subject, model=model, predictions=predictor("binary", ("0", "1"), 1, 0.5))
        in_sample = Evaluation("train", train_table, Predictions(None, np.round(score(train)), True), sample=None)
        if not copies:
            return replace(evidence, subject=subject, train=in_sample, no_copies="it cannot be fitted again.")
        fold = np.arange(len(train)) % len(copies)
        crossed = np.choose(fold, [copy(score(train)) for copy in copies])
        out_of_fold = Evaluation("out_of_fold", train_table, Predictions(None, crossed, True), fold + 1, sample=None)
        said = Copies(subject.test, tuple(Predictions(None, copy(score(test)), True) for copy in copies))
        return replace(evidence, subject=subject, train=in_sample, out_of_fold=out_of_fold, copies=said)

    return build


def same(score):
    return score


COPIES = (same, np.sqrt, lambda score: score**3)
"""Copies that agree on the order of rows, and on nothing else."""


@pytest.mark.parametrize("copies", [(same, same), COPIES], ids=["alike", "unlike"])
def test_a_shifted_score_is_found(scored, copies):
    test = normals(800, 1)
    test["x0"] += 0.4
    finding, by_id = ran("score_drift", scored(test, normals(1000, 2), copies))
    assert by_id["psi_score"].low > 0 and by_id["psi_score"].value > by_id["psi_score_critical"].value
    assert by_id["wasserstein_score"].value > by_id["wasserstein_score_critical"].value
    assert by_id["score_p_value"].value < 1e-4
    assert by_id["psi_score"].n == 800
    if len(copies) == 2:
        # The score is a monotone map: its widest gap is that of the normals 0.4 apart, 2 Phi(0.2) - 1.
        assert by_id["ks_score"].low <= 2 * norm.cdf(0.2) - 1 <= by_id["ks_score"].high
    assert "by the copies of cross-validation" in finding.summary


def test_copies_that_differ_are_no_shift(scored):
    test, train = normals(800, 3), normals(1000, 4)
    _, by_id = ran("score_drift", scored(test, train, COPIES))
    assert by_id["psi_score"].value < by_id["psi_score_critical"].value
    assert by_id["score_p_value"].value > 0.05
    # The model itself answers otherwise than its copies, which alone would look like a shift.
    apart = scored(test, train, COPIES)
    one = replace(apart.copies, predictions=(apart.held_out.predictions,) * 3)
    _, fooled = ran("score_drift", replace(apart, copies=one))
    assert fooled["psi_score"].value > fooled["psi_score_critical"].value


def test_copies_weigh_as_much_as_the_rows_that_they_scored(scored):
    # All weight lies on rows of the first fold, so that the other copies' answers must not count.
    train = normals(900, 4)
    evidence = scored(normals(500, 3), train, COPIES, weight=np.tile([1.0, 0.0, 0.0], 300))
    _, by_id = ran("score_drift", evidence)
    _, alone = ran("score_drift", scored(normals(500, 3), train.iloc[::3].reset_index(drop=True), (same,)))
    for name in ("ks_score", "wasserstein_score"):
        assert by_id[name].value == pytest.approx(alone[name].value)
        assert by_id[name].n == 500


def test_one_copy_repeated_tells_as_much_as_the_copy_alone(scored):
    for sampling in (False, True):
        test, train = normals(300, 3), normals(400, 4)
        told = []
        for copies in ((same,), (same, same, same)):
            evidence = scored(test, train, copies)
            weight = np.tile([1.0, 2.0, 4.0], 100)
            kind = "sampling" if sampling else "frequency"
            table = replace(evidence.copies.table, weight=weight, weight_kind=kind)
            evidence = replace(evidence, copies=replace(evidence.copies, table=table))
            told.append(ran("score_drift", evidence)[1])
        for name in ("psi_score", "psi_score_critical", "ks_score", "wasserstein_score", "score_p_value"):
            assert told[0][name].value == pytest.approx(told[1][name].value, rel=1e-6), name
            assert told[0][name].n == told[1][name].n


def test_scores_of_a_tree_that_remembers_its_rows_are_rarely_said_to_have_moved():
    """On clean tables each flag comes once in twenty at most; more than four of 25 come by chance once in 140."""
    found = np.sum([flagged("tree", 150, 120, "rounded", seed) for seed in range(25)], axis=0)
    assert found.max() <= 4, found
    assert flagged("tree", 400, 300, "rounded", 0, 1.0)[3]


def test_scores_of_rows_fitted_on_are_compared_with_nothing(scored):
    with pytest.raises(CheckNotRunError, match="no copy of it that was fitted without them can be asked"):
        ran("score_drift", scored(normals(800, 3), normals(1000, 4)))


def test_the_reference_is_predicted_within_the_budget(scored):
    reference = normals(900, 5)
    reference["x0"] += 1
    finding, by_id = ran(
        "score_drift", scored(normals(800, 6), normals(500, 7), reference=reference), replace(SETTING, budget=400)
    )
    assert "predictions of 400 reference rows" in finding.summary
    assert by_id["psi_score"].value > 0.5


def answering(evidence, before, after):
    """The same rows with other answers of one copy."""
    crossed, copies = evidence.out_of_fold, evidence.copies
    return replace(
        evidence,
        out_of_fold=replace(crossed, predictions=before),
        copies=replace(copies, predictions=(after,)),
    )


def test_labels_are_compared_where_there_are_no_scores(scored):
    evidence = scored(normals(300, 8), normals(300, 9), (same,))
    test, train = np.repeat([0, 1], [100, 200]), np.repeat([0, 1], [200, 100])
    evidence = answering(evidence, Predictions(train, None, False), Predictions(test, None, False))
    _, by_id = ran("score_drift", evidence)
    assert by_id["psi_score"].value == pytest.approx(2 * (1 / 3) * np.log(2))
    assert "ks_score" not in by_id


def test_each_class_of_several_has_its_score(scored):
    evidence = scored(normals(300, 8), normals(300, 9), (same,))
    subject = replace(evidence.subject, classes=("a", "b/c"), positive=None)
    rng = np.random.default_rng(10)
    one, other = rng.dirichlet([1, 1], 300), rng.dirichlet([2, 1], 300)
    evidence = answering(evidence, Predictions(None, other, True), Predictions(None, one, True))
    _, by_id = ran("score_drift", replace(evidence, subject=subject))
    assert by_id["psi_score"].value == max(by_id["psi_score/class=a"].value, by_id["psi_score/class=b%2Fc"].value)


def test_an_audit_of_predictions_has_no_scores_to_compare(make_table, make_evidence, found):
    evidence = make_evidence(make_table("test", normals(40, 1)), make_table("train", normals(40, 2)))
    checks, by_id = found(evidence)
    assert checks["score_drift"].status == "not_run"
    assert "no model to ask" in by_id["robustness/psi_score"].reason
    assert isinstance(by_id["robustness/psi_max"], object) and not isinstance(by_id["robustness/psi_max"], Exact)
