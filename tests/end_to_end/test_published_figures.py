"""Published figures come out of a whole audit: spec in, record out, compared with what others printed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

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
