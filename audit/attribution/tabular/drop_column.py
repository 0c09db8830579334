"""How much worse a model predicts that is fitted again without a column.

The column is held at one value wherever it stands, in fitting and in predicting, which tells a model no more than if it
were missing and suits any pipeline. Both sides of the comparison are fitted anew on the training table.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit import guard
from audit.attribution.ground import predictor, reduced
from audit.attribution.losses import Predicted, increases
from audit.attribution.observe import observed
from audit.attribution.shuffles import shuffled_predictions
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.errors import AuditError
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability, Table

NAME = "drop_column"
_LABEL = "Drop-column importance"
_GAME = "loss of the predictions of a model that is fitted again without the column"


def attribute(ground: Ground) -> Attributed:
    """Fit the model again as it is, and once without each column, as many as `attribution.refits` allows."""
    train = ground.subject.train
    if ground.target is None:
        raise MethodNotRunError("It needs true labels; the table has none.")
    if train is None or train.target_raw is None:
        raise MethodNotRunError("It needs a training table with labels (data.train) to fit on.")
    if ground.scope == "train":
        raise MethodNotRunError("It needs rows that the model was not fitted on (data.test).")
    most = ground.refits - 1
    if most < 1:
        raise MethodNotRunError("It needs two refits or more, and attribution.refits allows one.")
    n, d = ground.sampled, ground.rows.shape[1]
    chosen = list(range(d)) if d <= most else _strongest(ground, most)
    before = _refitted(ground, train, None)
    if isinstance(before, AuditError):
        raise MethodNotRunError(f"The model could not be fitted again: {before}")
    after = {j: _refitted(ground, train, j) for j in chosen}
    scale, found = increases(ground, [[said] for said in after.values() if not isinstance(said, AuditError)], before)
    told = iter(found)
    measured: dict[int, Measured] = {
        j: Undefined(reason=f"The model could not be fitted without it: {said}")
        if isinstance(said, AuditError)
        else next(told)
        for j, said in after.items()
    }
    names = [str(name) for name in ground.rows.columns]
    order = sorted(chosen, key=lambda j: (-_value(measured[j]), j))
    notes = [
        f"{len(chosen) + 1} models were fitted. The interval is over rows: how another training table, or chance in "
        "fitting, would change the models is not in it."
    ]
    if len(chosen) < d:
        left = [names[j] for j in range(d) if j not in chosen]
        notes.append(f"Left out, by the budget of refits and one shuffle of each column: {', '.join(left)}.")
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=scale,
        rows=n,
        rows_available=ground.available,
        notes=tuple(notes),
        features=tuple(names[j] for j in order),
    )
    label = f"{_LABEL} ({scale})"
    importance = np.zeros(d)
    importance[chosen] = [_value(measured[j]) for j in chosen]
    return Attributed(
        facts=facts,
        observations=tuple(observed(NAME, names[j], "", label, measured[j], ground) for j in order),
        importance=importance if len(chosen) == d else None,
    )


def _value(measured: Measured) -> float:
    return measured.value if isinstance(measured, Estimate) else 0.0


def _strongest(ground: Ground, most: int) -> list[int]:
    rng, d = np.random.default_rng(ground.seed), ground.rows.shape[1]
    ground = reduced(ground, max(2, ground.budget // d), 0)
    n = ground.sampled
    said = shuffled_predictions(ground, [((j,), rng.permutation(n)) for j in range(d)])
    _, found = increases(ground, [[one] for one in said])
    return sorted(sorted(range(d), key=lambda j: (-found[j].value, j))[:most])


def _refitted(ground: Ground, train: Table, without: int | None) -> Predicted | AuditError:
    def fitted() -> Predicted:
        assert ground.model.fit is not None and train.target_raw is not None
        features, rows = train.features, ground.rows.iloc[: ground.sampled]
        if without is not None:
            at = _usual(train.features.iloc[:, without])
            features, rows = (_held(part, without, train.features, at) for part in (features, rows))
        model = ground.model.fit(features, train.target_raw, train.weight)
        return predictor(ground.subject, model, replace(train, role="test"))(rows)

    return guard.attempt(fitted)


def _usual(held: pd.Series) -> int:
    # The row that holds the most usual value of a column, or where there is none the first.
    known = held.dropna()
    if known.empty:
        return 0
    return int(np.flatnonzero((held == known.mode().iloc[0]).to_numpy(dtype=bool, na_value=False))[0])


def _held(rows: pd.DataFrame, column: int, source: pd.DataFrame, at: int) -> pd.DataFrame:
    constant = source.iloc[np.full(len(rows), at), column].set_axis(rows.index)
    columns = [rows.iloc[:, j] if j != column else constant for j in range(rows.shape[1])]
    held = pd.concat(columns, axis=1)
    held.columns = rows.columns
    return held


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT, Capability.REFIT}),
    needs_labels=True,
    default=False,
    order=23,
)
