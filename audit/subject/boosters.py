"""Puts a LightGBM, XGBoost or CatBoost booster behind the one face that every stage sees."""

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
    names = tuple(booster.feature_name())
    return _booster(
        booster,
        identity,
        names=names,
        task=_LIGHTGBM_TASKS.get(objective),
        probability=objective in ("binary", "multiclass", "multiclassova", "cross_entropy"),
        score=booster.predict,
        encode=lambda rows: _matrix(rows, names, categories, identity.place),
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
    columns = tuple(names or (f"f{i}" for i in range(booster.num_features())))

    def score(rows: Matrix) -> Matrix:
        matrix = DMatrix(rows, feature_names=names, feature_types=types, enable_categorical=True)
        found: Matrix = np.asarray(booster.predict(matrix, output_margin=by_margin), dtype=np.float64)
        return _softmax(found) if by_margin else found

    return _booster(
        booster,
        identity,
        names=columns,
        task=_xgboost_task(objective),
        probability=objective.startswith("multi:") or objective in ("binary:logistic", "reg:logistic"),
        score=score,
        encode=lambda rows: _matrix(rows, columns, {}, identity.place),
        parameters={"objective": objective, "trees": str(booster.num_boosted_rounds())},
    )


def adapted_catboost(model: Any, identity: Identity) -> LoadedModel:
    """Put a CatBoost model that was read from its own file behind the face of a model.

    Parameters
    ----------
    model
        A `catboost.CatBoost` that holds its trees.
    identity
        What is known of it.

    Raises
    ------
    ModelError
        It models survival times or several values at once, which are not audited.
    """
    objective = guard.call(identity.place, lambda: str(model.get_all_params().get("loss_function", "none")))
    kind = objective.partition(":")[0]
    if kind in _CATBOOST_NOT_AUDITED:
        raise ModelError(
            Problem(identity.place, f"has the objective {objective}, which is not audited.", "Audit another model.")
        )
    task = _CATBOOST_TASKS.get(kind)
    if task is None:
        identity.heard(f"The objective {objective!r} says nothing of the task: scores are taken as they come.")
    classes = tuple(np.asarray(model.classes_).tolist()) if task in ("binary", "multiclass") else ()
    if task in ("binary", "multiclass") and not classes:
        raise ModelError(Problem(identity.place, "does not hold its class labels.", "Save the model again."))
    form = "Probability" if classes else "Exponent" if kind in CATBOOST_EXPONENTS else "RawFormulaVal"
    names = tuple(map(str, model.feature_names_))
    by_category = frozenset(model.get_cat_feature_indices())
    categories = ", ".join(names[i] for i in sorted(by_category))
    return _booster(
        model,
        identity,
        names=names,
        task=task,
        probability=bool(classes),
        score=lambda rows: model.predict(rows, prediction_type=form),
        encode=lambda rows: _categorised(rows, names, by_category, identity.place),
        parameters={
            "objective": objective,
            "trees": str(model.tree_count_),
            **({"categorical columns": categories[:200]} if categories else {}),
        },
        classes=classes or None,
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
_CATBOOST_TASKS: dict[str, Task] = {
    **dict.fromkeys(("Logloss", "Focal"), "binary"),
    **dict.fromkeys(("MultiClass", "MultiClassOneVsAll"), "multiclass"),
    **dict.fromkeys(
        (
            "RMSE", "MAE", "Quantile", "LogLinQuantile", "Expectile", "Lq", "Poisson", "MAPE", "Huber", "Tweedie",
            "LogCosh",
        ),
        "regression",
    ),
    **dict.fromkeys(
        (
            "YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "QueryRMSE", "QuerySoftMax",
            "QueryCrossEntropy", "StochasticFilter", "StochasticRank", "LambdaMart",
        ),
        "ranking_score",
    ),
}  # fmt: skip
_CATBOOST_NOT_AUDITED = frozenset(
    {
        "Cox", "SurvivalAft", "MultiRMSE", "MultiRMSEWithMissingValues", "MultiLogloss", "MultiCrossEntropy",
        "MultiQuantile", "RMSEWithUncertainty",
    }
)  # fmt: skip
CATBOOST_EXPONENTS = frozenset({"Poisson", "Tweedie", "LogLinQuantile"})
"""Objectives of which the library reports the exponential of the sum of the trees."""
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
    score: Callable[[Any], Matrix],
    encode: Callable[[pd.DataFrame], Any],
    parameters: Mapping[str, str],
    classes: tuple[Any, ...] | None = None,
) -> LoadedModel:
    def scored(rows: pd.DataFrame) -> Matrix:
        encoded = encode(rows)
        return np.asarray(
            guard.call(f"{identity.place}, predict", score, encoded, heard=identity.heard), dtype=np.float64
        )

    def labelled(rows: pd.DataFrame) -> NDArray[Any]:
        found = scored(rows)
        if classes is not None:
            return np.asarray(np.asarray(classes)[found.argmax(axis=1)])
        return found.argmax(axis=1) if found.ndim == 2 else (found >= (0.5 if probability else 0.0)).astype(np.int64)

    facts = model_facts(
        booster, identity, refit_reason=_NOT_FITTED_AGAIN, probability=probability, parameters=parameters
    )
    return LoadedModel(
        facts=facts,
        native=booster,
        features=names,
        classes=classes,
        capabilities=frozenset(map(Capability, facts.capabilities)),
        predict=labelled if task in ("binary", "multiclass") else scored,
        predict_score=None if task in ("regression", "ranking_score") else scored,
        probability=probability,
        fit=None,
        task=task,
        width=len(names),
        encode=encode,
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


def _categorised(rows: pd.DataFrame, names: Sequence[str], by_category: frozenset[int], place: str) -> pd.DataFrame:
    """The rows as CatBoost reads them: categories as text, the rest as numbers, columns under the model's names."""
    columns: dict[str, Any] = {}
    problems = []
    for i, (name, column) in enumerate(zip(names, rows.columns, strict=True)):
        values = rows[column]
        if i in by_category:
            columns[name] = _texts(values)
            wrong = "categories without missing values" if values.isna().any() else ""
        else:
            wrong = "" if values.dtype.kind in "fiub" else "numbers"
            columns[name] = None if wrong else values.to_numpy(dtype=np.float64)
        if wrong:
            odd = values[values.isna()] if i in by_category else values.dropna()
            found = odd.iloc[0] if len(odd) else "nothing"
            hint = "Give its values as the model was given them."
            problems.append(Problem(f"{place}, column {str(column)!r}", f"expected {wrong}, found {found!r}.", hint))
    if problems:
        raise DataError(*problems)
    return pd.DataFrame(columns, index=rows.index)


def _texts(values: pd.Series) -> NDArray[np.object_]:
    # CatBoost knows a category by its text; a whole number that a table holds as a float is the text of the integer.
    if values.dtype.kind == "f" and bool((values.dropna() % 1 == 0).all()) and not values.isna().any():
        values = values.astype(np.int64)
    return np.asarray([str(v) for v in values.tolist()], dtype=object)


def _codes(values: pd.Series, known: Sequence[Any]) -> Matrix:
    # A value that the model never saw is missing to it, as in LightGBM itself.
    codes = pd.Categorical(values, categories=list(known)).codes.astype(np.float64)
    codes[codes < 0] = np.nan
    return np.asarray(codes, dtype=np.float64)


def _softmax(margin: Matrix) -> Matrix:
    grown = np.exp(margin - margin.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), dtype=np.float64)
