import hashlib
import os
import subprocess
import sys

import joblib
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LinearRegression, LogisticRegression

from audit.cli.main import exit_code
from audit.spec.read import read_spec


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(
        {
            "applicant_id": [f"A{i}" for i in range(60)],
            "income": [float(i % 7) + 0.5 for i in range(60)],
            "Age": [20 + i for i in range(60)],
            "sex": ["f", "m"] * 30,
            "race": ["White", "Black", "White"] * 20,
            "=cmd()": range(60),
            "default": ["yes", "no", "no"] * 20,
            "amount": [i * 1.5 for i in range(60)],
        }
    )
    frame.to_csv("test.csv", index=False)
    frame.to_parquet("test.parquet")
    features = frame[["income", "=cmd()"]]
    skops.io.dump(LogisticRegression().fit(features, frame["default"]), "model.skops")
    skops.io.dump(LinearRegression().fit(features, frame["amount"]), "line.skops")
    joblib.dump(LogisticRegression().fit(features, frame["default"]), "model.joblib")
    return tmp_path


def new(*arguments):
    return exit_code(["new", *arguments])


def packs_exist():
    from audit.resources import shipped_packs

    return {"model-card-core", "technical-soundness"} <= set(shipped_packs())


@pytest.mark.parametrize("table", ["test.csv", "test.parquet"])
def test_the_spec_says_what_the_model_and_the_table_tell(folder, table, capsys):
    assert new("--model", "model.skops", "--data", table, "--target", "default") == 0
    spec = read_spec(folder / "audit.yaml").spec
    assert spec.model.path == "model.skops"
    assert spec.model.sha256 == hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest()
    assert (spec.data.test, spec.data.target, spec.data.id, spec.task) == (table, "default", "applicant_id", "binary")
    assert spec.decision.positive == "yes"
    assert spec.sensitive.features == ("Age", "sex", "race")
    assert spec.sensitive.roles == {"Age": "age", "race": "race_ethnicity"}
    assert spec.sensitive.bins == {"Age": (0, 25, 40, 60, 120)}
    assert spec.sensitive.intersections == (("sex", "race"),)
    text = (folder / "audit.yaml").read_text()
    assert '# features: [income, "=cmd()"]' in text
    assert "guessed" in text
    assert "audit check audit.yaml" in capsys.readouterr().out


def test_the_spec_passes_the_check(folder):
    assert new("--model", "model.skops", "--data", "test.csv", "--target", "default", "--out", "a.yaml") == 0
    if not packs_exist():
        pytest.skip("the packs are not written yet")
    assert exit_code(["check", "a.yaml"]) == 0


def test_a_number_as_target_is_regression(folder):
    assert new("--model", "line.skops", "--data", "test.csv", "--target", "amount") == 0
    spec = read_spec(folder / "audit.yaml").spec
    assert (spec.task, spec.decision.positive) == ("regression", None)


def test_files_elsewhere_are_named_in_full_and_allowed(folder):
    (folder / "specs").mkdir()
    assert new("--model", "model.skops", "--data", "test.csv", "--target", "default", "--out", "specs/a.yaml") == 0
    spec = read_spec(folder / "specs" / "a.yaml").spec
    assert spec.model.path == str((folder / "model.skops").resolve())
    assert spec.allow_paths == (str(folder.resolve()),)


def test_a_format_that_runs_code_is_neither_loaded_nor_trusted(folder):
    class Bomb:
        def __reduce__(self):
            return (os.system, (f"touch {folder}/exploded",))

    joblib.dump(Bomb(), folder / "bomb.joblib")
    code = new("--model", "bomb.joblib", "--data", "test.csv", "--target", "default")
    assert not (folder / "exploded").exists()
    if code == 0:
        spec = read_spec(folder / "audit.yaml").spec
        assert spec.model.trust == () and spec.model.sha256
        assert "# trust: [" in (folder / "audit.yaml").read_text()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--target": "defualt"}, "--target: the table has no column 'defualt'. Did you mean 'default'?"),
        ({"--model": "model.skosp"}, "--model: there is no file 'model.skosp'. Did you mean 'model.skops'?"),
        ({"--data": "tets.csv"}, "--data: there is no file 'tets.csv'. Did you mean 'test.csv'?"),
        ({"--model": "test.csv"}, "--model: the file is of no known format."),
        ({"--data": "empty.csv"}, "empty"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_written(folder, capsys, changed, message):
    (folder / "empty.csv").write_text("")
    arguments = {"--model": "model.skops", "--data": "test.csv", "--target": "default", **changed}
    assert new(*(word for pair in arguments.items() for word in pair)) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "audit.yaml").exists()


def test_a_file_that_is_there_is_never_overwritten(folder, capsys):
    (folder / "audit.yaml").write_text("mine")
    assert new("--model", "model.skops", "--data", "test.csv", "--target", "default") == 4
    assert (folder / "audit.yaml").read_text() == "mine"
    assert "there already" in capsys.readouterr().err


def test_the_parent_loads_no_pandas(folder):
    code = (
        "import sys; from audit.cli.main import exit_code\n"
        "assert exit_code(['new', '--model', 'model.skops', '--data', 'test.csv', '--target', 'default']) == 0\n"
        "assert not {'numpy', 'pandas', 'sklearn', 'pyarrow'} & set(sys.modules), 'heavy'"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_a_child_that_dies_is_told(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert new("--model", "model.skops", "--data", "test.csv", "--target", "default") == 2
    assert "the process that looked at model and table ended with 1" in capsys.readouterr().err
