"""Puts a scikit-learn estimator, given, loaded or made by a factory, behind the one face that every stage sees."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils.validation import has_fit_parameter

from audit import guard
from audit.declarations.model_format import ModelFile
from audit.errors import ModelError, Problem
from audit.records.sections import ModelFacts
from audit.records.spec import Task
from audit.subject.diagnose import explained
from audit.subject.evidence import Capability, LoadedModel


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What is known of a model before it is looked into."""

    place: str
    """Where it stands, for errors."""
    name: str
    format: str
    sha256: str | None = None
    size: int | None = None
    trust: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    seed: int = 0
    """Given to every `random_state` that is open when a clone is fitted."""
    heard: Callable[[str], None]


def identity_of_file(file: ModelFile, form: str, trust: tuple[str, ...] = ()) -> Identity:
    """Say what is known of a model that comes from a file."""
    return Identity(
        place=file.place,
        name=file.name,
        format=form,
        sha256=file.sha256,
        size=len(file.content),
        trust=trust,
        code=file.code,
        seed=file.seed,
        heard=file.heard,
    )


def adapted(native: Any, identity: Identity, fitted_on: tuple[str, ...] | None = None) -> LoadedModel:
    """Put a fitted estimator behind the face of a model.

    Parameters
    ----------
    native
        The estimator.
    identity
        What is known of it.
    fitted_on
        Columns of the table that it was fitted on, when that was seen.

    Raises
    ------
    ModelError
        It cannot predict, was never fitted, or predicts several targets at once.
    """
    _refuse_unsuited(native, identity.place)
    names, width = getattr(native, "feature_names_in_", None), getattr(native, "n_features_in_", None)
    features = fitted_on if names is None else tuple(map(str, names))
    # An estimator of the user's own may keep neither names nor their number and still look columns up by name.
    as_array = features is None and width is not None
    classes = _classes(native, identity.place)
    probability = _has(native, "predict_proba")
    score = "predict_proba" if probability else "decision_function" if _has(native, "decision_function") else None
    refit, why = _refit(native, identity)
    facts = model_facts(native, identity, refit_reason=why)
    return LoadedModel(
        facts=facts,
        native=native,
        features=features,
        classes=classes,
        capabilities=frozenset(map(Capability, facts.capabilities)),
        predict=_caller(native, "predict", as_array, identity),
        predict_score=None if score is None else _caller(native, score, as_array, identity),
        probability=probability,
        fit=refit,
        task=_task(native, classes),
        width=width,
        threshold=own_threshold(native),
        encode=None if as_array or features is not None else lambda rows: rows,
    )


def fitter(
    native: Any, identity: Identity
) -> Callable[[pd.DataFrame, pd.Series, NDArray[np.float64] | None], LoadedModel]:
    """Return a function that clones an estimator, fits the clone and adapts it."""

    def fit(features: pd.DataFrame, target: pd.Series, weight: NDArray[np.float64] | None) -> LoadedModel:
        fresh = guard.call(identity.place, _fresh, native, identity.seed, heard=identity.heard)
        weights = {} if weight is None else _weight_argument(fresh, weight, identity)
        _fit(fresh, features, target, weights, identity)
        return adapted(fresh, identity, tuple(map(str, features.columns)))

    return fit


def made(estimator: str, params: Mapping[str, Any], folder: str | None, identity: Identity) -> Any:
    """Call the factory `package.module:factory` and return its unfitted estimator.

    Raises
    ------
    ModelError
        The module or the factory cannot be found, or what it returns is no estimator.
    """
    module_name, _, attribute = estimator.partition(":")
    if not module_name or not attribute:
        raise ModelError(
            Problem(
                identity.place, f"expected `package.module:factory`, found {estimator!r}.", "Write e.g. models:make."
            )
        )
    with _importable(module_name, folder):
        module = guard.call(
            identity.place, importlib.import_module, module_name, heard=identity.heard, hint=_IMPORT_HINT
        )
    factory: Any = module
    for part in attribute.split("."):
        factory = getattr(factory, part, None)
    if not callable(factory):
        offered = sorted(n for n, v in vars(module).items() if callable(v) and not n.startswith("_"))
        raise ModelError(
            Problem(
                identity.place, f"module {module_name} has no factory {attribute!r}.", f"It has: {', '.join(offered)}."
            )
        )
    section = identity.place.partition(".")[0]
    native = guard.call(
        identity.place,
        lambda: factory(**params),
        heard=identity.heard,
        hint=f"Check {section}.params.",
    )
    if not (hasattr(native, "fit") and hasattr(native, "predict") and hasattr(native, "get_params")):
        raise ModelError(
            Problem(
                identity.place,
                f"expected a scikit-learn estimator, the factory returned {type(native).__name__}.",
                _ESTIMATOR_HINT,
            )
        )
    return native


