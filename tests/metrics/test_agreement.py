"""Every metric agrees with another implementation, also as a function of row weights, as a bootstrap needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import lgamma
from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fl
from scipy import integrate, stats
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from audit.catalogue import load, load_all, names
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import form_of
from audit.metrics.expected_calibration_error import calibration_error

Other = Callable[[Any, Any, Any, Any], float]
"""Truth, predicted label, score, weight -> value."""


def labels(function: Callable[..., float], **given: Any) -> Other:
    return lambda y, label, score, w: function(y, label, sample_weight=w, **given)


def of_scores(function: Callable[..., float], **given: Any) -> Other:
    return lambda y, label, score, w: function(y, score, sample_weight=w, **given)


def cell(row: int, column: int, axis: int) -> Other:
    def share(y: Any, label: Any, score: Any, w: Any) -> float:
        matrix = sk.confusion_matrix(y, label, sample_weight=w, labels=[0, 1])
        return float(matrix[row, column] / matrix.sum(axis=1 - axis)[row if axis == 0 else column])

    return share


def widest_gap(y: Any, label: Any, score: Any, w: Any) -> float:
    false, true, _ = sk.roc_curve(y, score, sample_weight=w, drop_intermediate=False)
    return float(np.abs(true - false).max())


def calibration(y: Any, label: Any, score: Any, w: Any, bins: int = 15) -> float:
    total = 0.0
    for b in range(bins):
        inside = (score > b / bins) & (score <= (b + 1) / bins)
        if w[inside].sum() > 0:
            total += abs(np.average(y[inside] - score[inside], weights=w[inside])) * w[inside].sum()
    return float(total / w.sum())


def slope(y: Any, label: Any, score: Any, w: Any) -> float:
    odds = np.log(score / (1 - score))[:, None]
    return float(LogisticRegression(C=np.inf, tol=1e-10).fit(odds, y, sample_weight=w).coef_[0, 0])


def intercept(y: Any, label: Any, score: Any, w: Any) -> float:
    """Bisection on the one equation that the intercept solves: mean outcome equals mean probability."""
    odds, low, high = np.log(score / (1 - score)), -20.0, 20.0
    for _ in range(200):
        middle = (low + high) / 2
        short = np.average(y - 1 / (1 + np.exp(-(middle + odds))), weights=w) > 0
        low, high = (middle, high) if short else (low, middle)
    return low


def of_counts(formula: Callable[[Any, Any, Any, Any], Any]) -> Other:
    """A formula of true positives, false positives, false negatives and true negatives."""

    def value(y: Any, label: Any, score: Any, w: Any) -> float:
        (tn, fp), (fn, tp) = sk.confusion_matrix(y, label, sample_weight=w, labels=[0, 1])
        return float(formula(tp, fp, fn, tn))

    return value


def over_classes(formula: Callable[[Any, Any, Any, Any], Any], average: str) -> Other:
    """The same, of each class against the rest, averaged."""

    def value(y: Any, label: Any, score: Any, w: Any) -> float:
        each = sk.multilabel_confusion_matrix(y, label, sample_weight=w)
        (tn, fp), (fn, tp) = np.moveaxis(each, 0, -1)
        if average == "micro":
            return float(formula(tp.sum(), fp.sum(), fn.sum(), tn.sum()))
        weight = tp + fn if average == "weighted" else np.ones(len(tp))
        return float(np.average(formula(tp, fp, fn, tn), weights=weight))

    return value


def in_bins(y: Any, score: Any, w: Any, bins: int) -> list[tuple[float, float, float]]:
    """(share of weight, mean outcome, mean probability) of each bin (a, b] of equal width that is not empty."""
    found = []
    for b in range(bins):
        inside = (score > b / bins) & (score <= (b + 1) / bins)
        if w[inside].sum() > 0:
            means = (float(np.average(a[inside], weights=w[inside])) for a in (y, score))
            found.append((float(w[inside].sum() / w.sum()), *means))
    return found


def over_bins(formula: Callable[[Any, Any, Any], float], bins: int = 15) -> Other:
    """A formula of shares, mean outcomes and mean probabilities of bins."""
    return lambda y, label, score, w: float(formula(*np.array(in_bins(y, score, w, bins)).T))


def resolution(y: Any, label: Any, score: Any, w: Any) -> float:
    overall = np.average(y, weights=w)
    return float(sum(share * (rate - overall) ** 2 for share, rate, _ in in_bins(y, score, w, 10)))


def debiased(y: Any, label: Any, score: Any, w: Any, bins: int = 15) -> float:
    """Kumar, Liang and Ma (2019), bins of equal weight as the rows without weights make them, by explicit loops."""
    below = np.array([np.sum(score < s) for s in score])
    total = 0.0
    for b in range(bins):
        inside = (below * bins >= b * len(y)) & (below * bins < (b + 1) * len(y))
        n = w[inside].sum()
        if n > 1:
            rate, given = (np.average(a[inside], weights=w[inside]) for a in (y, score))
            total += n / w.sum() * ((rate - given) ** 2 - rate * (1 - rate) / (n - 1))
    return float(np.sqrt(max(total, 0.0)))


def gain(y: Any, label: Any, score: Any, w: Any, share: float = 0.1) -> float:
    """Rows one by one from the highest score, those that tie in proportion."""
    left, found = share * w.sum(), 0.0
    for s in sorted(set(score), reverse=True):
        tied = score == s
        taken = min(left, w[tied].sum())
        if taken > 0:
            found += taken * np.average(y[tied], weights=w[tied])
        left -= taken
    return float(found / (w @ y))


def hosmer_lemeshow(y: Any, label: Any, score: Any, w: Any, groups: int = 10) -> float:
    """Rows written out as often as they count, in the groups that Stata's xtile makes."""
    times = w.astype(int)
    y, p = np.repeat(y, times), np.repeat(score, times)
    cuts = [np.sort(p)[int(np.ceil(len(p) * q / groups)) - 1] for q in range(1, groups)]
    home = np.searchsorted(cuts, p, side="left")
    total = 0.0
    for g in set(home):
        n, seen, expected = np.sum(home == g), y[home == g].sum(), p[home == g].sum()
        total += (seen - expected) ** 2 / expected + (seen - expected) ** 2 / (n - expected)
    return float(total)


