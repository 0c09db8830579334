"""Messages as a stranger reads them, word for word."""

# ruff: noqa: E501 (messages stand whole, as they are printed)

import pytest

HEAD = "model: {path: model.skops}\ndata: {test: test.csv, target: y}\n"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("taks: binary\n", "spec.yaml:3:1 taks: unknown key 'taks'. Did you mean 'task'?"),
        ("metrics: [f1]\n", "spec.yaml:3:1 metrics: unknown key 'metrics'. It belongs under performance or fairness."),
        ("positive: 1\n", "spec.yaml:3:1 positive: unknown key 'positive'. It belongs under decision."),
        ("sensitive: {seed: 1}\n", "spec.yaml:3:13 sensitive.seed: unknown key 'seed'. It belongs at the top."),
        ("performance:\n  interval: {levle: 0.9}\n",
         "spec.yaml:4:14 performance.interval.levle: unknown key 'levle'. Did you mean 'level'?"),
        ("title: 3.1\n", "spec.yaml:3:8 title: expected text, found the number 3.1. Put it in quotes: \"3.1\"."),
        ("context: {version: 3.10}\n",
         "spec.yaml:3:20 context.version: expected text, found the number 3.10. Put it in quotes: \"3.10\"."),
        ("context: {owner: [Ann]}\n", "spec.yaml:3:18 context.owner: expected text, found a list of 1."),
        ("seed: lucky\n", "spec.yaml:3:7 seed: expected a whole number from 0 to 4294967295, found the text 'lucky'."),
        ("seed: -1\n", "spec.yaml:3:7 seed: expected a whole number from 0 to 4294967295, found the number -1."),
        ("seed:\n", "spec.yaml:3:6 seed: expected a whole number from 0 to 4294967295, found nothing. "
                    "Give a value, or delete the key for its default."),
        ("performance: {interval: {level: 1}}\n",
         "spec.yaml:3:33 performance.interval.level: expected a number above 0.5 and below 1, found the number 1."),
        ("performance: {cross_validation: {folds: 1}}\n",
         "spec.yaml:3:41 performance.cross_validation.folds: expected a whole number from 2 to 50, found the number 1."),
        ("performance: {cross_validation: {folds: 2.5}}\n",
         "spec.yaml:3:41 performance.cross_validation.folds: expected a whole number from 2 to 50, found the number 2.5."),
        ("performance: {cross_validation: {by: stratifed}}\n",
         "spec.yaml:3:38 performance.cross_validation.by: expected one of stratified, plain, group, time, "
         "found the text 'stratifed'. Did you mean 'stratified'?"),
        ("performance: {metrics: roc_auc}\n",
         "spec.yaml:3:24 performance.metrics: expected a list of text or sections, found the text 'roc_auc'. "
         "Write it in brackets: [roc_auc]."),
        ("fairness: true\n", "spec.yaml:3:11 fairness: expected false or a section with metrics, flip, proxies, strata, power, found true."),
        ("performance: {baseline: perhaps}\n",
         "spec.yaml:3:25 performance.baseline: expected true or false, found the text 'perhaps'."),
        ("policies: [7]\n", "spec.yaml:3:12 policies[0]: expected text or a section with pack, params, found the number 7. "
                            "Put it in quotes: \"7\"."),
        ("policies: [{params: {}}]\n", "spec.yaml:3:12 policies[0].pack: the key 'pack' is missing; expected text. Add it."),
        ("sensitive: {bins: {age: [0, old]}}\n",
         "spec.yaml:3:29 sensitive.bins.age[1]: expected a number, found the text 'old'."),
        ("audit: 2\n", "spec.yaml:3:8 audit: expected 1, found the number 2."),
        ("task: multilabel\n", "spec.yaml:3:7 task: multilabel models are not audited: a row would carry several labels at once. "
                               "Audit each label as a binary task of its own."),
        ("task: survival\n", "spec.yaml:3:7 task: survival models are not audited: a censored time is neither a class nor a value. "
                             "Audit the event within a fixed horizon as a binary task."),
        ("task: forecasting\n",
         "spec.yaml:3:7 task: forecasting models are not audited: the rows of a series depend on each other. "
         "Audit one step ahead as regression with `performance.cross_validation.by: time`."),
        ("task: multi-class\n", "spec.yaml:3:7 task: expected one of binary, multiclass, regression, ranking_score, "
                                "found the text 'multi-class'. Did you mean 'multiclass'?"),
        ("seed: 1\nseed: 2\n", "spec.yaml:4:1 seed: the key 'seed' is given twice; first in line 3. Delete one of the two."),
        ("challenger: {path: b.skops, predictions: {score: s}}\n",
         "spec.yaml:3:13 challenger: expected exactly one of path, predictions and estimator, found path and predictions. "
         "Keep one of them."),
        ("decision: {costs: {false_positive: 1}}\n",
         "spec.yaml:3:19 decision.costs.false_negative: the key 'false_negative' is missing; expected a number. Add it."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_these_words_and_nothing_else_is(problems, more, message):
    assert problems(HEAD + more) == [message]


def test_a_missing_section_is_told_at_the_top(problems):
    assert problems("data: {test: t.csv}\n") == [
        "spec.yaml:1:1 model: the key 'model' is missing; expected a section with path, predictions, estimator, params, "
        "name, sha256, trust, key, code. Add it."
    ]


@pytest.mark.parametrize("text", ["just text\n", "- a\n- b\n", "3\n", "null\n"])
def test_a_file_that_is_no_section_is_told_so(problems, text):
    (line,) = problems(text)
    assert line.startswith("spec.yaml:1:1: expected a section with audit, title, context, model,")


def test_every_mistake_is_told_at_once_in_the_order_of_the_text(problems):
    lines = problems(
        "model: {path: m.skops, trust: [pickle]}\n"
        "data: {test: t.csv, targt: y}\n"
        "taks: binary\n"
        "sensitive:\n  features: [sex]\n  intersections: [[sex, race]]\n  bins: {sex: [2, 1]}\n"
        "performance: {metrics: f1}\n"
        "seed: x\nseed: 3\n"
    )
    places = [line.split()[0] for line in lines]
    assert places == [
        "spec.yaml:1:31", "spec.yaml:2:21", "spec.yaml:3:1", "spec.yaml:6:25", "spec.yaml:7:15", "spec.yaml:8:24",
        "spec.yaml:9:7", "spec.yaml:10:1",
    ]  # fmt: skip


def test_long_values_are_cut_short(problems):
    (line,) = problems(HEAD + f"seed: {'x' * 5000}\n")
    assert len(line) < 200


def test_no_rule_is_held_against_a_section_that_could_not_be_read(problems):
    assert len(problems("model: {pth: m}\ndata: {test: t.csv}\n")) == 1


def test_a_missing_spec_names_those_that_are_there(tmp_path, read):
    from audit.errors import SpecError
    from audit.spec.read import read_spec

    read(HEAD)
    with pytest.raises(SpecError) as caught:
        read_spec(tmp_path / "spec.yml")
    assert str(caught.value) == f"{tmp_path}/spec.yml: there is no such file. Specs here: spec.yaml."
    with pytest.raises(SpecError, match="expected a spec file, found a folder"):
        read_spec(tmp_path)