def model_facts(
    native: Any,
    identity: Identity,
    *,
    refit_reason: str = "",
    probability: bool = False,
    parameters: Mapping[str, str] | None = None,
) -> ModelFacts:
    """Say what a model is without looking at any row."""
    capabilities = {Capability.PREDICT}
    capabilities |= {Capability.PROBABILITY} if probability or _has(native, "predict_proba") else set()
    capabilities |= {Capability.DECISION} if _has(native, "decision_function") else set()
    capabilities |= {Capability.TREE} if is_tree(final(native)) else set()
    capabilities |= {Capability.LINEAR} if _is_linear(final(native)) else set()
    capabilities |= set() if refit_reason else {Capability.REFIT}
    return ModelFacts(
        name=identity.name,
        format=identity.format,
        type=type_text(native),
        sha256=identity.sha256,
        size=identity.size,
        trust=identity.trust,
        code=identity.code,
        refittable=not refit_reason,
        refit_reason=refit_reason,
        capabilities=tuple(sorted(capabilities)),
        parameters=dict(parameters) if parameters is not None else _parameters(final(native)),
    )


def final(native: Any) -> Any:
    """Return the estimator that predicts: the last step of a pipeline, the winner of a search."""
    if hasattr(native, "best_estimator_"):
        return final(native.best_estimator_)
    steps = getattr(native, "steps", None)
    return final(steps[-1][1]) if isinstance(steps, list) and steps else native


def own_threshold(native: Any) -> float | None:
    """Return the threshold that a classifier brings with it, or None."""
    last = final(native)
    found = getattr(last, "best_threshold_", None)
    if found is None and type(last).__name__ == "FixedThresholdClassifier":
        found = None if last.threshold == "auto" else last.threshold
    return None if found is None else float(found)


def type_text(native: Any) -> str:
    """Return the class with the classes inside it, e.g. "Pipeline(StandardScaler, LogisticRegression)"."""
    inner = [type_text(part) for part in _parts(native)]
    return f"{type(native).__name__}({', '.join(inner)})" if inner else type(native).__name__


def is_tree(native: Any) -> bool:
    """Whether the estimator is a tree or a sum of trees."""
    return any(c.__name__ in _TREES for c in type(native).__mro__)


_TREES = {
    "BaseDecisionTree", "BaseForest", "BaseGradientBoosting", "BaseHistGradientBoosting", "LGBMModel", "XGBModel",
    "Booster", "CatBoost",
}  # fmt: skip
_IMPORT_HINT = "Put the module beside the spec, or install it."
_ESTIMATOR_HINT = "Return an unfitted estimator with fit, predict and get_params."
_FIT_HINT = "A column of text needs an encoder in the pipeline, a missing value an imputer."


def _refuse_unsuited(native: Any, place: str) -> None:
    if not callable(getattr(native, "predict", None)):
        raise ModelError(
            Problem(
                place, f"expected a model, found {type(native).__name__} without predict.", "Save the fitted estimator."
            )
        )
    if isinstance(getattr(native, "classes_", None), list) or getattr(native, "n_outputs_", 1) not in (1, None):
        raise ModelError(
            Problem(
                place,
                "predicts several targets at once.",
                "Multilabel models are not audited; audit one target at a time.",
            )
        )


def _classes(native: Any, place: str) -> tuple[Any, ...] | None:
    if not is_classifier(native):
        return None
    # A composite raises here when it was never fitted.
    found = guard.call(place, getattr, native, "classes_", None, hint="Fit the model before saving it.")
    classes = None if found is None else tuple(np.asarray(found).tolist())
    if classes is not None and len(classes) < 2:
        raise ModelError(Problem(place, f"knows one class only: {classes}.", "Fit it on rows of at least two classes."))
    return classes