def spiegelhalter(y: Any, label: Any, score: Any, w: Any) -> float:
    """The Brier score less its expectation, over its standard deviation, each from its own formula."""
    brier, expected = w @ (y - score) ** 2, w @ (score * (1 - score))
    return float((brier - expected) / np.sqrt(w @ (score * (1 - score) * (1 - 2 * score) ** 2)))


def jeffreys(y: Any, label: Any, score: Any, w: Any) -> float:
    """The posterior by numerical integration of its density."""
    events, n, most = w @ y, w.sum(), float(np.average(score, weights=w))
    scale = lgamma(n + 1) - lgamma(events + 0.5) - lgamma(n - events + 0.5)
    found, _ = integrate.quad(
        lambda r: np.exp(scale + (events - 0.5) * np.log(r) + (n - events - 0.5) * np.log1p(-r)), 0, most, epsabs=1e-14
    )
    return float(found)


def winkler(y: Any, label: Any, score: Any, w: Any) -> float:
    """The sum of the pinball losses of both ends, which the interval score is proportional to."""
    low, high, tail = score - HALF, score + 2 * HALF, 0.1
    both = sk.mean_pinball_loss(y, low, sample_weight=w, alpha=tail)
    both += sk.mean_pinball_loss(y, high, sample_weight=w, alpha=1 - tail)
    return float(both / tail)


HALF = np.random.default_rng(9).uniform(200, 900, 101)
"""Half widths of made prediction intervals."""

