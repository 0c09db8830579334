"""Rows that come in clusters: from a spec to the record and the report, and folds that do not part them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import audit
from audit.errors import DataError, SpecError
from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Undefined
from audit.records.spec import CrossValidationSpec
from audit.subject.folds import folds_of, together

LIGHT = {"attribution": False, "efficiency": False, "report": {"formats": ["json"]}}


def branches(seed: int, clusters: int = 60) -> pd.DataFrame:
    """Rows of branches that differ in how often the answer is yes, and in how often it is said."""
    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(clusters), rng.integers(2, 16, clusters))
    n, apart = len(home), rng.normal(size=clusters)
    x = rng.normal(size=n)
    truth = (rng.random(n) < 1 / (1 + np.exp(-(x + apart[home])))).astype(int)
    score = 1 / (1 + np.exp(-(x + 0.6 * apart[home])))
    table = {"branch": [f"B{i}" for i in home], "x": x, "sex": rng.choice(["f", "m"], n), "y": truth, "p": score}
    return pd.DataFrame(table).assign(said=(score >= 0.5).astype(int))


def run(folder: Path, table: pd.DataFrame, **changes: Any) -> AuditRecord:
    table.to_csv(folder / "test.csv", index=False)
    spec: dict[str, Any] = {
        "model": {"predictions": {"label": "said", "score": "p"}},
        "data": {"test": str(folder / "test.csv"), "target": "y", "features": ["x"]},
        "sensitive": {"features": ["sex"]},
        "performance": {"interval": {"cluster": "branch", "resamples": 200}},
        "allow_paths": [str(folder)],
        **LIGHT,
    }
    return audit.run(spec | changes)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[AuditRecord, AuditRecord, AuditRecord]:
    """An audit that knows the clusters, the same again, and one that does not."""
    table = branches(0)
    one, again, plain = (tmp_path_factory.mktemp(name) for name in ("one", "again", "plain"))
    interval = {"performance": {"interval": {"resamples": 200}}}
    return run(one, table), run(again, table), run(plain, table, **interval)


def by_id(record: AuditRecord) -> dict[str, Any]:
    return {observation.id: observation.measured for observation in record.observations}


def width(measured: Estimate) -> float:
    return (measured.high if measured.high is not None else 1e9) - (measured.low if measured.low is not None else -1e9)


def test_points_stay_and_intervals_widen(records: tuple[AuditRecord, ...]) -> None:
    clustered, plain = by_id(records[0]), by_id(records[2])
    assert clustered.keys() >= {key for key in plain if "_right" not in key and "holm" not in key}
    for key in ("prevalence", "accuracy", "roc_auc", "brier_score", "log_loss", "calibration_intercept"):
        one, other = clustered[f"performance/{key}"], plain[f"performance/{key}"]
        assert one.value == other.value
        assert one.method.endswith("_clustered")
        assert width(one) >= width(other)
    assert width(clustered["performance/prevalence"]) > 1.3 * width(plain["performance/prevalence"])


def test_every_interval_allows_for_clusters_or_is_named(records: tuple[AuditRecord, ...]) -> None:
    record = records[0]
    loose = {
        o.id
        for o in record.observations
        if isinstance(o.measured, Estimate) and "cluster" not in o.measured.method and o.measured.method != "mover"
    }
    notes = " ".join(record.robustness.notes if record.robustness else ())
    named = {o for check in record.robustness.checks if check.label in notes for o in check.observations}
    assert "take them as independent" in notes
    assert loose <= named, loose - named


def test_tests_of_independent_rows_are_not_made(records: tuple[AuditRecord, ...]) -> None:
    found = by_id(records[0])
    for key in ("selection_rate_p_value/sex=f", "selection_rate_fisher_p_value/sex=f"):
        measured = found[f"fairness/{key}"]
        assert isinstance(measured, Undefined) and "not independent" in measured.reason


def test_the_report_says_what_the_clusters_are(records: tuple[AuditRecord, ...]) -> None:
    performance = records[0].performance
    assert performance is not None
    (said,) = [note for note in performance.notes if "clusters by branch" in note]
    assert "60 clusters" in said and "design effect" in said
    html = audit.render(records[0], "html").decode()
    assert "by cluster" in html and "60 clusters by branch" in html


def test_two_runs_give_one_digest(records: tuple[AuditRecord, ...]) -> None:
    one, again, _ = records
    assert one.observations == again.observations


def test_few_clusters_are_warned_of(tmp_path: Path) -> None:
    off = {"fairness": False, "robustness": False}
    record = run(tmp_path, branches(1, clusters=12), **off)
    assert record.performance is not None
    assert any("fewer than 20 clusters" in note for note in record.performance.notes)


def test_a_row_without_a_cluster_is_one_of_its_own(tmp_path: Path) -> None:
    table = branches(2)
    table.loc[table.index[:40], "branch"] = None
    record = run(tmp_path, table, fairness=False, robustness=False)
    assert record.performance is not None
    clusters = table["branch"].nunique() + 40
    assert any(f"{clusters} clusters by branch, of 1 to" in note for note in record.performance.notes)


def test_a_column_that_is_not_there_or_says_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"performance\.interval\.cluster"):
        run(tmp_path, branches(0).drop(columns="branch"))
    with pytest.raises(SpecError, match=r"performance\.interval\.cluster"):
        run(tmp_path, branches(0), performance={"interval": {"cluster": "y"}})


def test_the_exact_interval_of_shares_on_request(tmp_path: Path) -> None:
    off = {"fairness": False, "robustness": False}
    table = branches(3)
    asked = {"performance": {"interval": {"proportion": "clopper_pearson"}, "metrics": ["accuracy", "brier_score"]}}
    found = by_id(run(tmp_path, table, **off, **asked))
    accuracy = found["performance/accuracy"]
    hits, n = int((table["y"] == table["said"]).sum()), len(table)
    from scipy import stats

    # Quantiles of beta distributions, which scipy's own exact test gives as well.
    exact = stats.binomtest(hits, n).proportion_ci(0.95, "exact")
    assert accuracy.method == "clopper_pearson"
    assert (accuracy.low, accuracy.high) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert found["performance/brier_score"].method == "hall_t"


def test_no_fold_parts_a_cluster(tmp_path: Path) -> None:
    table = branches(4)
    table.to_csv(tmp_path / "train.csv", index=False)
    record = audit.run(
        {
            "model": {"estimator": "sklearn.linear_model:LogisticRegression"},
            "data": {"train": str(tmp_path / "train.csv"), "target": "y", "features": ["x"]},
            "performance": {"interval": {"cluster": "branch"}, "metrics": ["accuracy"], "learning_curve": False},
            "fairness": False,
            "robustness": False,
            "allow_paths": [str(tmp_path)],
            **LIGHT,
        }
    )
    assert record.performance is not None and record.performance.cross_validation is not None
    assert (record.performance.cross_validation.by, record.performance.cross_validation.column) == ("group", "branch")


@pytest.mark.parametrize("by", ["stratified", "plain"])
def test_folds_keep_clusters_together(by: str) -> None:
    from dataclasses import replace

    from audit.records.sections import TableFacts
    from audit.subject.evidence import Table

    frame = branches(5)
    cluster, _ = pd.factorize(frame["branch"])
    counts = {str(code): int(n) for code, n in frame["y"].value_counts().items()}
    table = Table(
        role="train",
        features=frame[["x"]],
        target=frame["y"].to_numpy(np.int64),
        target_raw=frame["y"],
        weight=None,
        sensitive=frame[[]],
        time=None,
        cv_group=None,
        facts=TableFacts(
            role="train", name="t", sha256="0" * 64, rows=len(frame), rows_used=len(frame), target_counts=counts
        ),
        cluster=cluster.astype(np.int64),
    )
    how = CrossValidationSpec(by=by)  # type: ignore[arg-type]

    def parted(given: Table) -> int:
        made = folds_of(*together(given, how), "binary", 0)
        assert not isinstance(made, str)
        return sum(len(set(cluster[fitted]) & set(cluster[tested])) for fitted, tested in made)

    assert parted(table) == 0
    # The double: folds that know no clusters part them.
    assert parted(replace(table, cluster=None)) > 0
