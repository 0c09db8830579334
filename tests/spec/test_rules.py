"""Each rule between keys: a spec that breaks it beside its nearest twin that does not."""

# ruff: noqa: E501 (messages stand whole, as they are printed)

import pytest

MODEL = "model: {path: m.skops}\n"
DATA = "data: {test: t.csv, target: y}\n"
SHA = "a" * 64
ESTIMATOR = 'model: {estimator: "sklearn.dummy:DummyClassifier"}\n'

PAIRS = [
    ("exactly one of path, predictions and estimator, found none", "model: {name: a}\n" + DATA, MODEL + DATA),
    ("found path and estimator", 'model: {path: m, estimator: "a:b"}\ndata: {test: t, train: u, target: y}\n', MODEL + DATA),
    ("trust needs model.sha256", "model: {path: m, trust: [pickle]}\n" + DATA,
     f"model: {{path: m, trust: [pickle], sha256: {SHA}}}\n" + DATA),
    ("trust applies to a model file only", "model: {predictions: {label: p}, trust: [pickle]}\n" + DATA,
     "model: {predictions: {label: p}}\n" + DATA),
    ("key applies to a model file only", "model: {predictions: {label: p}, key: a}\n" + DATA, "model: {path: m, key: a}\n" + DATA),
    ("params applies to model.estimator only", "model: {path: m, params: {a: 1}}\n" + DATA,
     'model: {estimator: "a.b:c", params: {a: 1}}\ndata: {train: t, target: y}\n'),
    ("expected package.module:factory", "model: {estimator: sklearn.dummy.DummyClassifier}\ndata: {train: t, target: y}\n",
     ESTIMATOR + "data: {train: t, target: y}\n"),
    ("expected label, score or both", "model: {predictions: {}}\n" + DATA, "model: {predictions: {score: s}}\n" + DATA),
    ("predictions stand in the table data.test", "model: {predictions: {label: p}}\ndata: {train: t, target: y}\n",
     "model: {predictions: {label: p}}\n" + DATA),
    ("expected test or train, found neither", MODEL + "data: {target: y}\n", MODEL + "data: {train: t, target: y}\n"),
    ("needs data.train", ESTIMATOR + DATA, ESTIMATOR + "data: {train: t, test: u, target: y}\n"),
    ("needs data.target", ESTIMATOR + "data: {train: t}\n", ESTIMATOR + "data: {train: t, target: y}\n"),
    ("'y' is data.target and cannot be a feature", MODEL + "data: {test: t, target: y, features: [a, y]}\n",
     MODEL + "data: {test: t, target: y, features: [a, b]}\n"),
    ("'k' is data.id and cannot be a feature", MODEL + "data: {test: t, id: k, features: [k]}\n",
     MODEL + "data: {test: t, id: k, features: [a]}\n"),
    ("'a' is named twice", MODEL + "data: {test: t, features: [a, b, a]}\n", MODEL + "data: {test: t, features: [a, b]}\n"),
    ("'y' is data.target and cannot be a sensitive", MODEL + DATA + "sensitive: {features: [y]}\n",
     MODEL + DATA + "sensitive: {features: [sex]}\n"),
    *(
        (f"sensitive.{key}.race: 'race' is not in sensitive.features (listed: sex)",
         MODEL + DATA + f"sensitive: {{features: [sex], {key}: {{race: {value}}}}}\n",
         MODEL + DATA + f"sensitive: {{features: [sex, race], {key}: {{race: {value}}}}}\n")
        for key, value in (("roles", "x"), ("bins", "[1, 2]"), ("reference", "White"))
    ),
    ("intersections[0][1]: 'race' is not in", MODEL + DATA + "sensitive: {features: [sex], intersections: [[sex, race]]}\n",
     MODEL + DATA + "sensitive: {features: [sex, race], intersections: [[sex, race]]}\n"),
    ("expected 2 or 3 columns, found 1", MODEL + DATA + "sensitive: {features: [sex], intersections: [[sex]]}\n",
     MODEL + DATA + "sensitive: {features: [a, b, c], intersections: [[a, b, c]]}\n"),
    ("expected 2 or 3 columns, found 4", MODEL + DATA + "sensitive: {features: [a, b, c, d], intersections: [[a, b, c, d]]}\n",
     MODEL + DATA + "sensitive: {features: [a, b, c, d], intersections: [[b, d]]}\n"),
    ("intersections[0][1]: 'a' is named twice", MODEL + DATA + "sensitive: {features: [a, b], intersections: [[a, a]]}\n",
     MODEL + DATA + "sensitive: {features: [a, b], intersections: [[a, b]]}\n"),
    ("two or more increasing edges, found 0, 40, 25", MODEL + DATA + "sensitive: {features: [age], bins: {age: [0, 40, 25]}}\n",
     MODEL + DATA + "sensitive: {features: [age], bins: {age: [0, 25, 40]}}\n"),
    ("two or more increasing edges, found 1, 1", MODEL + DATA + "sensitive: {features: [age], bins: {age: [1, 1]}}\n",
     MODEL + DATA + "sensitive: {features: [age], bins: {age: [1, 1.5]}}\n"),
    ("increasing edges, found none", MODEL + DATA + "sensitive: {features: [age], bins: {age: []}}\n",
     MODEL + DATA + "sensitive: {features: [age], bins: {}}\n"),
    ("sensitive.features lists none", MODEL + DATA + "sensitive: {table: {path: p, on: k}}\n",
     MODEL + DATA + "sensitive: {features: [sex], table: {path: p, on: k}}\n"),
    ("folds by time are the same however often", MODEL + DATA + "performance: {cross_validation: {by: time, column: t, repeats: 2}}\n",
     MODEL + DATA + "performance: {cross_validation: {repeats: 2}}\n"),
    ("learning curve is fitted inside the folds", MODEL + DATA + "performance: {cross_validation: false, learning_curve: {}}\n",
     MODEL + DATA + "performance: {learning_curve: {sizes: 4}}\n"),
    ("exactly one of column and edges, found both", MODEL + DATA + "performance: {grades: {column: g, edges: [0, 1]}}\n",
     MODEL + DATA + "performance: {grades: {column: g}}\n"),
    ("exactly one of column and edges, found neither", MODEL + DATA + "performance: {grades: {}}\n",
     MODEL + DATA + "performance: {grades: {edges: [0, 1]}}\n"),
    ("increasing edges, found 0.2, 0.1", MODEL + DATA + "performance: {grades: {edges: [0.2, 0.1]}}\n",
     MODEL + DATA + "performance: {grades: {edges: [0.1, 0.2]}}\n"),
    ("folds by group need the column", MODEL + DATA + "performance: {cross_validation: {by: group}}\n",
     MODEL + DATA + "performance: {cross_validation: {by: group, column: g}}\n"),
    ("folds by time need a column", MODEL + DATA + "performance: {cross_validation: {by: time}}\n",
     MODEL + "data: {test: t, time: m}\nperformance: {cross_validation: {by: time}}\n"),
    ("column is read only with by: group", MODEL + DATA + "performance: {cross_validation: {column: g}}\n",
     MODEL + DATA + "performance: {cross_validation: {column: g, by: time}}\n"),
    ("regression has no classes, so positive means nothing", MODEL + DATA + "task: regression\ndecision: {positive: 1}\n",
     MODEL + DATA + "task: binary\ndecision: {positive: 1}\n"),
    ("challenger: expected exactly one of path, predictions and estimator, found none",
     MODEL + DATA + "challenger: {name: a}\n", MODEL + DATA + "challenger: {path: b}\n"),
    ("challenger.trust: trust needs challenger.sha256", MODEL + DATA + "challenger: {path: b, trust: [pickle]}\n",
     MODEL + DATA + f"challenger: {{path: b, trust: [pickle], sha256: {SHA}}}\n"),
    ("challenger.code: code applies to a model file only", MODEL + DATA + "challenger: {predictions: {score: s}, code: [a.py]}\n",
     MODEL + DATA + "challenger: {path: b, code: [a.py]}\n"),
    ("challenger.predictions: expected label, score or both", MODEL + DATA + "challenger: {predictions: {}}\n",
     MODEL + DATA + "challenger: {predictions: {label: s}}\n"),
    ("challenger.estimator: challenger.estimator is fitted inside the audit and needs data.train",
     MODEL + DATA + 'challenger: {estimator: "a:b"}\n',
     MODEL + "data: {test: t, train: u, target: y}\n" + 'challenger: {estimator: "a:b"}\n'),
    ("a challenger is compared in the section performance", MODEL + DATA + "challenger: {path: b}\nperformance: false\n",
     MODEL + DATA + "challenger: {path: b}\n"),
    ("costs belong to decisions between two labels; the task is regression",
     MODEL + DATA + "task: regression\ndecision: {costs: {false_positive: 1, false_negative: 5}}\n",
     MODEL + DATA + "task: binary\ndecision: {costs: {false_positive: 1, false_negative: 5}}\n"),
    ("decision.costs.false_negative: false_negative costs 0, no more than true_positive (0)",
     MODEL + DATA + "decision: {costs: {false_positive: 1, false_negative: 0}}\n",
     MODEL + DATA + "decision: {costs: {false_positive: 1, false_negative: 0, true_positive: -2}}\n"),
    ("decision.costs.false_positive: false_positive costs 1, no more than true_negative (1)",
     MODEL + DATA + "decision: {costs: {false_positive: 1, false_negative: 5, true_negative: 1}}\n",
     MODEL + DATA + "decision: {costs: {false_positive: 1, false_negative: 5, true_negative: 0.5}}\n"),
    ("report.formats[1]: 'html' is named twice", MODEL + DATA + "report: {formats: [html, html]}\n",
     MODEL + DATA + "report: {formats: [html, pdf]}\n"),
    ("policies[1]: 'a' is named twice", MODEL + DATA + "policies: [a, {pack: a}]\n", MODEL + DATA + "policies: [a, {pack: b}]\n"),
    ("performance.metrics[2]: 'f1' is named twice", MODEL + DATA + "performance: {metrics: [f1, r2, f1]}\n",
     MODEL + DATA + "performance: {metrics: [f1, r2]}\n"),
    ("methods[1]: 'shap' is named twice", MODEL + DATA + "attribution: {methods: [shap, shap]}\n",
     MODEL + DATA + "attribution: {methods: [shap]}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "broken", "sound"), PAIRS, ids=[message for message, *_ in PAIRS])
def test_a_broken_rule_is_told_and_its_twin_is_read(problems, read, message, broken, sound):
    (line,) = problems(broken)
    assert message in line
    assert line.startswith("spec.yaml:")
    read(sound)
