"""Reading, judging and rendering work where numpy, pandas and scikit-learn cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BLOCK = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"numpy", "pandas", "scipy", "sklearn", "shap", "pyarrow", "skops", "joblib"}:
            raise ImportError(f"blocked: {name}")
sys.meta_path.insert(0, Refuse())
from audit.cli.main import exit_code
sys.exit(exit_code(sys.argv[1:]))
"""


def blocked(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCK, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_a_record_is_rendered_again_without_numpy(folder: Path, command: Any) -> None:
    command("run", "audit.yaml", "--out", "out", "--date", "2026-11-22", cwd=folder)
    first = {name: (folder / "out" / name).read_bytes() for name in ("report.html", "report.pdf", "record.json")}
    done = blocked("render", "out/record.json", "--out", "again", cwd=folder)
    assert done.returncode == 0, done.stderr
    for name, content in first.items():
        assert (folder / "again" / name).read_bytes() == content, name


@pytest.mark.parametrize(
    "arguments", [["--help"], ["check", "audit.yaml"], ["schema"], ["policies"], ["run", "--help"]]
)
def test_commands_that_measure_nothing_need_no_numpy(folder: Path, arguments: list[str]) -> None:
    done = blocked(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_the_block_blocks(folder: Path) -> None:
    """The known-bad double: the same block stops whoever does import numpy."""
    code = BLOCK.replace("from audit.cli.main import exit_code", "import numpy")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert "blocked: numpy" in done.stderr
