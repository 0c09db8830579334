"""The built wheel carries templates and packs, and runs the demo from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.heavy
def test_the_wheel_runs_the_demo_from_an_empty_folder(tmp_path: Path) -> None:
    pytest.importorskip("sklego", reason="the extra `demo` is not installed")
    _run("-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT), cwd=ROOT)
    wheel = next(tmp_path.glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "audit/_bundled/policies/technical-soundness.yaml" in names
    assert any(name.startswith("audit/_bundled/templates/fonts/") for name in names)
    assert not any(name.startswith(("tests/", "reports/")) for name in names)
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    _run("-m", "pip", "install", "-q", "--no-deps", "--target", str(installed), str(wheel), cwd=empty)
    code = "import audit; print(audit.__file__); from audit.cli.main import main; main()"
    done = _run("-P", "-c", code, "demo", cwd=empty, env={"PYTHONPATH": str(installed)})
    assert done.stdout.startswith(str(installed)), done.stdout
    for name in ("record.json", "report.html", "report.pdf"):
        assert (empty / "audit-demo-arrests/report" / name).stat().st_size > 0


def _run(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
