"""LightGBM, XGBoost and CatBoost models to the Shapley values of their own trees, by us or by these libraries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.attribution.dumps import LightGBMTrees, XGBoostTrees, lightgbm_trees, xgboost_trees
from audit.attribution.explained import (
    Explained,
    Inverse,
    exponential,
    identity,
    logistic,
    softmax_of_rows,
)
from audit.attribution.forests import Forest
from audit.attribution.quadrature import tree_values
from audit.attribution.trees import expected, signs_of
from audit.errors import AuditError

_OPERATIONS_A_LEAF = 64
# Up to here the library is through before our compiler is loaded. Counted, not timed: equal runs take equal ways.
_FEW_OPERATIONS = 5e8
_ADDITIVE = 1e-5


@dataclass(frozen=True, kw_only=True)
class Booster:
    """A boosted ensemble that attributes its own predictions."""

    contributions: Callable[[Any], NDArray[np.float64]]
    """Encoded rows -> (n, outputs, m + 1) attributions, the base value last."""
    raw: Callable[[Any], NDArray[np.float64]]
    """Encoded rows -> (n, outputs) raw scores."""
    leaves: int
    scale: str
    inverse: Inverse
    columns: tuple[int, ...]
    """Positions of the explained classes; empty in regression."""
    own: Callable[[], LightGBMTrees | XGBoostTrees | None] = lambda: None
    """Its trees and how they read rows, where we know them."""

    def cost(self) -> int:
        """Return the operations that one row costs, on the scale of `quadrature.operations`."""
        return self.leaves * _OPERATIONS_A_LEAF

    def explain(self, encoded: Any) -> Explained:
        """Attribute the raw score of `encoded` rows to their columns."""
        output = self.output(encoded)
        ours = guard.attempt(self._by_own_trees, encoded, output)
        # A model saved in a way that we do not know is still known to its library.
        return self._by_library(encoded, output) if ours is None or isinstance(ours, AuditError) else ours

    def _by_own_trees(self, encoded: Any, output: NDArray[np.float64]) -> Explained | None:
        # The same game on the same trees, many times as fast, but only where the result adds up.
        few = self.cost() * encoded.shape[0] <= _FEW_OPERATIONS
        own = None if few or hasattr(encoded, "toarray") else self.own()
        if own is None:
            return None
        values = tree_values(own.trees, own.read(encoded))
        base = np.sum([expected(tree) for tree in own.trees], axis=0)
        # The first row tells the constant; that the others agree with it is what the additivity error tests.
        explained = self._explained(values, base + (output[0] - base - values[0].sum(axis=0)), output)
        exact = explained.additivity_error() <= _ADDITIVE * float(np.abs(output).max(initial=1.0))
        return explained if exact else None

    def _by_library(self, encoded: Any, output: NDArray[np.float64]) -> Explained:
        found = self._turned(self.contributions(encoded))
        return self._explained(found[:, :, :-1].transpose(0, 2, 1), found[0, :, -1], output)

    def _explained(
        self, values: NDArray[np.float64], base: NDArray[np.float64], output: NDArray[np.float64]
    ) -> Explained:
        return Explained(
            values=values,
            base=base,
            output=output,
            game="path-dependent Shapley values (absent columns follow the training weights of the trees), exact",
            scale=self.scale,
            inverse=self.inverse,
        )

    def forest(self) -> Forest | None:
        """Return its trees as those of any other ensemble, or None where we do not know how to read them."""
        own = self.own()
        if own is None:
            return None
        return Forest(
            trees=own.trees,
            read=own.read,
            columns=None,
            output=self.output,
            constant=True,
            scale=self.scale,
            inverse=self.inverse,
        )

    def output(self, encoded: Any) -> NDArray[np.float64]:
        """Return the (n, K) raw score of `encoded` rows for the explained classes."""
        return self._turned(self.raw(encoded)[:, :, None])[:, :, 0]

    def _turned(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.columns:
            return outputs
        if outputs.shape[1] == 1:
            return outputs if self.columns[0] == 1 else -outputs
        return outputs[:, list(self.columns)]


def booster_of(model: Any, columns: tuple[int, ...]) -> Booster | None:
    """Return a boosted ensemble behind one face, or None where it is none or its link is unknown."""
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        return _lightgbm(model, columns)
    if library == "xgboost":
        return _xgboost(model, columns)
    return _catboost(model, columns) if library == "catboost" else None


def _lightgbm(model: Any, columns: tuple[int, ...]) -> Booster | None:
    text = getattr(model, "booster_", model).model_to_string()
    objective = re.search(r"^objective=(.*)$", text, re.MULTILINE)
    link = _lightgbm_link(objective.group(1) if objective else "")
    if link is None:
        return None

    # A random forest predicts the mean of its trees, but both of these are their sum.
    share = 1 / getattr(model, "booster_", model).current_iteration() if "\naverage_output\n" in text else 1.0

    def contributions(rows: Any) -> NDArray[np.float64]:
        found = share * np.asarray(model.predict(rows, pred_contrib=True), dtype=np.float64)
        return found.reshape(len(found), -1, rows.shape[1] + 1)

    def raw(rows: Any) -> NDArray[np.float64]:
        found = share * np.asarray(model.predict(rows, raw_score=True), dtype=np.float64)
        return found.reshape(len(found), -1)

    leaves = sum(int(n) for n in re.findall(r"^num_leaves=(\d+)$", text, re.MULTILINE))
    outputs = int(_HEADER.search(text).group(1))  # type: ignore[union-attr]
    return Booster(
        contributions=contributions,
        raw=raw,
        leaves=leaves,
        scale=link[0],
        inverse=link[1],
        columns=columns,
        own=lambda: lightgbm_trees(text, signs_of(outputs, columns), share),
    )


_HEADER = re.compile(r"^num_tree_per_iteration=(\d+)$", re.MULTILINE)


def _lightgbm_link(objective: str) -> tuple[str, Inverse] | None:
    name, _, arguments = objective.partition(" ")
    if name == "binary":
        slope = float(dict(a.split(":") for a in arguments.split() if ":" in a).get("sigmoid", 1.0))
        return ("log-odds", logistic) if slope == 1 else ("raw score", lambda output: logistic(slope * output))
    if name == "cross_entropy":
        return "log-odds", logistic
    if name == "multiclass":
        return "raw score (before softmax)", softmax_of_rows
    if name == "multiclassova":
        return "log-odds of each class against the rest", logistic
    if name in ("poisson", "gamma", "tweedie"):
        return "log of the target", exponential
    if name == "cross_entropy_lambda":
        return "raw score (before softplus)", lambda output: np.logaddexp(0.0, output)
    if name in ("regression", "regression_l1", "huber", "fair", "quantile", "mape"):
        squared = "sqrt" in arguments.split()
        return ("square root of the target", lambda output: output * np.abs(output)) if squared else _VALUE
    return ("raw score", identity) if name in ("lambdarank", "rank_xendcg") else None


def _xgboost(model: Any, columns: tuple[int, ...]) -> Booster | None:
    import xgboost

    booster = model.get_booster() if hasattr(model, "get_booster") else model
    config = json.loads(booster.save_config())["learner"]
    link = _XGBOOST_LINKS.get(config["objective"]["name"])
    if link is None or config["gradient_booster"]["name"] == "gblinear":
        return None
    missing = getattr(model, "missing", np.nan)
    # An early stop is what the model's own predictions honour.
    stop = booster.attr("best_iteration")
    rounds = (0, 0) if stop is None else (0, int(stop) + 1)

    names, types = booster.feature_names, booster.feature_types

    def predicted(rows: Any, **what: bool) -> NDArray[np.float64]:
        named = {} if hasattr(rows, "columns") else {"feature_names": names, "feature_types": types}
        matrix = xgboost.DMatrix(rows, missing=missing, enable_categorical=True, **named)
        return np.asarray(booster.predict(matrix, iteration_range=rounds, **what), dtype=np.float64)

    def contributions(rows: Any) -> NDArray[np.float64]:
        found = predicted(rows, pred_contribs=True)
        return found.reshape(len(found), -1, rows.shape[1] + 1)

    def raw(rows: Any) -> NDArray[np.float64]:
        found = predicted(rows, output_margin=True)
        return found.reshape(len(found), -1)

    def own() -> XGBoostTrees | None:
        saved = json.loads(booster.save_raw("json"))
        size = saved["learner"]["learner_model_param"]
        outputs = max(1, int(size["num_class"]), int(size["num_target"]))
        if outputs > 1 and not columns:
            return None
        return xgboost_trees(saved, signs_of(outputs, columns), rounds[1] or None, missing)

    leaves = sum(tree.count("leaf=") for tree in booster.get_dump())
    return Booster(
        contributions=contributions, raw=raw, leaves=leaves, scale=link[0], inverse=link[1], columns=columns, own=own
    )


def _catboost(model: Any, columns: tuple[int, ...]) -> Booster | None:
    from catboost import Pool

    link = _CATBOOST_LINKS.get(str(model.get_all_params().get("loss_function")).partition(":")[0])
    if link is None or bool(columns) != bool(len(model.classes_)):
        return None
    categories = model.get_cat_feature_indices()

    def contributions(rows: Any) -> NDArray[np.float64]:
        found = model.get_feature_importance(Pool(rows, cat_features=categories), type="ShapValues")
        return np.asarray(found, dtype=np.float64).reshape(len(rows), -1, rows.shape[1] + 1)

    def raw(rows: Any) -> NDArray[np.float64]:
        found = np.asarray(model.predict(rows, prediction_type="RawFormulaVal"), dtype=np.float64)
        return found.reshape(len(found), -1)

    leaves = int(model.get_tree_leaf_counts().sum())
    return Booster(contributions=contributions, raw=raw, leaves=leaves, scale=link[0], inverse=link[1], columns=columns)


_VALUE: tuple[str, Inverse] = ("unit of the target", identity)
_LOG: tuple[str, Inverse] = ("log of the target", exponential)
_ODDS: tuple[str, Inverse] = ("log-odds", logistic)
_CLASSES: tuple[str, Inverse] = ("raw score (before softmax)", softmax_of_rows)
_XGBOOST_LINKS: dict[str, tuple[str, Inverse]] = {
    "reg:squarederror": _VALUE,
    "reg:absoluteerror": _VALUE,
    "reg:squaredlogerror": _VALUE,
    "reg:pseudohubererror": _VALUE,
    "reg:quantileerror": _VALUE,
    "reg:logistic": _ODDS,
    "binary:logistic": _ODDS,
    "binary:logitraw": ("raw score", identity),
    "multi:softprob": _CLASSES,
    "multi:softmax": _CLASSES,
    "count:poisson": _LOG,
    "reg:gamma": _LOG,
    "reg:tweedie": _LOG,
    "rank:ndcg": ("raw score", identity),
    "rank:pairwise": ("raw score", identity),
    "rank:map": ("raw score", identity),
}
_CATBOOST_LINKS: dict[str, tuple[str, Inverse]] = {
    **dict.fromkeys(("Logloss", "CrossEntropy"), _ODDS),
    "MultiClass": _CLASSES,
    "MultiClassOneVsAll": ("log-odds of each class against the rest", logistic),
    **dict.fromkeys(("Poisson", "Tweedie", "LogLinQuantile"), _LOG),
    **dict.fromkeys(("RMSE", "MAE", "Quantile", "Expectile", "Lq", "MAPE", "Huber", "LogCosh"), _VALUE),
    **dict.fromkeys(("YetiRank", "PairLogit", "QueryRMSE", "QuerySoftMax"), ("raw score", identity)),
}
