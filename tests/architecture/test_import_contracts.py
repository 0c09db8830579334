"""Every import contract holds, and each is shown to break on a violation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = {
    c["id"]: c for c in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

# Contract to (file that breaks it, the import that does so).
VIOLATIONS = {
    "stages": ("audit/fairness/measure.py", "import audit.performance.measure"),
    "light-parent": ("audit/policy/judge.py", "import numpy"),
    "rendering": ("audit/subject/load.py", "import jinja2"),
    "judging": ("audit/report/render.py", "import audit.estimation.seeds"),
    "rooms": ("audit/records/base.py", "import audit.errors"),
    "metrics": ("audit/metrics/accuracy.py", "import audit.metrics.roc_auc"),
    "disparities": (
        "audit/fairness/disparities/equalized_odds.py",
        "import audit.fairness.disparities.demographic_parity",
    ),
    "indices": ("audit/fairness/indices/theil_index.py", "import audit.fairness.indices.bnsp_auc"),
    "attributions": ("audit/attribution/tabular/shap.py", "import audit.attribution.tabular.coefficients"),
    "attribution-checks": ("audit/attribution/checks/skill.py", "import audit.attribution.checks.agreement"),
    "checks": ("audit/robustness/checks/overlap.py", "import audit.robustness.checks.leakage"),
    "conditions": ("audit/policy/conditions/point.py", "import audit.policy.conditions.p_value"),
    "model-formats": ("audit/subject/formats/skops.py", "import audit.subject.formats.pickle"),
    "output-formats": ("audit/report/formats/html.py", "import audit.report.formats.json"),
}


def test_every_contract_has_a_violation() -> None:
    assert set(VIOLATIONS) == set(CONTRACTS)


def test_contracts_hold() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("contract", sorted(VIOLATIONS))
def test_contract_breaks_on_a_violation(contract: str, tmp_path: Path) -> None:
    name, line = VIOLATIONS[contract]
    shutil.copytree(ROOT / "audit", tmp_path / "audit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = _lint(tmp_path, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def _lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
