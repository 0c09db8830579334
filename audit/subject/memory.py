"""Turns objects in memory into files that the measuring process can read, and the part of a spec that names them."""

from __future__ import annotations

import hashlib
import inspect
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from audit import guard
from audit.errors import DataError, Problem

if TYPE_CHECKING:
    import pandas as pd

MARK = b"audit-memory\n"


def spill(model: Any, tables: Mapping[str, pd.DataFrame], challenger: Any = None) -> tuple[dict[str, Any], Path]:
    """Write a model, the one it is compared with, and their tables to a private folder.

    Parameters
    ----------
    model
        A fitted estimator or booster; None in an audit of predictions.
    tables
        `test`, `train` and `reference` to data frames.
    challenger
        A second fitted estimator or booster, if there is one.

    Returns
    -------
    spec : dict
        `{"model": {...}, "data": {...}}` with paths relative to the folder; the model is pinned by its sha256.
    folder : Path
        Readable by its owner only; the caller removes it.

    Raises
    ------
    ModelError
        The model cannot be pickled.
    DataError
        A table is no DataFrame, or cannot be kept as Parquet.
    """
    folder = Path(tempfile.mkdtemp(prefix="audit-"))
    try:
        for role, table in tables.items():
            if not hasattr(table, "to_parquet"):
                message = f"expected a pandas DataFrame, found {type(table).__name__}."
                raise DataError(Problem(f"{role} table", message, "A file is named in the spec."))
            guard.call(f"{role} table", _write_table, table, folder / f"{role}.parquet", error=DataError)
        spec: dict[str, Any] = {"data": {role: f"{role}.parquet" for role in tables}}
        # Two models of one class would have one name in one folder.
        for section, native, place in (("model", model, ""), ("challenger", challenger, "challenger/")):
            if native is not None:
                (folder / place).mkdir(exist_ok=True)
                spec[section] = _kept(native, folder, place, section)
        return spec, folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _kept(model: Any, folder: Path, place: str, section: str) -> dict[str, Any]:
    content = MARK + guard.call(section, _pickled, model, hint="Save it with skops and audit the file.")
    # A model without a name is called after its file.
    name = f"{place}{type(model).__name__}.memory"
    (folder / name).write_bytes(content)
    return {"path": name, "trust": ["memory"], "sha256": hashlib.sha256(content).hexdigest()}


def _write_table(table: pd.DataFrame, path: Path) -> None:
    table.set_axis([str(name) for name in table.columns], axis=1).to_parquet(path, index=False)


def _pickled(model: Any) -> bytes:
    import cloudpickle

    with _by_value(_own_modules(model)):
        content: bytes = cloudpickle.dumps(model)
    return content


@contextmanager
def _by_value(modules: list[ModuleType]) -> Iterator[None]:
    import cloudpickle

    fresh = [m for m in modules if m.__name__ not in cloudpickle.list_registry_pickle_by_value()]
    for module in fresh:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in fresh:
            cloudpickle.unregister_pickle_by_value(module)


def _own_modules(model: Any) -> list[ModuleType]:
    """Modules of the caller's own that the model's parts come from: the measuring process cannot import them."""
    parts = [model, *(model.get_params(deep=True).values() if hasattr(model, "get_params") else ())]
    names = {(p if inspect.isroutine(p) or inspect.isclass(p) else type(p)).__module__ for p in parts}
    installed = tuple(Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "purelib", "platlib"))
    found = [sys.modules[name] for name in sorted(filter(None, names)) if name in sys.modules and name != "__main__"]
    return [
        m for m in found if (file := getattr(m, "__file__", None)) and not _is_under(Path(file).resolve(), installed)
    ]


def _is_under(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
