import pytest

from audit.errors import SpecError
from audit.spec.read import read_spec

BASE = "model: {path: model.skops}\ndata: {test: test.csv, target: y}\n"


@pytest.fixture
def read(tmp_path):
    """Read a text as `spec.yaml`."""

    def reader(text, *overrides):
        path = tmp_path / "spec.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_spec(path, overrides)

    return reader


@pytest.fixture
def problems(read):
    """Return what a reader says of a text that is wrong, one line each."""

    def told(text, *overrides):
        with pytest.raises(SpecError) as caught:
            read(text, *overrides)
        return [str(problem) for problem in caught.value.problems]

    return told


@pytest.fixture
def sound(read):
    """Read the smallest spec with more lines below it."""

    def reader(more="", *overrides):
        return read(BASE + more, *overrides).spec

    return reader
