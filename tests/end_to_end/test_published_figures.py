"""Published figures come out of a whole audit: spec in, record out, compared with what others printed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

import audit
from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Exact

SHARED = Path(__file__).resolve().parents[3] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not on this machine")


def measured(record: AuditRecord, id: str) -> Estimate | Exact:
    observation = record.observation(id)
    assert observation is not None, f"no observation {id}"
    assert isinstance(observation.measured, Estimate | Exact), f"{id}: {observation.measured}"
    return observation.measured


def audited(folder: Path, columns: dict[str, list[Any]], **sections: Any) -> AuditRecord:
    """Audit a table of predictions written to a CSV file."""
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    spec = {"audit": 1, "attribution": False, **sections}
    spec["data"] = {"test": "table.csv", **sections.get("data", {})}
    return audit.run(spec, folder=folder)


# --- aequitas, COMPAS: predictions only ---------------------------------------------------------

# dssg/aequitas, compas_demo.ipynb: counts, then tpr tnr for fdr fpr fnr npv precision pprev prev to two digits.
COMPAS = {
    "race=African-American": (1369, 805, 990, 532, 0.72, 0.55, 0.35, 0.37, 0.45, 0.28, 0.65, 0.63, 0.59, 0.51),
    "race=Asian": (6, 2, 21, 3, 0.67, 0.91, 0.12, 0.25, 0.09, 0.33, 0.88, 0.75, 0.25, 0.28),
    "race=Caucasian": (505, 349, 1139, 461, 0.52, 0.77, 0.29, 0.41, 0.23, 0.48, 0.71, 0.59, 0.35, 0.39),
    "race=Hispanic": (103, 87, 318, 129, 0.44, 0.79, 0.29, 0.46, 0.21, 0.56, 0.71, 0.54, 0.30, 0.36),
    "race=Native American": (9, 3, 5, 1, 0.90, 0.62, 0.17, 0.25, 0.38, 0.10, 0.83, 0.75, 0.67, 0.56),
    "race=Other": (43, 36, 208, 90, 0.32, 0.85, 0.30, 0.46, 0.15, 0.68, 0.70, 0.54, 0.21, 0.35),
    "sex=Female": (303, 288, 609, 195, 0.61, 0.68, 0.24, 0.49, 0.32, 0.39, 0.76, 0.51, 0.42, 0.36),
    "sex=Male": (1732, 994, 2072, 1021, 0.63, 0.68, 0.33, 0.36, 0.32, 0.37, 0.67, 0.64, 0.47, 0.47),
    "age_cat=25 - 45": (1183, 741, 1479, 706, 0.63, 0.67, 0.32, 0.39, 0.33, 0.37, 0.68, 0.61, 0.47, 0.46),
    "age_cat=Greater than 45": (213, 181, 897, 285, 0.43, 0.83, 0.24, 0.46, 0.17, 0.57, 0.76, 0.54, 0.25, 0.32),
    "age_cat=Less than 25": (639, 360, 305, 225, 0.74, 0.46, 0.42, 0.36, 0.54, 0.26, 0.58, 0.64, 0.65, 0.57),
}
COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
RATES = (
    "true_positive_rate",
    "true_negative_rate",
    "false_omission_rate",
    "false_discovery_rate",
    "false_positive_rate",
    "false_negative_rate",
    "negative_predictive_value",
    "precision",
    "selection_rate",
    "prevalence",
)


@needs_shared
def test_compas_crosstabs_of_aequitas() -> None:
    spec = {
        "audit": 1,
        "model": {"predictions": {"label": "score"}},
        "task": "binary",
        "data": {"test": "compas_for_aequitas.csv", "target": "label_value", "id": "entity_id"},
        "decision": {"positive": 1},
        "sensitive": {"features": ["race", "sex", "age_cat"]},
    }
    record = audit.run(spec, folder=SHARED / "data/aequitas")
    for group, figures in COMPAS.items():
        for name, expected in zip(COUNTS, figures[:4], strict=True):
            assert measured(record, f"fairness/{name}/{group}").value == expected
        for name, expected in zip(RATES, figures[4:], strict=True):
            assert measured(record, f"fairness/{name}/{group}").value == pytest.approx(expected, abs=0.00501), (
                group,
                name,
            )


# --- fairlearn's user guide ---------------------------------------------------------------------

Y_TRUE = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
Y_PRED = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
FIRST = list("bbabbcccaacabccbcc")
SECOND = [8, 6, 8, 8, 8, 8, 6, 6, 6, 8, 6, 6, 6, 6, 8, 6, 6, 6]


def test_metric_frame_of_fairlearn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": Y_TRUE, "p": Y_PRED, "first": FIRST, "second": SECOND},
        model={"predictions": {"label": "p"}},
        data={"target": "y"},
        decision={"positive": 1},
        sensitive={"features": ["first", "second"], "intersections": [["first", "second"]], "minimum_group": 1},
    )
    expected = {
        "performance/true_positive_rate": 0.5,
        "performance/false_positive_rate": 2 / 3,
        "performance/selection_rate": 5 / 9,
        "fairness/true_positive_rate/first=a": 0.5,
        "fairness/true_positive_rate/first=b": 0.6,
        "fairness/true_positive_rate/first=c": 0.4,
        "fairness/false_positive_rate/first=a": 1.0,
        "fairness/false_positive_rate/first=b": 0.0,
        "fairness/false_positive_rate/first=c": 2 / 3,
        "fairness/selection_rate/first=a": 0.75,
        "fairness/selection_rate/first=b": 0.5,
        "fairness/selection_rate/first=c": 0.5,
        "fairness/count/first=c": 8,
        "fairness/true_positive_rate/first/difference": 0.2,
        "fairness/false_positive_rate/first/difference": 1.0,
        "fairness/selection_rate/first/difference": 0.25,
        "fairness/true_positive_rate/first/ratio": 2 / 3,
        "fairness/false_positive_rate/first/ratio": 0.0,
        "fairness/selection_rate/first/ratio": 2 / 3,
        "fairness/demographic_parity/first/ratio": 2 / 3,
        "fairness/equalized_odds/first/ratio": 0.0,
        "fairness/precision/first=a&second=6": 0.0,
        "fairness/precision/first=a&second=8": 0.5,
        "fairness/precision/first=c&second=6": 2 / 3,
        "fairness/true_positive_rate/first=b&second=6": 2 / 3,
        "fairness/true_positive_rate/first=c&second=6": 0.5,
        "fairness/count/first=c&second=6": 6,
    }
    for id, value in expected.items():
        assert measured(record, id).value == pytest.approx(value, abs=1e-6), id


# aequitas, compas_demo.ipynb, cell 48: fdr fnr for fpr npv and predicted positives, each over that of the reference.
COMPAS_DISPARITIES = {
    "race=African-American": (0.808669, 0.503301, 1.211197, 2.087696, 0.914326, 11.442105),
    "race=Asian": (0.545977, 0.599483, 0.43314, 0.404798, 1.229953, 0.042105),
    "race=Caucasian": (0.892487, 0.858266, 0.998387, 1.091838, 1.000654, 4.494737),
    "race=Hispanic": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "race=Native American": (0.545977, 0.179845, 0.577519, 1.74569, 1.171384, 0.063158),
    "race=Other": (0.995199, 1.216996, 1.046512, 0.686829, 0.981132, 0.415789),
    "sex=Female": (1.336425, 1.05581, 0.734738, 0.990343, 1.13071, 0.216801),
    "sex=Male": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "age_cat=25 - 45": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "age_cat=Greater than 45": (1.192804, 1.531238, 0.746232, 0.503031, 1.121136, 0.204782),
    "age_cat=Less than 25": (0.935673, 0.696781, 1.313873, 1.621868, 0.850173, 0.519231),
}
COMPAS_REFERENCE = {"race": "Hispanic", "sex": "Male", "age_cat": "25 - 45"}
RATIOS = (
    "false_discovery_rate",
    "false_negative_rate",
    "false_omission_rate",
    "false_positive_rate",
    "negative_predictive_value",
)


def test_compas_disparities_of_aequitas_to_named_references(tmp_path: Path) -> None:
    cells = [("y", "y"), ("n", "y"), ("n", "n"), ("y", "n")]
    # Only the margins are printed: a row knows its group by one column, and by the others it is of unknown group.
    rows = [
        (*(group.partition("=")[2] if group.startswith(f"{c}=") else "" for c in COMPAS_REFERENCE), *cell, n)
        for group, figures in COMPAS.items()
        for cell, n in zip(cells, figures[:4], strict=True)
    ]
    names = (*COMPAS_REFERENCE, "truth", "says", "count")
    record = audited(
        tmp_path,
        dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)),
        model={"predictions": {"label": "says"}},
        data={"target": "truth", "weight": {"column": "count"}},
        decision={"positive": "y"},
        sensitive={"features": list(COMPAS_REFERENCE), "reference": COMPAS_REFERENCE, "minimum_group": 1},
    )
    for group, expected in COMPAS_DISPARITIES.items():
        ratios = [measured(record, f"fairness/{name}/{group}/ratio").value for name in RATIOS]
        assert ratios == pytest.approx(expected[:5], abs=1e-6), group
        column = group.partition("=")[0]
        given = [
            sum(measured(record, f"fairness/{name}/{g}").value for name in ("true_positives", "false_positives"))
            for g in (group, f"{column}={COMPAS_REFERENCE[column]}")
        ]
        assert given[0] / given[1] == pytest.approx(expected[5], abs=1e-6), group


# --- New York City, Local Law 144: the worked examples of 6 RCNY 5-301 ---------------------------

# Selection: applicants, selected, selection rate in percent, impact ratio, each as printed.
SELECTED = {
    "sex": {"Male": (1390, 667, 48, 1.0), "Female": (1181, 555, 47, 0.979)},
    "race": {
        "Hispanic or Latino": (408, 204, 50, 0.97),
        "White": (797, 412, 52, 1.0),
        "Black or African American": (390, 170, 44, 0.84),
        "Native Hawaiian or Pacific Islander": (119, 52, 44, 0.85),
        "Asian": (616, 302, 49, 0.95),
        "Native American or Alaska Native": (41, 18, 44, 0.85),
        "Two or More Races": (213, 96, 45, 0.87),
    },
    "sex&race": {
        "Male&Hispanic": (205, 90, 43.9, 0.841),
        "Male&White": (412, 215, 52.2, 1.0),
        "Male&Black": (226, 95, 42.0, 0.806),
        "Male&NHPI": (87, 37, 42.5, 0.815),
        "Male&Asian": (321, 167, 52.0, 0.997),
        "Male&NAAN": (24, 11, 45.8, 0.878),
        "Male&Two+": (115, 52, 45.2, 0.866),
        "Female&Hispanic": (190, 82, 43.2, 0.827),
        "Female&White": (385, 197, 51.2, 0.981),
        "Female&Black": (164, 75, 45.7, 0.876),
        "Female&NHPI": (32, 15, 46.9, 0.898),
        "Female&Asian": (295, 135, 45.8, 0.877),
        "Female&NAAN": (17, 7, 41.2, 0.789),
        "Female&Two+": (98, 44, 44.9, 0.860),
    },
}
# Scoring: applicants, of them above the median, scoring rate in percent, impact ratio.
SCORED = {
    "sex": {"Male": (92, 50, 54.3, 1.0), "Female": (76, 34, 44.7, 0.82)},
    "race": {
        "Hispanic": (28, 18, 64.2, 1.0),
        "White": (40, 15, 37.5, 0.58),
        "Black": (32, 16, 50.0, 0.78),
        "NHPI": (8, 5, 62.5, 0.97),
        "Asian": (24, 10, 41.7, 0.65),
        "NAAN": (16, 10, 62.5, 0.97),
        "Two+": (20, 10, 50.0, 0.78),
    },
    "sex&race": {
        "Male&Hispanic": (16, 12, 75, 1.0),
        "Male&White": (20, 7, 35, 0.47),
        "Male&Black": (20, 10, 50, 0.67),
        "Male&NHPI": (4, 3, 75, 1.0),
        "Male&Asian": (12, 7, 58.3, 0.78),
        "Male&NAAN": (8, 5, 62.5, 0.83),
        "Male&Two+": (12, 6, 50, 0.67),
        "Female&Hispanic": (12, 6, 50, 0.67),
        "Female&White": (20, 8, 40, 0.53),
        "Female&Black": (12, 6, 50, 0.67),
        "Female&NHPI": (4, 2, 50, 0.67),
        "Female&Asian": (12, 3, 25, 0.33),
        "Female&NAAN": (8, 5, 62.5, 0.83),
        "Female&Two+": (8, 4, 50, 0.67),
    },
}


def people(table: dict[str, tuple[int, int, float, float]], axis: str) -> dict[str, list[Any]]:
    """One row each for those selected (or scored high) and for the others of every category, with their number."""
    columns = axis.split("&")
    rows = [
        (*category.split("&"), chosen, n)
        for category, (applicants, hits, *_) in table.items()
        for chosen, n in ((1, hits), (0, applicants - hits))
    ]
    return dict(zip((*columns, "chosen", "n"), map(list, zip(*rows, strict=True)), strict=True))


def key_of(axis: str, category: str) -> str:
    return "&".join(f"{c}={v}" for c, v in zip(axis.split("&"), category.split("&"), strict=True))


def by_axis(axis: str) -> dict[str, Any]:
    columns = axis.split("&")
    crossed = {"intersections": [columns]} if len(columns) > 1 else {}
    return {"features": columns, "minimum_group": 1, **crossed}


@pytest.mark.parametrize("axis", list(SELECTED))
def test_selection_rates_and_impact_ratios_of_new_york(tmp_path: Path, axis: str) -> None:
    table = people(SELECTED[axis], axis)
    # 250 applicants of unknown category: counted, and left out of every comparison, whatever became of them.
    for column, value in {**dict.fromkeys(axis.split("&"), ""), "chosen": 1, "n": 250}.items():
        table[column].append(value)
    record = audited(
        tmp_path,
        table,
        model={"predictions": {"label": "chosen"}},
        task="binary",
        data={"weight": {"column": "n"}},
        decision={"positive": 1},
        sensitive=by_axis(axis),
    )
    for category, (applicants, _, percent, impact) in SELECTED[axis].items():
        key = key_of(axis, category)
        assert measured(record, f"fairness/count/{key}").value == applicants
        near = 0.051 if axis == "sex&race" else 0.51
        assert 100 * measured(record, f"fairness/selection_rate/{key}").value == pytest.approx(percent, abs=near)
        assert measured(record, f"fairness/impact_ratio/{key}").value == pytest.approx(impact, abs=0.0051)
    unknown = key_of(axis, "&".join(["unknown"] * len(axis.split("&"))))
    assert measured(record, f"fairness/count/{unknown}").value == 250
    assert record.observation(f"fairness/impact_ratio/{unknown}") is None


def test_scoring_rates_and_impact_ratios_of_new_york(tmp_path: Path) -> None:
    table = people(SCORED["sex&race"], "sex&race")
    # The applicants of unknown category score the median itself, which is not above it.
    for column, value in {"sex": "", "race": "", "chosen": 0, "n": 15}.items():
        table[column].append(value)
    table["score"] = [70 if chosen else 30 for chosen in table["chosen"][:-1]] + [50]
    record = audited(
        tmp_path,
        table,
        model={"predictions": {"score": "score"}},
        task="ranking_score",
        data={"weight": {"column": "n"}},
        sensitive=by_axis("sex&race"),
    )
    for axis, categories in SCORED.items():
        for category, (applicants, _, percent, impact) in categories.items():
            key = key_of(axis, category)
            assert measured(record, f"fairness/count/{key}").value == applicants
            assert 100 * measured(record, f"fairness/scoring_rate/{key}").value == pytest.approx(percent, abs=0.1)
            ratio = measured(record, f"fairness/impact_ratio;rate=scoring_rate/{key}")
            assert ratio.value == pytest.approx(impact, abs=0.0051)
    assert measured(record, "fairness/count/sex=unknown").value == 15
    assert measured(record, "fairness/scoring_rate/sex=unknown").value == 0.0
    assert record.observation("fairness/impact_ratio;rate=scoring_rate/sex=unknown") is None


# --- scikit-learn's docstrings ------------------------------------------------------------------


def test_scores_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": [0, 1, 1, 0], "p": [0.1, 0.9, 0.8, 0.3]},
        model={"predictions": {"score": "p"}},
        data={"target": "y"},
        decision={"positive": 1},
        performance={"metrics": ["roc_auc", "brier_score", "log_loss"]},
    )
    assert measured(record, "performance/brier_score").value == pytest.approx(0.0375, abs=1e-5)
    # log_loss(["spam", "ham", "ham", "spam"], [[.1, .9], [.9, .1], [.8, .2], [.35, .65]])
    other = audited(
        tmp_path,
        {"y": ["spam", "ham", "ham", "spam"], "p": [0.9, 0.1, 0.2, 0.65]},
        model={"predictions": {"score": "p"}},
        data={"target": "y"},
        decision={"positive": "spam"},
        performance={"metrics": ["log_loss"]},
    )
    assert measured(other, "performance/log_loss").value == pytest.approx(0.21616, abs=1e-5)


def test_calibration_curve_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": [0, 0, 0, 0, 1, 1, 1, 1, 1], "p": [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0]},
        model={"predictions": {"score": "p"}},
        data={"target": "y"},
        decision={"positive": 1},
        performance={"calibration": {"bins": 3, "strategy": "uniform"}},
    )
    assert record.performance is not None
    curve = record.performance.curves["calibration"][""]
    assert curve.y == pytest.approx((0.0, 0.5, 1.0))
    assert curve.x == pytest.approx((0.2, 0.525, 0.85))


def test_ranking_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": [0, 0, 1, 1], "p": [0.1, 0.4, 0.35, 0.8]},
        model={"predictions": {"score": "p"}},
        data={"target": "y"},
        decision={"positive": 1},
        performance={"metrics": ["roc_auc", "average_precision"]},
    )
    assert measured(record, "performance/roc_auc").value == pytest.approx(0.75, abs=1e-5)
    assert measured(record, "performance/average_precision").value == pytest.approx(0.8333333, abs=1e-5)


@pytest.mark.parametrize(
    ("truth", "given", "metric", "value"),
    [
        ([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], "balanced_accuracy", 0.625),
        ([1, 1, 1, 0], [1, 0, 1, 1], "matthews_corrcoef", -0.3333333),
    ],
)
def test_labels_of_scikit_learn(tmp_path: Path, truth: list[int], given: list[int], metric: str, value: float) -> None:
    record = audited(
        tmp_path,
        {"y": truth, "p": given},
        model={"predictions": {"label": "p"}},
        data={"target": "y"},
        decision={"positive": 1},
        performance={"metrics": [metric]},
    )
    assert measured(record, f"performance/{metric}").value == pytest.approx(value, abs=1e-5)


def test_f1_averages_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": [0, 1, 2, 0, 1, 2], "p": [0, 2, 1, 0, 0, 1]},
        model={"predictions": {"label": "p"}},
        task="multiclass",
        data={"target": "y"},
    )
    assert measured(record, "performance/f1/macro").value == pytest.approx(0.2666667, abs=1e-5)
    assert measured(record, "performance/f1/micro").value == pytest.approx(0.3333333, abs=1e-5)
    assert measured(record, "performance/f1/class=0").value == pytest.approx(0.8, abs=1e-5)


def test_kappa_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {
            "y": ["negative", "positive", "negative", "neutral", "positive"],
            "p": ["negative", "positive", "negative", "neutral", "negative"],
        },
        model={"predictions": {"label": "p"}},
        task="multiclass",
        data={"target": "y"},
        performance={"metrics": ["cohen_kappa"]},
    )
    assert measured(record, "performance/cohen_kappa").value == pytest.approx(0.6875, abs=1e-5)


def test_confusion_matrix_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": [0, 1, 0, 1], "p": [1, 1, 1, 0]},
        model={"predictions": {"label": "p"}},
        data={"target": "y"},
        decision={"positive": 1},
    )
    assert record.performance is not None
    assert record.performance.confusion is not None
    assert record.performance.confusion.classes == ("0", "1")
    assert record.performance.confusion.counts == ((0, 2), (1, 1))


def test_regression_of_scikit_learn(tmp_path: Path) -> None:
    record = audited(
        tmp_path,
        {"y": [3, -0.5, 2, 7], "p": [2.5, 0.0, 2, 8]},
        model={"predictions": {"label": "p"}},
        task="regression",
        data={"target": "y"},
        performance={"metrics": ["mean_absolute_error", "mean_squared_error", "r2"]},
    )
    assert measured(record, "performance/mean_absolute_error").value == pytest.approx(0.5, abs=1e-6)
    assert measured(record, "performance/mean_squared_error").value == pytest.approx(0.375, abs=1e-6)
    assert measured(record, "performance/r2").value == pytest.approx(0.948608, abs=1e-6)


# --- pROC, aSAH ---------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("score", "auc", "variance"),
    [
        ("wfns", 0.823678861788618, 0.00146991470882363),
        ("s100b", 0.7313685636856369, 0.00266868245717244),
        ("ndka", 0.611957994579946, 0.0031908105493913),
    ],
)
def test_auc_of_proc(score: str, auc: float, variance: float) -> None:
    spec = {
        "audit": 1,
        "model": {"predictions": {"score": score}},
        "task": "ranking_score",
        "data": {"test": "aSAH.csv", "target": "outcome"},
        "decision": {"positive": "Poor"},
        "attribution": False,
    }
    found = measured(audit.run(spec, folder=SHARED / "data/proc"), "performance/roc_auc")
    assert found.value == pytest.approx(auc, abs=1e-9)
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.high is not None
    half = 1.959963984540054 * variance**0.5
    assert (found.low, found.high) == pytest.approx((auc - half, min(1.0, auc + half)), abs=1e-9)


# --- German credit ------------------------------------------------------------------------------


@needs_shared
def test_base_rates_of_german_credit(tmp_path: Path) -> None:
    with (SHARED / "data/german/german.data").open(encoding="utf-8") as file:
        rows = [line.split() for line in file]
    record = audited(
        tmp_path,
        {
            "credit": ["good" if row[20] == "1" else "bad" for row in rows],
            "says": ["good"] * len(rows),
            "sex": ["female" if row[8] in ("A92", "A95") else "male" for row in rows],
            "age": [row[12] for row in rows],
        },
        model={"predictions": {"label": "says"}},
        data={"target": "credit"},
        decision={"positive": "good"},
        sensitive={"features": ["sex", "age"], "bins": {"age": [0, 26, 120]}},
    )
    assert record.subject.tables[0].target_counts == {"bad": 300, "good": 700}
    assert measured(record, "fairness/count/sex=male").value == 690
    assert measured(record, "fairness/count/sex=female").value == 310
    assert measured(record, "fairness/prevalence/sex=male").value == pytest.approx(0.723188, abs=1e-5)
    assert measured(record, "fairness/prevalence/sex=female").value == pytest.approx(0.648387, abs=1e-5)
    assert measured(record, "fairness/prevalence/sex/difference").value == pytest.approx(0.0748013, abs=1e-5)
    assert measured(record, "fairness/prevalence/age/difference").value == pytest.approx(0.149448, abs=1e-5)


# --- Adult --------------------------------------------------------------------------------------

# adult.names and the literature: rows of adult.data by sex, and those of them over 50,000 dollars.
ADULT = {"Female": (10771, 1179), "Male": (21790, 6662)}


def test_base_rates_of_adult_by_sex(tmp_path: Path) -> None:
    rows = [(sex, y, n) for sex, (all_, rich) in ADULT.items() for y, n in ((">50K", rich), ("<=50K", all_ - rich))]
    columns = dict(zip(("sex", "income", "n"), map(list, zip(*rows, strict=True)), strict=True))
    record = audited(
        tmp_path,
        {**columns, "says": columns["income"]},
        model={"predictions": {"label": "says"}},
        data={"target": "income", "weight": {"column": "n"}},
        decision={"positive": ">50K"},
        sensitive={"features": ["sex"]},
    )
    assert (
        measured(record, "fairness/count/sex=Female").value + measured(record, "fairness/count/sex=Male").value == 32561
    )
    for sex, (all_, rich) in ADULT.items():
        assert measured(record, f"fairness/prevalence/sex={sex}").value == pytest.approx(rich / all_, abs=1e-12)
        assert measured(record, f"fairness/true_positives/sex={sex}").value == rich
    assert measured(record, "fairness/impact_ratio/sex=Female").value == pytest.approx(0.3580, abs=5e-5)


@needs_shared
def test_class_probabilities_of_adult_from_its_rows(tmp_path: Path) -> None:
    rows = []
    for name in ("adult.data", "adult.test"):
        lines = (SHARED / "data/adult" / name).read_text(encoding="utf-8").splitlines()
        rows += [line.rstrip(".").split(", ") for line in lines if line.count(",") == 14]
    record = audited(
        tmp_path,
        {
            "income": [row[14] for row in rows],
            "says": [row[14] for row in rows],
            "known": ["no" if "?" in row else "yes" for row in rows],
            "sex": [row[9] for row in rows],
        },
        model={"predictions": {"label": "says"}},
        data={"target": "income"},
        decision={"positive": ">50K"},
        sensitive={"features": ["known", "sex"]},
        robustness=False,
    )
    assert record.subject.tables[0].rows == 48842
    assert measured(record, "fairness/count/known=yes").value == 45222
    assert 100 * measured(record, "performance/prevalence").value == pytest.approx(23.93, abs=0.0051)
    assert 100 * measured(record, "fairness/prevalence/known=yes").value == pytest.approx(24.78, abs=0.0051)


# --- models made by others ----------------------------------------------------------------------


@needs_shared
def test_a_pickle_from_another_project_is_refused_without_trust(tmp_path: Path) -> None:
    spec = _foreign_pickle(tmp_path)
    del spec["model"]["trust"]
    with pytest.raises(audit.AuditError, match=r"runs whatever code its author put there.*model\.trust: \["):
        audit.run(spec, folder=tmp_path)


@needs_shared
def test_a_pickle_from_another_project_gives_its_auc(tmp_path: Path) -> None:
    record = audit.run(_foreign_pickle(tmp_path), folder=tmp_path)
    assert measured(record, "performance/roc_auc").value == pytest.approx(0.834019, abs=1e-6)
    assert record.provenance.trust == ("pickle",)


def _foreign_pickle(folder: Path) -> dict[str, Any]:
    import hashlib
    import shutil

    source = SHARED / "models/glassalpha_lr"
    shutil.copy(source / "quickstart_model.pkl", folder)
    features = (source / "test_data.csv").read_text(encoding="utf-8").splitlines()
    labels = (source / "test_labels.csv").read_text(encoding="utf-8").splitlines()
    (folder / "test.csv").write_text(
        "\n".join(f"{f},{y}" for f, y in zip(features, labels, strict=True)), encoding="utf-8"
    )
    return {
        "audit": 1,
        "model": {
            "path": "quickstart_model.pkl",
            "trust": ["pickle"],
            "key": "model",
            "sha256": hashlib.sha256((folder / "quickstart_model.pkl").read_bytes()).hexdigest(),
        },
        "data": {"test": "test.csv", "target": labels[0]},
        "attribution": False,
    }


# --- pROC, aSAH: two markers of the same patients -----------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("one", "other", "z", "p_value"),
    # pROC, tests/testthat/test-roc.test.R: roc.test(r.wfns, r.s100b), paired, and the others of that file.
    [
        ("wfns", "s100b", 2.20898359144091, 0.0271757822291882),
        ("s100b", "wfns", -2.20898359144091, 0.0271757822291882),
        ("wfns", "ndka", 2.79777591868904, 0.00514557970691098),
    ],
)
def test_a_challenger_is_held_against_the_model_by_the_delong_test_of_proc(
    one: str, other: str, z: float, p_value: float
) -> None:
    spec = {
        "audit": 1,
        "task": "ranking_score",
        "model": {"predictions": {"score": one}},
        "challenger": {"predictions": {"score": other}, "name": other},
        "data": {"test": "aSAH.csv", "target": "outcome"},
        "decision": {"positive": "Poor"},
        **dict.fromkeys(("attribution", "robustness", "fairness"), False),
    }
    record = audit.run(spec, folder=SHARED / "data/proc")
    assert measured(record, "performance/roc_auc/challenger/z").value == pytest.approx(z, abs=1e-9)
    assert measured(record, "performance/roc_auc/challenger/p_value").value == pytest.approx(p_value, abs=1e-9)
    difference = measured(record, "performance/roc_auc/challenger/difference")
    assert isinstance(difference, Estimate) and difference.method == "delong_paired"
    assert difference.value == pytest.approx(
        measured(record, "performance/roc_auc").value - measured(record, "performance/roc_auc/challenger").value
    )
    assert record.subject.challenger is not None and record.subject.challenger.name == other


def test_a_challenger_is_held_against_the_model_by_the_mcnemar_test_of_agresti(tmp_path: Path) -> None:
    # Agresti (1990), p. 350, approval ratings 794, 150, 86, 570; R: binom.test(86, 236)$p.value.
    counts = {(1, 1): 794, (1, 0): 150, (0, 1): 86, (0, 0): 570}
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    truth = [i % 2 for i in range(len(rows))]
    columns = {
        "truth": truth,
        "now": [t if right else 1 - t for t, (right, _) in zip(truth, rows, strict=True)],
        "then": [t if right else 1 - t for t, (_, right) in zip(truth, rows, strict=True)],
    }
    record = audited(
        tmp_path,
        columns,
        model={"predictions": {"label": "now"}},
        challenger={"predictions": {"label": "then"}},
        data={"target": "truth"},
        robustness=False,
        fairness=False,
    )
    assert measured(record, "performance/accuracy/challenger/only_model_right").value == 150
    assert measured(record, "performance/accuracy/challenger/only_challenger_right").value == 86
    p_value = measured(record, "performance/accuracy/challenger/mcnemar_p").value
    assert p_value == pytest.approx(binomtest(86, 236).pvalue, abs=1e-12)
    difference = measured(record, "performance/accuracy/challenger/difference")
    # Agresti (2013), Categorical Data Analysis, 11.1.2: 0.04, Wald interval 0.02 to 0.06.
    assert isinstance(difference, Estimate) and difference.low is not None and difference.high is not None
    assert (round(difference.value, 2), round(difference.low, 2), round(difference.high, 2)) == (0.04, 0.02, 0.06)


# --- dcurves, family history of cancer ----------------------------------------------------------


@pytest.mark.parametrize(
    ("threshold", "model", "everybody"),
    # MSKCC-Epi-Bio/dcurves, dcurves/data/r_dca_famhistory.csv: what the R package gives for 750 patients, 105 with
    # cancer, of whom 24 have a family history, as 91 of the others have.
    [
        (0.05, 0.025614035087719297, 0.09473684210526317),
        (0.1, 0.018518518518518517, 0.04444444444444445),
        (0.2, 0.0016666666666666635, -0.07499999999999998),
        (0.5, -0.08933333333333335, -0.72),
    ],
)
def test_net_benefit_of_dcurves(tmp_path: Path, threshold: float, model: float, everybody: float) -> None:
    counts = {(1, 1): 24, (0, 1): 91, (1, 0): 81, (0, 0): 554}
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    record = audited(
        tmp_path,
        {"cancer": [cancer for cancer, _ in rows], "family": [family for _, family in rows]},
        model={"predictions": {"score": "family"}},
        data={"target": "cancer"},
        decision={"threshold": threshold},
        **dict.fromkeys(("robustness", "fairness"), False),
    )
    assert measured(record, "performance/net_benefit").value == pytest.approx(model, abs=1e-12)
    assert measured(record, "performance/net_benefit/all_positive").value == pytest.approx(everybody, abs=1e-12)
