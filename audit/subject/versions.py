"""Versions of what measured, without importing it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version


def versions() -> dict[str, str]:
    """Return package name to version of the packages that can move a number, with Python and the platform."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


_PACKAGES = (
    "model-audit", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "shap", "numba", "skops", "joblib",
    "lightgbm", "xgboost", "xgboost-cpu", "catboost",
)  # fmt: skip