COUNTS: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "true_positive_rate": lambda tp, fp, fn, tn: tp / (tp + fn),
    "true_negative_rate": lambda tp, fp, fn, tn: tn / (tn + fp),
    "false_positive_rate": lambda tp, fp, fn, tn: fp / (tn + fp),
    "false_negative_rate": lambda tp, fp, fn, tn: fn / (tp + fn),
    "negative_predictive_value": lambda tp, fp, fn, tn: tn / (tn + fn),
    "false_discovery_rate": lambda tp, fp, fn, tn: fp / (tp + fp),
    "false_omission_rate": lambda tp, fp, fn, tn: fn / (tn + fn),
    "informedness": lambda tp, fp, fn, tn: tp / (tp + fn) + tn / (tn + fp) - 1,
    "markedness": lambda tp, fp, fn, tn: tp / (tp + fp) + tn / (tn + fn) - 1,
    "positive_likelihood_ratio": lambda tp, fp, fn, tn: (tp / (tp + fn)) / (fp / (fp + tn)),
    "negative_likelihood_ratio": lambda tp, fp, fn, tn: (fn / (tp + fn)) / (tn / (fp + tn)),
    "diagnostic_odds_ratio": lambda tp, fp, fn, tn: tp * tn / (fp * fn),
    "fowlkes_mallows": lambda tp, fp, fn, tn: tp / np.sqrt((tp + fp) * (tp + fn)),
}
AVERAGED: dict[str, Callable[..., float]] = {
    "f1": sk.f1_score,
    "f_beta": lambda *args, **given: sk.fbeta_score(*args, beta=1, **given),
    "jaccard": sk.jaccard_score,
    "precision": lambda *args, **given: sk.precision_score(*args, zero_division=0, **given),
    "recall": sk.recall_score,
}

BINARY: dict[str, Other] = {
    "accuracy": labels(sk.accuracy_score),
    "balanced_accuracy": labels(sk.balanced_accuracy_score),
    "precision": labels(sk.precision_score),
    "recall": labels(sk.recall_score),
    "f1": labels(sk.f1_score),
    "f_beta": labels(sk.fbeta_score, beta=1),
    "jaccard": labels(sk.jaccard_score),
    "informedness": lambda y, label, score, w: float(
        sk.balanced_accuracy_score(y, label, sample_weight=w, adjusted=True)
    ),
    "markedness": of_counts(COUNTS["markedness"]),
    "positive_likelihood_ratio": lambda y, label, score, w: sk.class_likelihood_ratios(y, label, sample_weight=w)[0],
    "negative_likelihood_ratio": lambda y, label, score, w: sk.class_likelihood_ratios(y, label, sample_weight=w)[1],
    "diagnostic_odds_ratio": lambda y, label, score, w: float(
        np.divide(*sk.class_likelihood_ratios(y, label, sample_weight=w))
    ),
    "fowlkes_mallows": of_counts(COUNTS["fowlkes_mallows"]),
    "matthews_corrcoef": labels(sk.matthews_corrcoef),
    "cohen_kappa": labels(sk.cohen_kappa_score),
    "true_positive_rate": labels(fl.true_positive_rate),
    "false_positive_rate": labels(fl.false_positive_rate),
    "true_negative_rate": labels(fl.true_negative_rate),
    "false_negative_rate": labels(fl.false_negative_rate),
    "selection_rate": labels(fl.selection_rate),
    "predicted_positive_rate": labels(fl.selection_rate),
    "prevalence": lambda y, label, score, w: float(np.average(y, weights=w)),
    "negative_predictive_value": cell(0, 0, 1),
    "false_omission_rate": cell(1, 0, 1),
    "false_discovery_rate": cell(0, 1, 1),
    "roc_auc": of_scores(sk.roc_auc_score),
    "gini": lambda y, label, score, w: 2 * sk.roc_auc_score(y, score, sample_weight=w) - 1,
    "average_precision": of_scores(sk.average_precision_score),
    "cumulative_gain": gain,
    "lift": lambda y, label, score, w: gain(y, label, score, w) / 0.1,
    "ks_statistic": widest_gap,
    "log_loss": of_scores(sk.log_loss),
    "brier_score": of_scores(sk.brier_score_loss),
    "expected_calibration_error": calibration,
    "root_mean_squared_calibration_error": over_bins(lambda n, y, p: np.sqrt(n @ (y - p) ** 2)),
    "maximum_calibration_error": over_bins(lambda n, y, p: np.abs(y - p).max()),
    "debiased_calibration_error": debiased,
    "brier_reliability": over_bins(lambda n, y, p: n @ (y - p) ** 2, 10),
    "brier_resolution": resolution,
    "brier_uncertainty": lambda y, label, score, w: float(np.average(y, weights=w) * (1 - np.average(y, weights=w))),
    "observed_expected_ratio": lambda y, label, score, w: float((w @ y) / (w @ score)),
    "calibration_in_the_large": lambda y, label, score, w: float(np.average(y - score, weights=w)),
    "calibration_slope": slope,
    "calibration_intercept": intercept,
}
TESTS: dict[str, Other] = {
    "mean_probability": lambda y, label, score, w: float(np.average(score, weights=w)),
    "hosmer_lemeshow": hosmer_lemeshow,
    "hosmer_lemeshow_p_value": lambda y, label, score, w: float(stats.chi2(10).sf(hosmer_lemeshow(y, label, score, w))),
    "spiegelhalter_z": spiegelhalter,
    "spiegelhalter_p_value": lambda y, label, score, w: float(stats.chi2(1).sf(spiegelhalter(y, label, score, w) ** 2)),
    "jeffreys_p_value": jeffreys,
    "binomial_p_value": lambda y, label, score, w: (
        stats.binomtest(round(w @ y), round(w.sum()), float(np.average(score, weights=w)), alternative="greater").pvalue
    ),
}
BINARY |= TESTS
REGRESSION: dict[str, Other] = {
    "mean_absolute_error": of_scores(sk.mean_absolute_error),
    "mean_squared_error": of_scores(sk.mean_squared_error),
    "root_mean_squared_error": of_scores(sk.root_mean_squared_error),
    "r2": of_scores(sk.r2_score),
    "explained_variance": of_scores(sk.explained_variance_score),
    "median_absolute_error": lambda y, label, score, w: float(np.median(np.repeat(np.abs(y - score), w.astype(int)))),
    "mean_absolute_percentage_error": of_scores(sk.mean_absolute_percentage_error),
    "symmetric_mean_absolute_percentage_error": lambda y, label, score, w: float(
        np.average(np.abs(y - score) / ((np.abs(y) + np.abs(score)) / 2), weights=w)
    ),
    "mean_squared_log_error": of_scores(sk.mean_squared_log_error),
    "max_error": lambda y, label, score, w: sk.max_error(y[w > 0], score[w > 0]),
    "mean_pinball_loss": of_scores(sk.mean_pinball_loss, alpha=0.5),
    "mean_tweedie_deviance": of_scores(sk.mean_tweedie_deviance, power=1.5),
    "mean_poisson_deviance": of_scores(sk.mean_poisson_deviance),
    "mean_gamma_deviance": of_scores(sk.mean_gamma_deviance),
    "d2_tweedie_score": of_scores(sk.d2_tweedie_score, power=1.5),
    "spearman_correlation": lambda y, label, score, w: float(
        stats.spearmanr(np.repeat(y, w.astype(int)), np.repeat(score, w.astype(int))).statistic
    ),
    "interval_coverage": lambda y, label, score, w: float(
        w[(y >= score - HALF) & (y <= score + 2 * HALF)].sum() / w.sum()
    ),
    "mean_interval_width": lambda y, label, score, w: float(np.average(3 * HALF, weights=w)),
    "interval_score": winkler,
    "mean_error": lambda y, label, score, w: float(np.average(score - y, weights=w)),
    "mean_prediction": lambda y, label, score, w: float(fl.mean_prediction(y, score, sample_weight=w)),
}