def _task(native: Any, classes: tuple[Any, ...] | None) -> Task | None:
    if classes is not None:
        return "binary" if len(classes) == 2 else "multiclass"
    return "regression" if is_regressor(native) else None


def _has(native: Any, method: str) -> bool:
    # `available_if` makes hasattr run the estimator's own code, which may raise anything when it was never fitted.
    return callable(guard.call(method, getattr, native, method, None))


def _caller(native: Any, method: str, as_array: bool, identity: Identity) -> Callable[[pd.DataFrame], NDArray[Any]]:
    function = getattr(native, method)
    place = f"{identity.place}, {method}"

    def predicted(rows: pd.DataFrame) -> NDArray[Any]:
        try:
            found = guard.call(place, function, rows.to_numpy() if as_array else rows, heard=identity.heard)
        except ModelError as error:
            raise explained(error, rows) from error
        return np.asarray(found)

    return predicted


def _refit(
    native: Any, identity: Identity
) -> tuple[Callable[[pd.DataFrame, pd.Series, NDArray[np.float64] | None], LoadedModel] | None, str]:
    if not callable(getattr(native, "fit", None)) or not hasattr(native, "get_params"):
        return None, f"{type(native).__name__} has no fit or no get_params."
    try:
        guard.call(identity.place, clone, native)
    except ModelError as error:
        return None, f"it cannot be cloned: {error.problems[0].message}"
    return fitter(native, identity), ""


def _fresh(native: Any, seed: int) -> Any:
    fresh = clone(native)
    # Without a seed two audits of one spec would differ; a seed that the author gave stays.
    open_seeds = {
        key: seed
        for key, value in fresh.get_params(deep=True).items()
        if value is None and (key == "random_state" or key.endswith("__random_state"))
    }
    return fresh.set_params(**open_seeds) if open_seeds else fresh


def _fit(fresh: Any, features: pd.DataFrame, target: pd.Series, weights: Mapping[str, Any], identity: Identity) -> None:
    try:
        guard.call(
            f"{identity.place}, fit",
            lambda: fresh.fit(features, target, **weights),
            heard=identity.heard,
            hint=_FIT_HINT,
        )
    except ModelError as error:
        raise explained(error, features) from error


def _weight_argument(fresh: Any, weight: NDArray[np.float64], identity: Identity) -> dict[str, NDArray[np.float64]]:
    steps = getattr(fresh, "steps", None)
    last = steps[-1][1] if isinstance(steps, list) else fresh
    if not has_fit_parameter(last, "sample_weight"):
        identity.heard(f"{type(last).__name__} takes no weights: it is fitted without them, and measured with them.")
        return {}
    return {f"{steps[-1][0]}__sample_weight" if isinstance(steps, list) else "sample_weight": weight}


def _is_linear(native: Any) -> bool:
    return hasattr(native, "coef_") and hasattr(native, "intercept_") and not hasattr(native, "coefs_")


def _parts(native: Any) -> list[Any]:
    if isinstance(getattr(native, "steps", None), list):
        return [step for _, step in native.steps if step not in (None, "passthrough")]
    if not hasattr(native, "get_params") or inspect.isclass(native):
        return []
    return [v for v in native.get_params(deep=False).values() if hasattr(v, "get_params") and not inspect.isclass(v)]


def _parameters(native: Any) -> dict[str, str]:
    if not hasattr(native, "get_params"):
        return {}
    return {str(key): _value_text(value) for key, value in sorted(native.get_params(deep=False).items())}


def _value_text(value: Any) -> str:
    if hasattr(value, "get_params"):
        return type_text(value)
    text = value.__qualname__ if inspect.isroutine(value) or inspect.isclass(value) else " ".join(repr(value).split())
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)[:200]


@contextmanager
def _importable(module: str, folder: str | None) -> Iterator[None]:
    top = module.split(".")[0]
    beside = folder is not None and ((Path(folder) / top).is_dir() or (Path(folder) / f"{top}.py").is_file())
    if beside:
        sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if beside:
            sys.path.remove(str(folder))
