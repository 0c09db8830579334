"""Measures how much memory loading and asking a model takes, in a fresh process that holds nothing else."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd

from audit.child import child_environment
from audit.records.measured import Exact, Measured, Undefined
from audit.records.plan import Plan
from audit.subject.evidence import Evidence

_PATIENCE = 300.0
"""Seconds after which the fresh process is ended."""


def peaks(evidence: Evidence, plan: Plan, rows: int) -> dict[str, Measured]:
    """Return by how much the resident memory of a fresh process grows at most while it loads and asks the model.

    The process imports the libraries that this one holds, which is where the count starts; it is started from within
    the measuring process, under the same confinement.

    Parameters
    ----------
    evidence : Evidence
        The rows to predict; fewer than `rows` are repeated.
    plan : Plan
        Names the model file and its descriptor.
    rows : int
        How many are predicted in one call.

    Returns
    -------
    dict of str to Measured
        `peak_memory/load` and `peak_memory/batch=<rows>`, bytes.
    """
    names = ("peak_memory/load", f"peak_memory/batch={rows}")
    lacking = _lacking(evidence, plan)
    found = Undefined(reason=lacking) if lacking else _measured(evidence.headline.table.features, plan, rows)
    if isinstance(found, Undefined):
        return dict.fromkeys(names, found)
    return {name: Exact(value=value, unit="bytes", n=n) for name, value, n in zip(names, found, (0, rows), strict=True)}


def _lacking(evidence: Evidence, plan: Plan) -> str:
    if sys.platform != "linux":
        return "Peak memory is read from the kernel's own account, which only Linux keeps."
    if not plan.inputs_of("model"):
        return "The model was fitted inside the audit: a fresh process has no file to load."
    return "" if len(evidence.headline.table.features) else "There are no rows to predict."


def _measured(features: pd.DataFrame, plan: Plan, rows: int) -> tuple[int, int] | Undefined:
    question = (plan.model_dump_json(), _imported(), features.iloc[np.arange(rows) % len(features)])
    descriptors = tuple(i.fd for i in plan.inputs if i.fd is not None)
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "audit.efficiency.fresh"],
            input=pickle.dumps(question),
            capture_output=True,
            env=child_environment(),
            pass_fds=descriptors,
            timeout=_PATIENCE,
            check=True,
        )
        told = json.loads(answer.stdout)
        return int(told["load"]), int(told["predict"])
    except subprocess.TimeoutExpired:
        return Undefined(reason=f"The fresh process took longer than {_PATIENCE:.0f} s.")
    except (subprocess.CalledProcessError, ValueError, KeyError, OSError) as error:
        said = getattr(error, "stderr", b"") or b""
        last = " ".join(said.decode(errors="replace").splitlines()[-1:])[:300]
        return Undefined(reason=f"The fresh process ended before it was done: {last or type(error).__name__}.")


def _imported() -> list[str]:
    return sorted(
        name
        for name, module in sys.modules.items()
        if not name.startswith("_") and getattr(module, "__spec__", None) is not None and "." not in name.lstrip(".")
    ) + [name for name in sorted(sys.modules) if name.startswith(_WITH_PARTS) and sys.modules[name] is not None]


_WITH_PARTS = ("numpy.", "scipy.", "pandas.", "sklearn.", "skops.", "lightgbm.", "xgboost.", "catboost.", "audit.")
