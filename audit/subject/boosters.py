"""Puts a LightGBM or XGBoost booster, which knows columns by position, behind the one face that every stage sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit import guard
from audit.errors import DataError, ModelError, Problem
from audit.records.spec import Task
from audit.subject.estimator import Identity, model_facts
from audit.subject.evidence import Capability, LoadedModel

Matrix = NDArray[np.float64]
Categories = Mapping[str, Sequence[Any]]
"""Column to the values behind its codes."""


def adapted_lightgbm(
    booster: Any, identity: Identity, categories: Categories, by_code: Sequence[str] = ()
) -> LoadedModel:
    """Put a LightGBM booster behind the face of a model.

    Parameters
    ----------
    booster
        A `lightgbm.Booster`.
    identity
        What is known of it.
    categories
        Categorical columns whose values the file lists: they are read as these values.
    by_code
        Categorical columns whose values it does not list: they are read as integer codes.
    """
    objective = str(booster.params.get("objective", "none"))
    if objective not in _LIGHTGBM_TASKS:
        identity.heard(f"The objective {objective!r} says nothing of the task: scores are taken as they come.")
    read = {f"categorical column {c}": f"values {', '.join(map(str, v))}"[:200] for c, v in categories.items()}
    return _booster(
        booster,
        identity,
        names=tuple(booster.feature_name()),
        task=_LIGHTGBM_TASKS.get(objective),
        probability=objective in ("binary", "multiclass", "multiclassova", "cross_entropy"),
        score=booster.predict,
        categories=categories,
        parameters={
            "objective": objective,
            "trees": str(booster.num_trees()),
            **read,
            **{f"categorical column {c}": "integer codes as in the data" for c in by_code},
        },
    )


def lightgbm_categories(
    names: Sequence[str], infos: Sequence[str], values: Sequence[Sequence[Any]] | None
) -> tuple[Categories, tuple[str, ...]]:
    """Return the values behind the codes of categorical columns, and the categorical columns of which none are listed.

    Parameters
    ----------
    names, infos
        As in the saved text: `[low:high]` for a numeric column, `value:value` for a categorical one, `none` if unused.
    values
        The list `pandas_categorical` of the saved text.

    Raises
    ------
    ValueError
        The numbers of lists and of categorical columns differ.
    """
    by_code = tuple(n for n, info in zip(names, infos, strict=True) if info != "none" and not info.startswith("["))
    if not values:
        return {}, by_code
    if len(values) != len(by_code) or not all(isinstance(v, list) for v in values):
        raise ValueError(f"it lists the values of {len(values)} categorical columns, but has {len(by_code)} of them")
    return dict(zip(by_code, values, strict=True)), ()


def adapted_xgboost(booster: Any, identity: Identity, objective: str) -> LoadedModel:
    """Put an XGBoost booster behind the face of a model.

    Parameters
    ----------
    booster
        An `xgboost.Booster`.
    identity
        What is known of it.
    objective
        Name of its objective.

    Raises
    ------
    ModelError
        It models survival times or several values at once, which are not audited.
    """
    from xgboost import DMatrix

    if objective.startswith(("survival:", "reg:quantile")):
        raise ModelError(
            Problem(identity.place, f"has the objective {objective}, which is not audited.", "Audit another model.")
        )
    by_margin = objective == "multi:softmax"
    names, types = booster.feature_names, booster.feature_types

    def score(rows: Matrix) -> Matrix:
        matrix = DMatrix(rows, feature_names=names, feature_types=types, enable_categorical=True)
        found: Matrix = np.asarray(booster.predict(matrix, output_margin=by_margin), dtype=np.float64)
        return _softmax(found) if by_margin else found

    return _booster(
        booster,
        identity,
        names=tuple(names or (f"f{i}" for i in range(booster.num_features()))),
        task=_xgboost_task(objective),
        probability=objective.startswith("multi:") or objective in ("binary:logistic", "reg:logistic"),
        score=score,
        categories={},
        parameters={"objective": objective, "trees": str(booster.num_boosted_rounds())},
    )


_LIGHTGBM_TASKS: dict[str, Task] = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multiclassova": "multiclass",
    "lambdarank": "ranking_score",
    "rank_xendcg": "ranking_score",
    "regression": "regression",
    "regression_l1": "regression",
    "huber": "regression",
    "fair": "regression",
    "poisson": "regression",
    "quantile": "regression",
    "mape": "regression",
    "gamma": "regression",
    "tweedie": "regression",
}
_XGBOOST_TASKS: dict[str, Task] = {"binary": "binary", "multi": "multiclass", "rank": "ranking_score"}
_NOT_FITTED_AGAIN = "a saved booster does not hold how it was trained."


def _xgboost_task(objective: str) -> Task | None:
    return None if objective == "reg:logistic" else _XGBOOST_TASKS.get(objective.partition(":")[0], "regression")


def _booster(
    booster: Any,
    identity: Identity,
    *,
    names: tuple[str, ...],
    task: Task | None,
    probability: bool,
    score: Callable[[Matrix], Matrix],
    categories: Categories,
    parameters: Mapping[str, str],
) -> LoadedModel:
    def scored(rows: pd.DataFrame) -> Matrix:
        matrix = _matrix(rows, names, categories, identity.place)
        return np.asarray(
            guard.call(f"{identity.place}, predict", score, matrix, heard=identity.heard), dtype=np.float64
        )

    def labelled(rows: pd.DataFrame) -> NDArray[Any]:
        found = scored(rows)
        return found.argmax(axis=1) if found.ndim == 2 else (found >= (0.5 if probability else 0.0)).astype(np.int64)

    facts = model_facts(
        booster, identity, refit_reason=_NOT_FITTED_AGAIN, probability=probability, parameters=parameters
    )
    return LoadedModel(
        facts=facts,
        native=booster,
        features=names,
        classes=None,
        capabilities=frozenset(map(Capability, facts.capabilities)),
        predict=labelled if task in ("binary", "multiclass") else scored,
        predict_score=None if task in ("regression", "ranking_score") else scored,
        probability=probability,
        fit=None,
        task=task,
        width=len(names),
        encode=lambda rows: _matrix(rows, names, categories, identity.place),
    )


def _matrix(rows: pd.DataFrame, names: Sequence[str], categories: Categories, place: str) -> Matrix:
    """(n, d) numbers; columns stand in the model's order, whatever the table calls them."""
    columns, problems = [], []
    for name, column in zip(names, rows.columns, strict=True):
        values = rows[column]
        if name in categories:
            columns.append(_codes(values, categories[name]))
        elif values.dtype.kind in "fiub":
            columns.append(values.to_numpy(dtype=np.float64))
        else:
            first = values.dropna().iloc[0] if values.notna().any() else "nothing"
            problems.append(
                Problem(
                    f"{place}, column {str(column)!r}",
                    f"expected numbers, found {first!r}.",
                    "Give its values as the model was given them.",
                )
            )
    if problems:
        raise DataError(*problems)
    return np.column_stack(columns) if columns else np.zeros((len(rows), 0))


def _codes(values: pd.Series, known: Sequence[Any]) -> Matrix:
    # A value that the model never saw is missing to it, as in LightGBM itself.
    codes = pd.Categorical(values, categories=list(known)).codes.astype(np.float64)
    codes[codes < 0] = np.nan
    return np.asarray(codes, dtype=np.float64)


def _softmax(margin: Matrix) -> Matrix:
    grown = np.exp(margin - margin.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), dtype=np.float64)
