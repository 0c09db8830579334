"""Owen values of predictions over groups of columns that the spec declares, or whose values correlate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audit.attribution.account import account
from audit.attribution.clusters import ALIKE, groups_of
from audit.attribution.coalitions import predictions_per_row
from audit.attribution.game import GROUPED_ORDERS, played
from audit.attribution.observe import mean_of_rows
from audit.attribution.owen import grouped_values
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.observation import Observation, encoded
from audit.subject.evidence import Capability

_NAME, _LABEL = "grouped_shap", "Grouped SHAP"
_GAME = "interventional Owen values over groups of columns (absent columns come from background rows)"


def attribute(ground: Ground) -> Attributed:
    """Attribute as many rows and cases as the budget allows, to columns and to groups; up to five columns, exactly."""
    names, groups = [str(name) for name in ground.rows.columns], groups_of(ground)
    if len(names) < 2:
        raise MethodNotRunError("It needs at least two columns to group.")
    place = np.empty(len(names), dtype=np.int64)
    for number, columns in enumerate(groups.values()):
        place[list(columns)] = number
    explained_ground, explained = played(
        ground,
        lambda predict, rows, other, rng: grouped_values(predict, rows, other, rng, place),
        predictions_per_row(len(names), 1),
        GROUPED_ORDERS,
        tuple(_notes(ground, groups)),
        _GAME,
    )
    found = account(_NAME, _LABEL, explained_ground, explained, asked=ground.sampled)
    several = {name: tuple(names[j] for j in columns) for name, columns in groups.items()}
    totals = _totals(explained_ground, explained.values, explained.scale, groups)
    return replace(
        found,
        facts=found.facts.model_copy(update={"groups": several}),
        observations=(*found.observations, *totals),
    )


def _notes(ground: Ground, groups: dict[str, tuple[int, ...]]) -> Iterator[str]:
    shared = sum(len(columns) > 1 for columns in groups.values())
    if ground.groups:
        yield f"Groups that the spec declares: {', '.join(ground.groups)}. Every other column is a group of its own."
    elif shared:
        yield f"Columns of a group correlate by rank with {ALIKE} or more, each with each; the others stand alone."
    else:
        yield f"No two columns correlate by rank with {ALIKE} or more: each stands alone, and these are Shapley values."


def _totals(
    ground: Ground, values: NDArray[np.float64], scale: str, groups: dict[str, tuple[int, ...]]
) -> list[Observation]:
    found = []
    for name, columns in groups.items():
        size = np.abs(values[: ground.sampled, list(columns)].sum(axis=1))
        for k, class_ in enumerate(ground.classes) if len(ground.classes) > 1 else ():
            found.append(_total(name, class_, scale, size[:, k], ground))
        found.append(_total(name, "", scale, size.mean(axis=1), ground))
    return found


def _total(name: str, class_: str, scale: str, size: NDArray[np.float64], ground: Ground) -> Observation:
    return Observation(
        id=f"attribution/{_NAME}/group={encoded(name)}" + (f"/class={encoded(class_)}" if class_ else ""),
        label=f"Mean |sum of a group's values| ({scale}): {name}" + (f", class {class_}" if class_ else ""),
        measured=mean_of_rows(size, ground, floor=0.0),
        scope=ground.scope,
    )


METHOD = AttributionMethod(
    name=_NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="owen",
    default=False,
    order=15,
)
