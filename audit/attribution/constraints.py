"""A fitted model to the directions in which its own constraints let a column move its output."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from audit.attribution.split import explained_columns, split_of
from audit.declarations.attribution import Ground

Direction = Literal["increasing", "decreasing"]


def own_directions(ground: Ground) -> dict[str, Direction]:
    """Return the direction of each constrained column, for the output that is explained.

    Only of models that read the table as it is: a step before them may turn a column round.
    """
    split = split_of(ground.model)
    if split.steps or len(ground.classes) > 1:
        return {}
    names = [str(name) for name in ground.rows.columns]
    signs = _signs(split.predictor, names)
    # Constraints of a classifier are of the score of its second class.
    turned = -1 if explained_columns(ground) == (0,) else 1
    return {
        name: "increasing" if sign * turned > 0 else "decreasing"
        for name, sign in zip(names, signs, strict=False)
        if sign
    }


def _signs(model: Any, names: list[str]) -> Sequence[int]:
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        return _listed(r"\[monotone_constraints: ([^\]]*)\]", getattr(model, "booster_", model).model_to_string())
    if library == "xgboost":
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        found = json.dumps(json.loads(booster.save_config()))
        return _listed(r'"monotone_constraints": "\(?([^")]*)\)?"', found)
    given = getattr(model, "monotonic_cst", None)
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return [int(given.get(name, 0)) for name in names]
    return [int(sign) for sign in np.asarray(given).ravel()]


def _listed(pattern: str, text: str) -> Sequence[int]:
    found = re.search(pattern, text)
    parts = re.split(r"[,\s]+", found.group(1).strip()) if found else []
    return [int(part) for part in parts if re.fullmatch(r"[+-]?[01]", part)]
