# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import subprocess
import sys

import pytest

from audit import catalogue
from audit.spec import names
from audit.spec.names import unknown_names

KNOWN = {
    "metrics": ("accuracy", "roc_auc"),
    "disparities": ("equalized_odds",),
    "indices": ("theil_index",),
    "attributions": ("shap",),
    "attribution_checks": ("skill",),
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


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("performance: {metrics: [{metric: f_bta}]}\n", "spec.yaml:3:34 performance.metrics[0].metric: unknown metric 'f_bta'. Did you mean 'f_beta'?"),
        ("performance: {metrics: [{metric: f_beta, args: {bta: 2}}]}\n",
         "spec.yaml:3:54 performance.metrics[0].args.bta: f_beta has no argument 'bta'. It takes: beta."),
        ("performance: {metrics: [{metric: f_beta, args: {beta: -1}}]}\n",
         "spec.yaml:3:55 performance.metrics[0].args.beta: expected a number above 0, found -1."),
        ("fairness: {metrics: [{metric: f_beta, args: {beta: two}}]}\n",
         "spec.yaml:3:52 fairness.metrics[0].args.beta: expected a number above 0, found the text 'two'."),
        ("fairness: {metrics: [{metric: f_beta, args: {beta: true}}]}\n",
         "spec.yaml:3:52 fairness.metrics[0].args.beta: expected a number above 0, found true."),
        ("fairness: {metrics: [{metric: equalized_odds, args: {beta: 1}}]}\n",
         "spec.yaml:3:60 fairness.metrics[0].args.beta: equalized_odds has no argument 'beta'. It takes no arguments."),
        ("performance: {metrics: [{metric: accuracy, args: {beta: 1}}]}\n",
         "spec.yaml:3:57 performance.metrics[0].args.beta: accuracy has no argument 'beta'. It takes no arguments."),
    ],
)  # fmt: skip
def test_an_argument_that_a_metric_does_not_take_is_told_where_it_is_written(read, more, message):
    (problem,) = unknown_names(read(HEAD + more))
    assert str(problem).startswith(message.split(": ")[0])
    assert str(problem) == message


def test_one_metric_may_be_asked_for_with_several_arguments_but_not_twice_with_the_same(read, problems):
    twice = "{metric: f_beta, args: {beta: 2}}"
    assert unknown_names(read(HEAD + f"performance: {{metrics: [f_beta, {twice}]}}\n")) == ()
    (told,) = problems(HEAD + f"performance: {{metrics: [{twice}, f_beta, {twice}]}}\n")
    assert "'f_beta (beta 2)' is named twice" in told


def test_arguments_are_read_without_importing_the_metric():
    text = (
        "import sys; from audit.catalogue import arguments; print(arguments('metrics', 'f_beta')['beta'].above); "
        "print('numpy' in sys.modules, 'audit.metrics.f_beta' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    assert found.split() == ["0", "False", "False"]


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
