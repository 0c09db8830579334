"""Two runs give the same numbers, the same digest and the same bytes, whatever surrounds them."""

from __future__ import annotations

import json
from pathlib import Path


def test_runs_are_equal_in_other_surroundings(folder: Path, command, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    first = command(
        "run", "audit.yaml", "--out", "a", "--date", "2026-11-22", "--set", "report.formats=[html, json]",
        cwd=folder, env={"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    second = command(
        "run", str(folder / "audit.yaml"), "--out", str(folder / "b"), "--date", "2026-11-22",
        "--set", "report.formats=[html, json]", cwd=elsewhere,
        env={"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "4"},
    )  # fmt: skip
    assert first.returncode == second.returncode, first.stderr + second.stderr
    one, other = (json.loads((folder / name / "record.json").read_text("utf-8")) for name in "ab")
    assert one["digest"] == other["digest"]
    assert one["run"] != other["run"]
    assert (folder / "a/report.html").read_bytes() == (folder / "b/report.html").read_bytes()


def test_another_seed_gives_another_digest(folder: Path, command) -> None:
    for seed in ("0", "1"):
        command(
            "run", "audit.yaml", "--out", seed, "--date", "2026-11-22", "--set", f"seed={seed}",
            "--set", "report.formats=[json]", cwd=folder,
        )  # fmt: skip
    one, other = (json.loads((folder / name / "record.json").read_text("utf-8")) for name in "01")
    assert one["digest"] != other["digest"]
