"""The stage as a whole: what runs, what does not and why, the cases it shows, and that two runs give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from audit import catalogue
from audit.attribution.tabular import shap as method
from audit.records.sections import AttributionSection


def data(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    return frame, (frame.a + 0.5 * frame.b + rng.normal(size=n) > 0).astype(int).to_numpy()


def by_name(section: AttributionSection) -> dict[str, Any]:
    return {m.name: m for m in section.methods}


def test_every_method_is_named_with_what_became_of_it(run: Callable[..., Any]) -> None:
    frame, y = data()
    section, _ = run(LogisticRegression().fit(frame, y), frame, y)
    every = [catalogue.load("attributions", name) for name in catalogue.names("attributions")]
    usual = sorted((m.order, m.name) for m in every if m.default)
    assert [m.name for m in section.methods] == [name for _, name in usual]
    found = by_name(section)
    done = {"shap", "permutation_importance", "accumulated_local_effects", "coefficients"}
    assert {found[name].status for name in done} == {"done"} and "partition_shap" not in found
    assert found["tree"].status == "not_run" and "tree" in found["tree"].reason


def test_only_the_methods_asked_for_run(run: Callable[..., Any]) -> None:
    frame, y = data()
    section, observations = run(LogisticRegression().fit(frame, y), frame, y, spec={"methods": ["coefficients"]})
    assert [m.name for m in section.methods] == ["coefficients"] and not observations


def test_a_table_of_predictions_has_nothing_to_attribute(
    evidence: Callable[..., Any], measure_evidence: Callable[..., Any]
) -> None:
    frame, y = data()
    whole = evidence(LogisticRegression().fit(frame, y), frame, y)
    bare = replace(whole, subject=replace(whole.subject, model=None, predictions=None))
    section, observations = measure_evidence(bare)
    assert {m.status for m in section.methods} == {"not_run"} and not observations
    assert all("no model" in m.reason for m in section.methods)


def test_a_method_that_raises_is_an_error_with_its_text(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> Any:
        raise ZeroDivisionError("the library fell over")

    monkeypatch.setattr(method, "METHOD", replace(method.METHOD, attribute=broken))
    frame, y = data()
    section, _ = run(LogisticRegression().fit(frame, y), frame, y)
    facts = by_name(section)
    assert facts["shap"].status == "error" and "the library fell over" in facts["shap"].reason
    assert facts["permutation_importance"].status == "done"


def test_two_runs_give_equal_bytes_and_another_seed_does_not(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = KNeighborsClassifier().fit(frame, y)
    texts = []
    for _ in range(2):
        np.random.default_rng().normal()
        section, observations = run(model, frame, y, spec={"rows": 50, "background": 20})
        texts.append(json.dumps([section.model_dump(mode="json"), *[o.model_dump(mode="json") for o in observations]]))
    assert texts[0] == texts[1]


def test_global_values_are_the_mean_of_the_sampled_rows_alone(
    evidence: Callable[..., Any], ground: Callable[..., Any], run: Callable[..., Any]
) -> None:
    frame, y = data()
    model = LogisticRegression().fit(frame, y)
    drawn = ground(evidence(model, frame, y), rows=40)
    rows = drawn.rows.iloc[:40].to_numpy()
    background = drawn.background.to_numpy()
    expected = np.abs((rows - background.mean(axis=0)) * model.coef_[0]).mean(axis=0)
    _, observations = run(model, frame, y, spec={"rows": 40, "methods": ["shap"]})
    found = {o.id: o.measured for o in observations}
    for j, name in enumerate("abc"):
        measured = found[f"attribution/shap/global/{name}"]
        assert measured.value == pytest.approx(expected[j])
        assert measured.n == 40 and measured.low < measured.value < measured.high
    assert found["attribution/shap/additivity_error"].value < 1e-12


def test_several_classes_have_their_own_values(run: Callable[..., Any]) -> None:
    frame, y = data()
    y = np.array(["setosa", "a/b", "c=d"])[y + (frame.c > 0).to_numpy()]
    section, observations = run(LogisticRegression().fit(frame, y), frame, y, spec={"methods": ["shap"]})
    (facts,) = section.methods
    assert set(facts.base) == set(facts.beeswarm) == {"setosa", "a/b", "c=d"}
    ids = {o.id: o.measured.value for o in observations}
    parts = [ids[f"attribution/shap/global/a/class={name}"] for name in ("setosa", "a%2Fb", "c%3Dd")]
    assert ids["attribution/shap/global/a"] == pytest.approx(np.mean(parts))


def test_hostile_column_names_are_encoded_in_ids_only(run: Callable[..., Any]) -> None:
    frame, y = data()
    frame.columns = ["<script>", "x/y=1&2;%", "漢字"]
    section, observations = run(LogisticRegression().fit(frame, y), frame, y)
    assert "attribution/shap/global/x%2Fy%3D1%262%3B%25" in {o.id for o in observations}
    assert set(by_name(section)["shap"].features) == set(frame.columns)


def test_rows_seen_in_fitting_are_called_that(run: Callable[..., Any]) -> None:
    frame, y = data()
    section, observations = run(LogisticRegression().fit(frame, y), frame, y, held_out=False)
    assert section.scope == "train" and {o.scope for o in observations} == {"train"}
    assert "seen these rows" in " ".join(section.notes)


def test_the_background_comes_from_train_where_there_is_one(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = LogisticRegression().fit(frame, y)
    for train, name in ((frame + 10, "train"), (None, "test")):
        section, _ = run(model, frame, y, train=train, spec={"background": 7})
        facts = by_name(section)["shap"]
        assert facts.background_rows == 7 and f"come from the {name} table" in " ".join(facts.notes)
    shifted = by_name(run(model, frame, y, train=frame + 10)[0])["shap"].base[""]
    assert shifted - by_name(run(model, frame, y)[0])["shap"].base[""] == pytest.approx(10 * model.coef_.sum(), rel=0.1)


def test_cases_are_the_worst_the_nearest_and_one_of_each_group(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = LogisticRegression().fit(frame, y)
    p = model.predict_proba(frame)[:, 1]
    groups = pd.DataFrame({"sex": np.where(np.arange(300) % 3, "female", "male")})
    section, _ = run(model, frame, y, sensitive=groups, spec={"local": {"rows": 8}, "rows": 30})
    cases = by_name(section)["shap"].cases
    assert len(cases) == 8 and [c.number for c in cases] == list(range(1, 9))
    worst = [c for c in cases if "confident errors" in c.chosen]
    near = [c for c in cases if "threshold" in c.chosen]
    assert [c.chosen for c in cases if "typical" in c.chosen] == ["typical of sex = female", "typical of sex = male"]
    wrong = np.where((p > 0.5) != y, np.abs(p - y), 0)
    assert [abs(c.score - int(c.actual)) for c in worst] == pytest.approx(np.sort(wrong)[::-1][: len(worst)].tolist())
    assert all(c.decided != c.actual for c in worst)
    assert [abs(c.score - 0.5) for c in near] == pytest.approx(np.sort(np.abs(p - 0.5))[: len(near)].tolist())
    for case in cases:
        sizes = [abs(c.attribution) for c in case.contributions]
        assert sizes == sorted(sizes, reverse=True)
        assert case.class_ == "1"


def test_cases_of_a_regression_are_the_largest_residuals(run: Callable[..., Any]) -> None:
    frame, _ = data()
    y = frame.a.to_numpy() + np.random.default_rng(1).normal(size=300)
    model = LinearRegression().fit(frame, y)
    section, _ = run(model, frame, y, spec={"local": {"rows": 3, "choose": ["worst"]}})
    cases = by_name(section)["shap"].cases
    residuals = [abs(c.score - float(c.actual)) for c in cases]
    assert residuals == pytest.approx(np.sort(np.abs(model.predict(frame) - y))[::-1][:3].tolist(), abs=1e-3)


def test_cases_can_be_switched_off(run: Callable[..., Any]) -> None:
    frame, y = data()
    section, _ = run(LogisticRegression().fit(frame, y), frame, y, spec={"local": False})
    assert by_name(section)["shap"].cases == ()


def test_densities_hold_every_row_and_colour_by_rank(run: Callable[..., Any]) -> None:
    frame, y = data()
    section, _ = run(LogisticRegression().fit(frame, y), frame, y)
    for density in by_name(section)["shap"].beeswarm[""]:
        assert len(density.edges) == len(density.counts) + 1 == 42
        assert sum(density.counts) == 300
    lead = by_name(section)["shap"].beeswarm[""][0]
    shown = [colour for colour in lead.colour if colour is not None]
    # The coefficient is positive, so colour rises with the attribution.
    assert lead.feature == "a" and shown == sorted(shown)


def test_coefficients_are_those_of_the_model(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = LogisticRegression().fit(frame, y)
    header, *lines = by_name(run(model, frame, y)[0])["coefficients"].table
    found = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    for j, name in enumerate("abc"):
        assert float(found[name]["coefficient"]) == pytest.approx(model.coef_[0, j], rel=1e-5)
        assert float(found[name]["standardised"]) == pytest.approx(
            model.coef_[0, j] * frame[name].std(ddof=0), rel=1e-5
        )


def test_a_tree_is_written_out_to_a_depth_and_counts_the_rest(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = DecisionTreeClassifier(random_state=0).fit(frame, y)
    facts = by_name(run(model, frame, y)[0])["tree"]
    lines = facts.table[1:]
    assert facts.status == "done" and max(int(line[0]) for line in lines) == 5
    assert lines[0][1:3] == ("all rows", "300")
    shown = sum(1 for line in lines if line[3])
    assert facts.notes == (
        f"{model.get_n_leaves() - shown} of {model.get_n_leaves()} leaves lie deeper than 5 tests and are not shown.",
    )
    small = by_name(run(DecisionTreeRegressor(max_depth=2).fit(frame, frame.a), frame, frame.a.to_numpy())[0])["tree"]
    assert small.notes == () and sum(1 for line in small.table if line[3]) == 5


def test_a_forest_is_no_single_tree(run: Callable[..., Any]) -> None:
    frame, y = data()
    facts = by_name(run(RandomForestClassifier(3, random_state=0).fit(frame, y), frame, y)[0])["tree"]
    assert facts.status == "not_run" and "single" in facts.reason


@pytest.mark.heavy
def test_a_default_forest_of_two_hundred_deep_trees_is_explained_whole(run: Callable[..., Any]) -> None:
    from sklearn.datasets import make_classification

    x, y = make_classification(14_000, 20, n_informative=10, flip_y=0.3, random_state=0)
    frame = pd.DataFrame(x, columns=[f"f{i}" for i in range(20)])
    model = RandomForestClassifier(n_estimators=200, random_state=0).fit(frame[:11_000], y[:11_000])
    section, _ = run(model, frame[11_000:].reset_index(drop=True), y[11_000:], train=frame[:11_000])
    facts = by_name(section)["shap"]
    assert (facts.rows, facts.rows_available) == (1000, 3000)
    assert facts.additivity_error < 1e-12
