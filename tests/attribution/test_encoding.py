"""Which original column is behind each encoded one, against what moves when a column is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from audit.attribution.encoding import UntraceableError, origins


class Doubled(StandardScaler):
    """The user's own: its name is a scaler's, its doing is not."""

    def transform(self, X: Any, copy: Any = None) -> Any:
        return np.asarray(X)[:, ::-1]


def rows(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=n),
            "b": rng.normal(size=n),
            "c": rng.choice(["x", "y", "z", "rare"], n, p=[0.4, 0.3, 0.28, 0.02]),
            "d": rng.choice(["lo", "hi"], n),
            "e": rng.integers(0, 5, n).astype(float),
            "f": rng.choice(["red fox", "blue sky", "red sky"], n),
        }
    )
    frame.loc[rng.random(n) < 0.2, ["a", "e"]] = np.nan
    return frame


NUMBERS, WORDS = ["a", "b", "e"], ["c", "d"]
STEPS: dict[str, Any] = {
    "selector": make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")), (OneHotEncoder(), WORDS)
    ),
    "nothing_for_one": make_column_transformer(
        (SimpleImputer(), NUMBERS), (OneHotEncoder(), make_column_selector(dtype_include="datetime"))
    ),
    "indicator": make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
        (OneHotEncoder(drop="first"), WORDS),
    ),
    "infrequent": ColumnTransformer([("o", OneHotEncoder(min_frequency=10), ["d", "c"])], remainder="drop"),
    "dropped if binary": make_column_transformer((OneHotEncoder(drop="if_binary"), ["c", "d"]), ("passthrough", ["b"])),
    "ordinal": make_column_transformer((OrdinalEncoder(), WORDS), (SimpleImputer(), ["e", "a"])),
    "positions": ColumnTransformer([("s", "passthrough", [4, 1]), ("o", OrdinalEncoder(), [-4])]),
    "slice": ColumnTransformer([("s", "passthrough", slice("a", "b")), ("o", OrdinalEncoder(), slice(2, 4))]),
    "mask": ColumnTransformer([("s", "passthrough", [True, True, False, False, True, False])]),
    "text": make_column_transformer((CountVectorizer(), "f"), ("passthrough", ["a"])),
    "union": make_pipeline(
        make_column_transformer((SimpleImputer(), NUMBERS)),
        FeatureUnion([("s", StandardScaler()), ("k", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"))]),
    ),
    "selection": make_pipeline(
        make_column_transformer((SimpleImputer(), NUMBERS), (OneHotEncoder(), WORDS)),
        VarianceThreshold(0.01),
        SelectKBest(k=4),
    ),
    "missing": make_column_transformer((MissingIndicator(), NUMBERS), ("drop", WORDS)),
    "splines": make_pipeline(make_column_transformer((SimpleImputer(), NUMBERS)), SplineTransformer(n_knots=4)),
    "target": make_column_transformer((TargetEncoder(), WORDS)),
    "nested": make_column_transformer(
        (make_column_transformer((OneHotEncoder(), ["d"]), ("passthrough", ["b"])), ["b", "d"]),
        (SimpleImputer(), ["a"]),
    ),
    "function of one column": make_column_transformer(
        (FunctionTransformer(np.abs, feature_names_out="one-to-one"), ["b"])
    ),
    "one custom column": make_column_transformer((Doubled(), ["b"]), remainder="drop"),
    "pca of one column": make_column_transformer((PCA(1), ["b"])),
}
MIXED: dict[str, Any] = {
    "pca": make_column_transformer((make_pipeline(SimpleImputer(), PCA(2)), NUMBERS)),
    "products": make_column_transformer((make_pipeline(SimpleImputer(), PolynomialFeatures(2)), NUMBERS)),
    "neighbours": make_column_transformer((KNNImputer(), NUMBERS)),
    "length": make_column_transformer((make_pipeline(SimpleImputer(), Normalizer()), NUMBERS)),
    "custom": make_column_transformer((make_pipeline(SimpleImputer(), Doubled()), NUMBERS)),
    "function": make_column_transformer((FunctionTransformer(np.nan_to_num), NUMBERS)),
}


def moved(step: Any, frame: pd.DataFrame) -> np.ndarray:
    """(encoded, original) whether an encoded column changes when an original one is shuffled."""

    def encoded(table: pd.DataFrame) -> np.ndarray:
        found = step.transform(table)
        return np.asarray(found.toarray() if hasattr(found, "toarray") else found, dtype=float)

    before, changes = encoded(frame), []
    for j in range(frame.shape[1]):
        shuffled = frame.copy()
        shuffled.iloc[:, j] = np.roll(frame.iloc[:, j].to_numpy(), 7)
        changes.append(~((encoded(shuffled) == before) | (np.isnan(before) & np.isnan(encoded(shuffled)))).all(axis=0))
    return np.stack(changes, axis=1)


def traced(step: Any, frame: pd.DataFrame) -> np.ndarray:
    owners = origins(step, range(frame.shape[1]))
    found = np.zeros((len(owners), frame.shape[1]), dtype=bool)
    found[np.arange(len(owners)), owners] = True
    return found


@pytest.mark.parametrize("name", STEPS)
def test_every_encoded_column_moves_with_its_origin_and_no_other(name: str) -> None:
    frame = rows()
    step = STEPS[name].fit(frame, np.arange(len(frame)) % 2)
    np.testing.assert_array_equal(traced(step, frame), moved(step, frame))


@pytest.mark.parametrize("name", MIXED)
def test_columns_that_mix_are_refused(name: str) -> None:
    frame = rows()
    step = MIXED[name].fit(frame, np.arange(len(frame)) % 2)
    with pytest.raises(UntraceableError):
        origins(step, range(frame.shape[1]))


def test_a_double_that_counts_columns_in_order_fails() -> None:
    frame = rows()
    step = STEPS["nested"].fit(frame)
    in_order = np.eye(4, frame.shape[1], dtype=bool)
    assert not np.array_equal(in_order, moved(step, frame))
