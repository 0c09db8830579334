import json
import os
import subprocess
import sys

import pytest

from audit.cli import doctor
from audit.cli.main import exit_code


def found(monkeypatch, capsys, answer):
    """Run the doctor with children that answer as told."""
    monkeypatch.setattr(doctor, "_child", answer)
    code = exit_code(["doctor", "--json"])
    return code, {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}


def test_a_system_on_which_all_works(monkeypatch, capsys):
    code, findings = found(monkeypatch, capsys, lambda code: (0, "netns+rlimits"))
    assert code == 0
    assert {finding["state"] for finding in findings.values()} == {"ok"}
    assert findings["sandbox"]["detail"].startswith("netns+rlimits: no network")


def test_without_pango_audits_run_and_the_mend_is_named(monkeypatch, capsys):
    code, findings = found(
        monkeypatch,
        capsys,
        lambda code: (1, "OSError: cannot load library 'libpango'") if "weasyprint" in code else (0, "none"),
    )
    assert code == 0
    assert (findings["PDF report"]["state"], bool(findings["PDF report"]["mend"])) == ("missing", True)
    assert findings["sandbox"]["state"] == "missing"


def test_without_numpy_no_audit_runs(monkeypatch, capsys):
    code, findings = found(
        monkeypatch,
        capsys,
        lambda code: (1, "ModuleNotFoundError: No module named 'numpy'") if "numpy" in code else (0, "rlimits"),
    )
    assert code == 2
    assert findings["measuring"]["state"] == "broken"
    assert "numpy" in findings["measuring"]["detail"]


def test_an_extra_that_is_missing_or_broken_is_optional(monkeypatch, capsys):
    answers = {
        "sklego": (1, "ModuleNotFoundError: No module named 'sklego'"),
        "lightgbm": (1, "OSError: libgomp.so.1: cannot open"),
    }

    def answer(code):
        return next((told for module, told in answers.items() if module in code), (0, "1.0"))

    code, findings = found(monkeypatch, capsys, answer)
    assert code == 0
    assert (findings["demo"]["state"], findings["demo"]["mend"]) == ("missing", 'pip install "model-audit[demo]"')
    assert findings["lightgbm"]["state"] == "broken"


@pytest.mark.parametrize(
    ("system", "command"),
    [
        ("debian", "sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
        ("darwin", "brew install pango"),
        ("windows", "pacman -S mingw-w64-x86_64-pango"),
        ("plan9", "sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
    ],
)
def test_each_system_has_its_mend(system, command):
    assert command in doctor.pango_mend(system)
    assert doctor.fonts_mend(system)


def test_the_printed_form_says_how_it_ends(capsys):
    ok = doctor.Finding("measuring", "ok", "numpy", needed=True)
    told = doctor._told("audit", (ok, doctor.Finding("PDF report", "missing", "no Pango", "brew install pango")))
    assert "mend: brew install pango" in told and told.endswith("PDF waits for the mend above.")
    broken = doctor.Finding("measuring", "broken", "no numpy", "pip", needed=True)
    assert "No audit can run here: measuring is broken." in doctor._told(
        "audit", (broken, doctor.Finding("PDF report", "ok", ""))
    )


@pytest.mark.skipif(sys.platform != "linux", reason="fontconfig is told by a variable")
def test_a_system_without_any_font_is_told_and_does_not_take_the_doctor_down(tmp_path):
    (tmp_path / "fonts.conf").write_text("<fontconfig></fontconfig>")
    environment = {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    code = "from audit.cli.doctor import _pdf; print(_pdf())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment).stdout
    assert "state='broken'" in told and "no font is found" in told