def each_class(other: Other, weighted: bool = False) -> Other:
    """The mean over classes of a measure of each against the rest."""

    def value(y: Any, label: Any, score: Any, w: Any) -> float:
        found = [other((y == k) * 1, (label == k) * 1, score[:, k], w) for k in range(4)]
        return float(np.average(found, weights=[w[y == k].sum() for k in range(4)] if weighted else None))

    return value


def top_label(y: Any, label: Any, score: Any, w: Any) -> float:
    return calibration((score.argmax(axis=1) == y) * 1, label, score.max(axis=1), w)


MULTICLASS: dict[str, Other] = {
    "top_k_accuracy": of_scores(sk.top_k_accuracy_score, k=2, labels=[0, 1, 2, 3]),
    "multiclass_brier_score": of_scores(sk.brier_score_loss, labels=[0, 1, 2, 3]),
    "brier_score/macro": each_class(of_scores(sk.brier_score_loss, labels=[0, 1])),
    "expected_calibration_error/macro": each_class(calibration),
    "top_label_calibration_error": top_label,
    "average_precision/macro": each_class(of_scores(sk.average_precision_score)),
    "average_precision/weighted": each_class(of_scores(sk.average_precision_score), weighted=True),
    "ks_statistic/macro": each_class(widest_gap),
    "ks_statistic/weighted": each_class(widest_gap, weighted=True),
    "gini": each_class(lambda y, label, score, w: 2 * sk.roc_auc_score(y, score, sample_weight=w) - 1),
    "accuracy": labels(sk.accuracy_score),
    "balanced_accuracy": labels(sk.balanced_accuracy_score),
    "matthews_corrcoef": labels(sk.matthews_corrcoef),
    "cohen_kappa": labels(sk.cohen_kappa_score),
    "log_loss": of_scores(sk.log_loss, labels=[0, 1, 2, 3]),
    "roc_auc": lambda y, label, score, w: float(
        np.mean([sk.roc_auc_score(y == k, score[:, k], sample_weight=w) for k in range(4)])
    ),
    **{
        f"{name}/{average}": over_classes(formula, average)
        for name, formula in COUNTS.items()
        for average in ("macro", "micro", "weighted")
    },
    **{
        f"{name}/{average}": labels(function, average=average)
        for name, function in AVERAGED.items()
        for average in ("macro", "micro", "weighted")
    },
}


