"""`audit doctor`: tells what works on this system and how to mend the rest; each probe is a process of its own."""

from __future__ import annotations

import json as jsonlib
import platform
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Literal

import typer

State = Literal["ok", "missing", "broken"]


@dataclass(frozen=True)
class Finding:
    """What a probe found."""

    name: str
    state: State
    detail: str
    mend: str = ""
    """The command that mends it."""
    needed: bool = False
    """Whether no audit can run without it."""


def doctor(json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Tell what works on this system and how to mend the rest.

    Exit codes: 0 an audit can run and write HTML; 2 it cannot.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        findings = tuple(pool.map(lambda probe: probe(), _PROBES))
    system = f"audit {version('model-audit')}, Python {platform.python_version()}, {platform.platform(terse=True)}"
    if json:
        print(jsonlib.dumps({"system": system, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        print(_told(system, findings))
    if any(finding.needed and finding.state != "ok" for finding in findings):
        raise typer.Exit(2)


def pango_mend(system: str) -> str:
    """Return the command that installs what WeasyPrint needs.

    Parameters
    ----------
    system
        `darwin`, `windows`, or the ID of a Linux distribution.
    """
    return _PANGO.get(system, _PANGO["debian"])


def fonts_mend(system: str) -> str:
    """Return the command that installs a font; systems other than Linux come with fonts."""
    return _FONTS.get(system, _FONTS["debian"])


_PANGO = {
    "debian": "sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "fedora": "sudo dnf install pango",
    "alpine": "apk add pango",
    "arch": "sudo pacman -S pango",
    "darwin": "brew install pango",
    "windows": "in an MSYS2 shell: pacman -S mingw-w64-x86_64-pango; "
    "then set WEASYPRINT_DLL_DIRECTORIES=C:\\msys64\\mingw64\\bin",
}
_FONTS = {
    "debian": "sudo apt install fonts-dejavu-core",
    "fedora": "sudo dnf install dejavu-sans-fonts",
    "alpine": "apk add font-dejavu",
    "arch": "sudo pacman -S ttf-dejavu",
    "darwin": "brew install --cask font-dejavu",
    "windows": "install any font from the system settings",
}
_MEASURING = ("numpy", "pandas", "pyarrow", "scipy", "sklearn", "shap", "skops")
_RENDERING = ("jinja2", "pydantic", "yaml")
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "pyyaml", "sklego": "scikit-lego"}
_REINSTALL = "pip install --force-reinstall model-audit"


def _measuring() -> Finding:
    return _imported("measuring", _MEASURING, _REINSTALL)


def _html() -> Finding:
    return _imported("HTML report", _RENDERING, _REINSTALL)


def _imported(name: str, modules: tuple[str, ...], mend: str) -> Finding:
    status, told = _child(f"import {', '.join(modules)}")
    if status == 0:
        return Finding(name, "ok", ", ".join(_versioned(module) for module in modules), needed=True)
    return Finding(name, "broken", told, mend, needed=True)


def _pdf() -> Finding:
    status, told = _child("import weasyprint; weasyprint.HTML(string='<p>Probe').write_pdf()")
    if status == 0:
        return Finding("PDF report", "ok", _versioned("weasyprint"))
    if status < 0:
        # Pango without any font ends the process by a signal instead of an error.
        detail = "drawing text ended the process: no font is found."
        return Finding("PDF report", "broken", detail, fonts_mend(_system()))
    if "No module named" in told:
        return Finding("PDF report", "broken", told, _REINSTALL)
    return Finding("PDF report", "missing", f"Pango is not found. {told}", pango_mend(_system()))


def _fonts() -> Finding:
    try:
        command = ["fc-list", ":", "family"]
        listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except FileNotFoundError:
        return Finding("fonts", "ok", "not counted, for want of fc-list; the PDF above tells whether text can be drawn")
    except subprocess.TimeoutExpired:
        return Finding("fonts", "broken", "fc-list did not end within a minute.", "fc-cache -f")
    families = {family.strip() for line in listed.splitlines() for family in line.split(",")} - {""}
    if not families:
        return Finding("fonts", "missing", "no font is installed, so no PDF can be drawn.", fonts_mend(_system()))
    return Finding("fonts", "ok", f"{len(families)} families")


def _sandbox() -> Finding:
    code = "from audit.subject.sandbox.confine import confine; print(confine(60))"
    status, told = _child(code)
    if status:
        return Finding("sandbox", "broken", told)
    meaning = {
        "netns+rlimits": "no network, bounded CPU time and file size",
        "rlimits": "bounded CPU time and file size; this system does not let a process give up the network",
    }.get(told, "the measuring process runs unconfined on this system")
    return Finding("sandbox", "ok" if told != "none" else "missing", f"{told}: {meaning}{_bubblewrap()}")


def _bubblewrap() -> str:
    command = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
    try:
        works = subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        works = False
    return "; bubblewrap works here too, and is not used yet" if works else ""


def _extra(module: str, extra: str, use: str) -> Callable[[], Finding]:
    def probe() -> Finding:
        status, told = _child(f"import {module}; print({module}.__version__)")
        if status == 0:
            return Finding(extra, "ok", f"{_DISTRIBUTIONS.get(module, module)} {told}")
        mend = f'pip install "model-audit[{extra}]"'
        if "No module named" in told:
            return Finding(extra, "missing", f"not installed; {use}", mend)
        return Finding(extra, "broken", told, "brew install libomp" if sys.platform == "darwin" else mend)

    return probe


_PROBES: tuple[Callable[[], Finding], ...] = (
    _measuring,
    _html,
    _pdf,
    _fonts,
    _sandbox,
    _extra("sklego", "demo", "`audit demo` without a name needs it"),
    _extra("lightgbm", "lightgbm", "LightGBM models need it"),
    _extra("xgboost", "xgboost", "XGBoost models need it"),
    _extra("catboost", "catboost", "CatBoost models need it"),
)


def _child(code: str) -> tuple[int, str]:
    """Run code in a process of its own; return its status and the last line that it said."""
    try:
        command = [sys.executable, "-P", "-c", code]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=180, check=False)
    except subprocess.TimeoutExpired:
        return 1, "it did not end within three minutes."
    said = (ended.stdout if ended.returncode == 0 else ended.stderr).strip().splitlines()
    return ended.returncode, said[-1][:300] if said else f"the process ended with {ended.returncode} and said nothing."


def _versioned(module: str) -> str:
    name = _DISTRIBUTIONS.get(module, module)
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name


def _system() -> str:
    if platform.system() != "Linux":
        return platform.system().lower()
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "debian"
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((name for name in names if name in _PANGO), "debian")


def _told(system: str, findings: tuple[Finding, ...]) -> str:
    lines = [system, ""]
    for finding in findings:
        lines.append(f"  {finding.state:<8} {finding.name:<12} {finding.detail}")
        if finding.mend:
            lines.append(f"  {'':<8} {'':<12} mend: {finding.mend}")
    broken = [finding.name for finding in findings if finding.needed and finding.state != "ok"]
    pdf = next(finding for finding in findings if finding.name == "PDF report")
    if broken:
        end = f"No audit can run here: {', '.join(broken)} is broken."
    elif pdf.state != "ok":
        end = "Audits run here and write record and HTML. PDF waits for the mend above."
    else:
        end = "Audits run here and write record, HTML and PDF."
    return "\n".join([*lines, "", end])
