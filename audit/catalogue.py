"""Names of extensions: the stem of a file or a registered entry point; a name that occurs twice stops the run."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.abc import InspectLoader
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from audit.declarations.argument import Argument, declared_arguments
from audit.errors import AuditError, MissingDependencyError, Problem

Kind = Literal[
    "metrics",
    "disparities",
    "indices",
    "attributions",
    "attribution_checks",
    "checks",
    "conditions",
    "model_formats",
    "output_formats",
]


def names(kind: Kind) -> tuple[str, ...]:
    """Return every name of one kind in alphabetical order, importing none of them."""
    found = [*_shipped(kind), *_registered(kind)]
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise AuditError(*(Problem(f"{kind}.{n}", "two extensions have this name.", "Uninstall one.") for n in twice))
    return tuple(sorted(found))


def load(kind: Kind, name: str) -> Any:
    """Import one extension and return the object that it declares.

    Raises
    ------
    MissingDependencyError
        A registered extension cannot be imported.
    KeyError
        There is no extension of that name.
    """
    # Shipped names come first: asking the system for entry points reads every installed package.
    if name in _shipped(kind):
        return _imported(kind, name)
    registered = _registered(kind)
    if name not in registered:
        raise KeyError(f"{kind}: {name}")
    return _loaded(kind, registered[name])


def load_all(kind: Kind) -> dict[str, Any]:
    """Import every extension of one kind, by name."""
    registered = _registered(kind)
    return {n: _loaded(kind, registered[n]) if n in registered else _imported(kind, n) for n in names(kind)}


@cache
def arguments(kind: Kind, name: str) -> Mapping[str, Argument] | None:
    """Return the arguments that a shipped extension declares, read from its text; None where that cannot be."""
    if name not in _shipped(kind):
        return None
    spec = importlib.util.find_spec(f"{_HOMES[kind][0]}.{name}")
    loader = spec.loader if spec else None
    source = loader.get_source(spec.name) if spec and isinstance(loader, InspectLoader) else None
    return None if source is None else declared_arguments(source)


_HOMES: dict[Kind, tuple[str, str]] = {
    "metrics": ("audit.metrics", "METRIC"),
    "disparities": ("audit.fairness.disparities", "DISPARITY"),
    "indices": ("audit.fairness.indices", "INDEX"),
    "attributions": ("audit.attribution.tabular", "METHOD"),
    "attribution_checks": ("audit.attribution.checks", "CHECK"),
    "checks": ("audit.robustness.checks", "CHECK"),
    "conditions": ("audit.policy.conditions", "CONDITION"),
    "model_formats": ("audit.subject.formats", "FORMAT"),
    "output_formats": ("audit.report.formats", "FORMAT"),
}


def _imported(kind: Kind, name: str) -> Any:
    package, attribute = _HOMES[kind]
    return getattr(importlib.import_module(f"{package}.{name}"), attribute)


def _shipped(kind: Kind) -> tuple[str, ...]:
    # The package itself is only located, not imported beyond its empty __init__.
    package = importlib.import_module(_HOMES[kind][0])
    return tuple(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))


def _registered(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"audit.{kind}")}


def _loaded(kind: Kind, point: EntryPoint) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise MissingDependencyError(
            Problem(
                f"{kind}.{point.name}",
                f"the registered extension {point.value} does not load: {error}.",
                "Mend or uninstall it.",
            )
        ) from error