def weights(rng: np.random.Generator, n: int) -> np.ndarray:
    """Bootstrap weights: whole numbers, a third of them zero."""
    return np.stack([np.ones(n), *(np.bincount(rng.integers(0, n, n), minlength=n).astype(float) for _ in range(4))])


def agrees(statistic: Any, other: Other, sample: Sample, weight: np.ndarray) -> None:
    expected = [other(sample.target, sample.label, sample.score, w) for w in weight]
    # A logistic regression of another maker stops at its own tolerance.
    rough = other in (slope, jeffreys)
    np.testing.assert_allclose(statistic(weight), expected, rtol=1e-5 if rough else 1e-9, atol=1e-12)
    np.testing.assert_allclose(statistic(weight.astype(np.int64)), expected, rtol=1e-5, atol=1e-12)


def binary(seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, 120)
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * target, 0.25), 0.01, 0.99), 2)
    label = np.where(score > 0.55, 1, 0)
    return Sample(target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", BINARY)
def test_binary_metrics_agree(name: str, seed: int) -> None:
    sample, weight = binary(seed), weights(np.random.default_rng(seed), 120)
    agrees(form_of(load("metrics", name), sample).statistic(sample), BINARY[name], sample, weight)


@pytest.mark.parametrize("name", REGRESSION)
def test_regression_metrics_agree(name: str) -> None:
    rng = np.random.default_rng(5)
    target = rng.gamma(2, 1000, 101)
    score = np.abs(target + rng.normal(100, 800, 101)) + 1
    sample = Sample(target=target, score=score, low=score - HALF, high=score + 2 * HALF, interval_level=0.8)
    agrees(form_of(load("metrics", name), sample).statistic(sample), REGRESSION[name], sample, weights(rng, 101))


@pytest.mark.parametrize("name", MULTICLASS)
def test_multiclass_metrics_agree(name: str) -> None:
    rng = np.random.default_rng(6)
    target = rng.integers(0, 4, 200)
    score = rng.dirichlet(np.ones(4), 200)
    sample = Sample(target=target, label=score.argmax(axis=1), score=score, classes=4, probability=True)
    metric = load("metrics", name.split("/")[0])
    form = metric.averages[name.split("/")[1]] if "/" in name else metric.compute
    agrees(form.statistic(sample), MULTICLASS[name], sample, weights(rng, 200))


def without_reference(metrics: dict[str, Metric]) -> set[str]:
    """Names of figures that no other implementation stands beside: every metric, and every average of it."""
    alone = {
        name
        for name, m in metrics.items()
        if name not in (REGRESSION if m.tasks == ("regression",) else BINARY) and m.tasks != ("multiclass",)
    }
    several = [m for m in metrics.values() if "multiclass" in m.tasks]
    return alone | {f"{m.name}/{a}" if a else m.name for m in several for a in m.averages or ("",)} - set(MULTICLASS)


def test_no_metric_is_without_its_reference() -> None:
    assert without_reference(load_all("metrics")) == set()
    assert set(names("metrics")) == {name.split("/")[0] for name in (*BINARY, *REGRESSION, *MULTICLASS)}


def test_a_metric_without_reference_is_noticed() -> None:
    """The doubles: a metric, and an average, that nobody wrote a reference for."""
    metrics = load_all("metrics")
    extra = replace(metrics["f1"], name="f_made_up")
    more = replace(metrics["f1"], averages={**metrics["f1"].averages, "harmonic": metrics["f1"].compute})
    assert without_reference({**metrics, "f_made_up": extra}) >= {"f_made_up", "f_made_up/macro"}
    assert without_reference({**metrics, "f1": more}) == {"f1/harmonic"}


def test_a_metric_that_is_slightly_off_is_noticed() -> None:
    sample, weight = binary(0), weights(np.random.default_rng(0), 120)
    exact = form_of(load("metrics", "roc_auc"), sample).statistic(sample)
    with pytest.raises(AssertionError):
        agrees(lambda w: exact(w) + 1e-6, BINARY["roc_auc"], sample, weight)


def test_another_class_can_be_positive() -> None:
    """The positive code is 0 here: as scikit-learn's pos_label."""
    sample = binary(1)
    turned = Sample(
        target=sample.target,
        label=sample.label,
        score=sample.score,
        classes=2,
        positive=0,
        favourable=0,
        probability=True,
    )
    y, label, score = sample.target, sample.label, sample.score
    assert load("metrics", "precision").compute(turned) == pytest.approx(sk.precision_score(y, label, pos_label=0))
    assert load("metrics", "roc_auc").compute(turned) == pytest.approx(sk.roc_auc_score(1 - np.asarray(y), score))


def test_the_favourable_label_need_not_be_the_positive_one() -> None:
    sample = binary(1)
    granted = Sample(target=sample.target, label=sample.label, classes=2, positive=1, favourable=0)
    assert load("metrics", "selection_rate").compute(granted) == pytest.approx(float(np.mean(sample.label == 0)))


# --- typed figures -----------------------------------------------------------------------------------


def of_codes(target: list[int], label: list[int], classes: int, **more: Any) -> Sample:
    return Sample(target=np.array(target), label=np.array(label), classes=classes, **more)


def of_probabilities(target: list[int], score: list[float]) -> Sample:
    return Sample(target=np.array(target), score=np.array(score), classes=2, positive=1, probability=True)


DOCSTRINGS: list[tuple[str, Sample, float]] = [
    ("brier_score", of_probabilities([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]), 0.0375),
    # log_loss(["spam", "ham", "ham", "spam"], [[.1, .9], [.9, .1], [.8, .2], [.35, .65]])
    ("log_loss", of_probabilities([1, 0, 0, 1], [0.9, 0.1, 0.2, 0.65]), 0.21616),
    ("roc_auc", of_probabilities([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.75),
    ("average_precision", of_probabilities([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.8333333),
    ("balanced_accuracy", of_codes([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 2, positive=1), 0.625),
    ("matthews_corrcoef", of_codes([1, 1, 1, 0], [1, 0, 1, 1], 2, positive=1), -0.3333333),
    # 0 negative, 1 neutral, 2 positive
    ("cohen_kappa", of_codes([0, 2, 0, 1, 2], [0, 2, 0, 1, 0], 3), 0.6875),
    ("mean_absolute_error", Sample(target=np.array([3, -0.5, 2, 7]), score=np.array([2.5, 0.0, 2, 8])), 0.5),
    ("mean_squared_error", Sample(target=np.array([3, -0.5, 2, 7]), score=np.array([2.5, 0.0, 2, 8])), 0.375),
    ("r2", Sample(target=np.array([3, -0.5, 2, 7]), score=np.array([2.5, 0.0, 2, 8])), 0.948608),
]


@pytest.mark.parametrize(("name", "sample", "expected"), DOCSTRINGS, ids=[d[0] for d in DOCSTRINGS])
def test_figures_of_the_scikit_learn_docstrings(name: str, sample: Sample, expected: float) -> None:
    assert load("metrics", name).compute(sample) == pytest.approx(expected, abs=1e-5)


def test_f1_averages_of_the_scikit_learn_docstring() -> None:
    sample = of_codes([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3)
    averages = load("metrics", "f1").averages
    assert averages["macro"](sample) == pytest.approx(0.2666667, abs=1e-6)
    assert averages["micro"](sample) == pytest.approx(0.3333333, abs=1e-6)


def test_calibration_error_of_the_torchmetrics_docstring() -> None:
    sample = of_probabilities([0, 0, 1, 1, 1], [0.25, 0.25, 0.55, 0.75, 0.75])
    assert calibration_error(2)(sample) == pytest.approx(0.29, abs=6e-5)
