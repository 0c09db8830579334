"""What must be fast or light imports nothing heavy."""

import json
import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "sklearn",
    "shap",
    "skops",
    "jinja2",
    "weasyprint",
    "lightgbm",
    "xgboost",
    "catboost",
    "matplotlib",
)
PROBE = """
import json, sys
{before}
from audit.cli.main import exit_code
code = exit_code({arguments!r})
print(json.dumps([code, [name for name in {heavy!r} if name in sys.modules]]), file=sys.stderr)
"""


def loaded(arguments, cwd, before=""):
    code = PROBE.format(arguments=arguments, heavy=HEAVY, before=before)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)
    return json.loads(ended.stderr.splitlines()[-1])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m.skops").write_text("")
    (tmp_path / "t.csv").write_text("a\n")
    (tmp_path / "audit.yaml").write_text(
        "model: {path: m.skops}\ndata: {test: t.csv, target: a}\nreport: {formats: [json]}\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["schema"], ["check", "audit.yaml"]]
)
def test_light_commands_load_nothing_heavy(folder, arguments):
    assert loaded(arguments, folder) == [0, []]


def test_the_probe_notices_a_heavy_import(folder):
    assert loaded(["--help"], folder, before="import numpy") == [0, ["numpy"]]


def test_help_is_quick(folder):
    resource = pytest.importorskip("resource")

    # Processor time, not the clock: other tests may be running beside this one.
    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "audit.cli.main", "--help"], capture_output=True, check=True, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(5)) < 0.4
