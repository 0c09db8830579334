"""A record is rendered again only as it was sealed."""

import hashlib
import json
from types import SimpleNamespace

import pytest

import audit.report.load
import audit.report.write
from audit.cli.main import exit_code


@pytest.fixture
def render(tmp_path, monkeypatch):
    """Render a file whose digest was typed in by hand; return the exit code and what was written."""
    written = []
    monkeypatch.setattr(
        audit.report.load, "load_record", lambda path: SimpleNamespace(digest=json.loads(path.read_text())["digest"])
    )
    monkeypatch.setattr(audit.report.write, "write_outputs", lambda *given: written.append(given) or ())

    def run(**fields):
        digest = hashlib.sha256('{"auc":0.5,"title":"Größe"}'.encode()).hexdigest()
        path = tmp_path / "record.json"
        path.write_text(json.dumps({"digest": digest, "title": "Größe", "auc": 0.5, **fields}, indent=1), "utf-8")
        return exit_code(["render", str(path), "--format", "json"]), len(written)

    return run


def test_a_record_as_it_was_sealed_is_rendered(render):
    assert render(run={"host": "another"}) == (0, 1)


def test_a_changed_record_is_refused(render, capsys):
    assert render(auc=0.9) == (2, 0)
    assert "it was changed after the audit" in capsys.readouterr().err


def test_a_record_without_a_digest_is_refused(render):
    assert render(digest=None) == (2, 0)
