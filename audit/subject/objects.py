"""Turns an unpickled object into a model: an estimator, a booster, or the entry of a dict that the spec names."""

from __future__ import annotations

import json
from typing import Any

from audit.declarations.model_format import ModelFile
from audit.errors import ModelError, Problem
from audit.subject.boosters import Categories, adapted_catboost, adapted_lightgbm, adapted_xgboost, lightgbm_categories
from audit.subject.estimator import Identity, adapted
from audit.subject.evidence import LoadedModel


def load_hint(file: ModelFile) -> str:
    """Return what to do where a file does not unpickle."""
    return f"If it lacks a class or a module of yours, name its Python file under {file.section}.code."


def adapted_object(found: Any, file: ModelFile, identity: Identity) -> LoadedModel:
    """Put an object behind the face of a model.

    Raises
    ------
    ModelError
        It is a dict and the spec names none of its keys, or it is no model.
    """
    native = _entry(found, file)
    library, name = type(native).__module__.partition(".")[0], type(native).__name__
    if (library, name) == ("lightgbm", "Booster"):
        return adapted_lightgbm(native, identity, *_categories(native))
    if (library, name) == ("xgboost", "Booster"):
        return adapted_xgboost(native, identity, _objective(native))
    if (library, name) == ("catboost", "CatBoost"):
        return adapted_catboost(native, identity)
    # CatBoost's own estimators keep the names of their columns under a name of their own.
    return adapted(native, identity, tuple(native.feature_names_) if library == "catboost" else None)


def _entry(found: Any, file: ModelFile) -> Any:
    place, key = file.place, f"{file.section}.key"
    if not isinstance(found, dict):
        if file.key is not None:
            message = f"holds a {type(found).__name__}, no dict with keys."
            raise ModelError(Problem(place, message, f"Leave {key} out."))
        return found
    keys = ", ".join(f"{name} ({type(value).__name__})" for name, value in found.items())
    if file.key is None:
        raise ModelError(Problem(place, f"holds a dict with the keys {keys}.", f"Name the model's key under {key}."))
    if file.key not in found:
        message = f"has no key {file.key!r}; it has {keys}."
        raise ModelError(Problem(place, message, f"Name one of them under {key}."))
    return found[file.key]


def _categories(booster: Any) -> tuple[Categories, tuple[str, ...]]:
    header = booster.model_to_string(num_iteration=1).split("Tree=", 1)[0].split("\n")
    infos = next(line for line in header if line.startswith("feature_infos=")).partition("=")[2].split(" ")
    return lightgbm_categories(booster.feature_name(), infos, booster.pandas_categorical)


def _objective(booster: Any) -> str:
    return str(json.loads(booster.save_config())["learner"]["objective"]["name"])
