# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import pytest

from audit import catalogue
from audit.spec import names
from audit.spec.names import unknown_names

KNOWN = {
    "metrics": ("accuracy", "roc_auc"),
    "disparities": ("equalized_odds",),
    "attributions": ("shap",),
    "checks": ("drift",),
    "output_formats": ("html", "json", "pdf"),
    "model_formats": ("pickle", "skops"),
}
HEAD = "model: {path: m}\ndata: {test: t, target: y}\n"


@pytest.fixture
def told(read, monkeypatch):
    monkeypatch.setattr(catalogue, "names", lambda kind: KNOWN[kind])
    monkeypatch.setattr(names, "shipped_packs", lambda: ("model-card-core", "technical-soundness"))
    return lambda more: [str(problem) for problem in unknown_names(read(HEAD + more))]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("performance: {metrics: [roc_auc, acuracy]}\n",
         "spec.yaml:3:34 performance.metrics[1]: unknown metric 'acuracy'. Did you mean 'accuracy'?"),
        ("performance: {metrics: [ROC-AUC]}\n", "spec.yaml:3:25 performance.metrics[0]: unknown metric 'ROC-AUC'. Did you mean 'roc_auc'?"),
        ("fairness: {metrics: [equalised_odds]}\n",
         "spec.yaml:3:22 fairness.metrics[0]: unknown metric or disparity 'equalised_odds'. Did you mean 'equalized_odds'?"),
        ("attribution: {methods: [lime]}\n", "spec.yaml:3:25 attribution.methods[0]: unknown method 'lime'. Known: shap."),
        ("robustness: {checks: [drifts]}\n", "spec.yaml:3:23 robustness.checks[0]: unknown check 'drifts'. Did you mean 'drift'?"),
        ("report: {formats: [htm]}\n", "spec.yaml:3:20 report.formats[0]: unknown format 'htm'. Did you mean 'html'?"),
        ("policies: [technical-sondness]\n", "spec.yaml:3:12 policies[0]: unknown pack 'technical-sondness'. Did you mean 'technical-soundness'?"),
        ("policies: [{pack: core}]\n", "spec.yaml:3:19 policies[0].pack: unknown pack 'core'. Known: model-card-core, technical-soundness."),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_with_the_nearest_one(told, more, message):
    assert told(more) == [message]


def test_a_format_that_may_run_code_is_trusted_by_its_name(read, told):
    text = f"model: {{path: m, trust: [pickel], sha256: {'a' * 64}}}\ndata: {{test: t, target: y}}\n"
    (problem,) = unknown_names(read(text))
    assert problem.message == "unknown format 'pickel'."


def test_known_names_defaults_and_sections_switched_off_are_no_problem(told):
    assert told("performance: {metrics: [accuracy]}\nfairness: {metrics: [accuracy, equalized_odds]}\n") == []
    assert told("attribution: false\npolicies: [./own.yaml]\n") == []


def test_defaults_are_never_told_as_the_authors_mistake(told, monkeypatch):
    monkeypatch.setattr(catalogue, "names", lambda kind: ())
    monkeypatch.setattr(names, "shipped_packs", lambda: ())
    assert told("") == []


def test_a_measure_that_needs_groups_is_known_by_group_alone(told):
    assert told("fairness: {metrics: [scoring_rate]}\n") == []
    assert "unknown metric 'scoring_rate'" in told("performance: {metrics: [scoring_rate]}\n")[0]


def test_every_name_that_ships_is_known(read):
    listed = "[" + ", ".join(catalogue.names("metrics")) + "]"
    assert unknown_names(read(HEAD + f"performance: {{metrics: {listed}}}\nfairness: {{metrics: {listed}}}\n")) == ()
