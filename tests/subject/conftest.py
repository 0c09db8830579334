"""Writes a spec's files to a folder and takes them through the rooms under test."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import skops.io

from audit.records.plan import InputFile, Plan
from audit.records.spec import AuditSpec
from audit.subject.gather import gather_evidence
from audit.subject.load import load_subject


class Heard:
    """A Tell that remembers."""

    def __init__(self):
        self.warnings, self.steps = [], []

    def progress(self, done, total, text=""):
        self.steps.append((done, total, text))

    def warning(self, text):
        self.warnings.append(text)


class Case:
    """A folder, the spec that names its files, and what was heard."""

    def __init__(self, folder):
        self.folder, self.heard = folder, Heard()

    def write(self, name, content):
        path = self.folder / name
        if isinstance(content, pd.DataFrame):
            content.to_csv(path, index=False) if path.suffix == ".csv" else content.to_parquet(path, index=False)
        elif isinstance(content, str | bytes):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        else:
            path.write_bytes(skops.io.dumps(content))
        return path

    def plan(self, spec, files):
        """Files: role to (name, content), or to the name of a file that is there."""
        inputs = []
        for role, file in files.items():
            path = (
                self.folder / file if isinstance(file, str) else file if isinstance(file, Path) else self.write(*file)
            )
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            role = role.rstrip("0123456789")
            inputs.append(InputFile(role=role, path=str(path), sha256=digest, size=len(content)))
        return Plan(spec=AuditSpec.model_validate(spec), inputs=tuple(inputs), folder=str(self.folder))

    def subject(self, spec, **files):
        return load_subject(self.plan(spec, files), self.heard)

    def evidence(self, spec, **files):
        plan = self.plan(spec, files)
        return gather_evidence(load_subject(plan, self.heard), plan.spec, self.heard)


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)
