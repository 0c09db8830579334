"""Partial dependence and the curves of single rows, against scikit-learn's on the same grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

NAME = "partial_dependence"


def data(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "kind": rng.choice(["x", "y", "z"], n)})
    return frame, (frame.a * frame.b + (frame.kind == "x") + 0.3 * rng.normal(size=n)).to_numpy()


def found(run: Callable[..., Any], *args: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    section, observations = run(*args, spec={"methods": [NAME], **more.pop("spec", {})}, **more)
    return section.methods[0], {o.id.removeprefix(f"attribution/{NAME}/"): o.measured for o in observations}


def pipeline(model: Any, frame: pd.DataFrame, y: Any) -> Any:
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    return make_pipeline(encode, model).fit(frame, y)


def lines(effect: Any, kind: str, class_: str = "") -> dict[str, np.ndarray]:
    return {line.key: np.array(line.y) for line in effect.lines if line.kind == kind and line.class_ == class_}


def test_curves_are_those_of_scikit_learn_on_the_same_grid(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = pipeline(GradientBoostingRegressor(n_estimators=30, random_state=0), frame, y)
    facts, values = found(run, model, frame, y)
    assert {e.feature for e in facts.effects} == {"a", "b", "kind"}
    for effect in facts.effects:
        grid = effect.categories or effect.x
        theirs = partial_dependence(
            model, frame, [effect.feature], kind="both", custom_values={effect.feature: np.array(grid)}
        )
        assert lines(effect, "overall")[""] == pytest.approx(theirs["average"][0], abs=1e-12)
        curves = theirs["individual"][0]
        moved = curves - curves[:, :1]
        assert lines(effect, "quantile")["0.5"] == pytest.approx(
            np.quantile(moved, 0.5, axis=0, method="inverted_cdf"), abs=1e-12
        )
        low, high = effect.ends
        assert values[f"change/{effect.feature}"].value == pytest.approx((curves[:, high] - curves[:, low]).mean())
        assert values[f"global/{effect.feature}"].value == pytest.approx(theirs["average"][0].std(), abs=1e-12)
        assert values[f"global/{effect.feature}"].low <= values[f"global/{effect.feature}"].value
    # A double that is not centred differs from the quantiles of centred curves.
    assert not np.allclose(np.quantile(curves, 0.5, axis=0), lines(effect, "quantile")["0.5"])


def test_each_class_and_each_group(run: Callable[..., Any]) -> None:
    frame, y = data()
    label = np.digitize(y, [-0.3, 0.6])
    model = pipeline(RandomForestClassifier(10, random_state=0), frame, label)
    groups = pd.DataFrame({"sex": np.where(np.arange(300) % 3, "female", "male")})
    facts, values = found(run, model, frame, label, sensitive=groups)
    (effect,) = [e for e in facts.effects if e.feature == "a"]
    grid = {"a": np.array(effect.x)}
    for members, key in ((slice(None), ""), ((groups.sex == "male").to_numpy(), "sex=male")):
        theirs = partial_dependence(model, frame[members], ["a"], custom_values=grid)["average"]
        for k in range(3):
            ours = lines(effect, "group" if key else "overall", str(k))
            assert ours[key] == pytest.approx(theirs[k], abs=1e-12)
    assert values["change/a/sex=male/class=2"].n == 100
    assert effect.centred is False


def test_the_band_holds_what_many_rows_say(run: Callable[..., Any]) -> None:
    frame, _ = data(4000)
    model = LinearRegression().fit(frame[["a", "b"]], frame.a + 2 * frame.b)
    hits = []
    for i in range(30):
        part = frame.loc[i * 100 : i * 100 + 99, ["a", "b"]].reset_index(drop=True)
        (effect, *_) = [e for e in found(run, model, part, None)[0].effects if e.feature == "a"]
        (line,) = [line for line in effect.lines if line.kind == "overall"]
        truth = np.array(effect.x) + 2 * frame.b.mean()
        hits.append(bool(line.low[3] <= truth[3] <= line.high[3]))
    assert 23 <= sum(hits) <= 30


def test_a_budget_of_predictions_leaves_fewer_rows(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = pipeline(GradientBoostingRegressor(n_estimators=5), frame, y)
    facts, values = found(run, model, frame, y, spec={"budget": 45 * 50})
    assert facts.rows == 50 == values["change/a"].n and "50 of the 300" in " ".join(facts.notes)
