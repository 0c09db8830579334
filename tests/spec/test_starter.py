# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import pytest

from audit.records.look import ColumnLook, Look, ModelLook
from audit.spec.read import read_spec
from audit.spec.starter import Named, guessed_sensitive, guessed_task, starter_spec, written

SHA = "0" * 64
HOSTILE = [
    "<script>",
    "{{7*7}}",
    "x" * 200,
    "年龄",
    "🙂",
    "=cmd()",
    "a: b",
    "a # b",
    "- a",
    "no",
    "null",
    "3",
    "'",
    '"',
    "a\nb",
    "\\",
    "*x",
    "",
    " ",
]


def column(name, kind="text", distinct=2, values=("a", "b"), **more):
    return ColumnLook(
        name=name, kind=kind, distinct=distinct, missing=0, values=values, commonest=values[0] if values else "", **more
    )


def look(*columns, **model):
    facts = {"format": "skops", "label": "skops", "runs_code": False, **model}
    return Look(model=ModelLook(**facts), rows=100, columns=columns)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("sex", "sex"), ("Gender", "sex"), ("applicant_sex", "sex"), ("race", "race_ethnicity"), ("ethnicGroup", "race_ethnicity"),
        ("colour", "race_ethnicity"), ("age", "age"), ("AgeGroup", "age"), ("age_at_application", "age"),
        ("marital.status", "marital_status"), ("foreign_worker", "national_origin"), ("average", None), ("essex", None),
        ("package", None), ("trace", None), ("color_intensity", None), ("stage", None), ("message", None), ("income", None),
    ],
)  # fmt: skip
def test_sensitive_columns_are_guessed_by_whole_words(name, role):
    assert guessed_sensitive([column(name)]) == ({name: role} if role else {})


@pytest.mark.parametrize(
    ("target", "classes", "task"),
    [
        (column("y"), 0, "binary"),
        (column("y", "whole number", 2, ("0", "1")), 0, "binary"),
        (column("y", "whole number", 3, ("0", "1", "2")), 0, "multiclass"),
        (column("y", "whole number", 21, ()), 0, "regression"),
        (column("y", "number", 3, ("0.5", "1", "2")), 0, "regression"),
        (column("y", "text", 30, ()), 0, "multiclass"),
        (column("y", "whole number", 2, ("0", "1")), 3, "multiclass"),
        (column("y", "number", 90, ()), 2, "binary"),
    ],
)
def test_the_task_is_told_by_the_model_or_else_by_the_target(target, classes, task):
    assert guessed_task(look(target, classes=classes), target) == task


@pytest.mark.parametrize(
    ("values", "kind", "positive"),
    [(("0", "1"), "whole number", 1), (("no", "yes"), "text", "yes"), (("bad", "good"), "text", "bad"), (("a", "b"), "text", "b"),
     (("False", "True"), "true or false", True), (("1", "2"), "whole number", 1)],
)  # fmt: skip
def test_the_positive_label_is_guessed_with_its_type(tmp_path, values, kind, positive):
    text = starter_spec(look(column("y", kind, 2, values)), Named("m", "t", SHA, "y"))
    (tmp_path / "s.yaml").write_text(text)
    got = read_spec(tmp_path / "s.yaml").spec.decision.positive
    assert (type(got), got) == (type(positive), positive)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_values_come_out_as_they_went_in(tmp_path, name):
    columns = (
        column("target" + name, "text", 2, (name, "zzz")),
        column("sex" + name),
        column("race " + name),
        column("id" + name, distinct=100),
    )
    found = look(*columns, features=(name, "b"), note=f"note {name}".replace("\n", " "))
    (tmp_path / "s.yaml").write_text(
        starter_spec(found, Named("m" + name, "d" + name, SHA, "target" + name, ("/x" + name,))), encoding="utf-8"
    )
    spec = read_spec(tmp_path / "s.yaml").spec
    assert (spec.model.path, spec.data.test, spec.data.target) == ("m" + name, "d" + name, "target" + name)
    assert spec.allow_paths == ("/x" + name,)
    assert spec.decision.positive in (name, "zzz")
    assert set(spec.sensitive.features) <= {"sex" + name, "race " + name}


def test_every_suggestion_can_be_uncommented(tmp_path):
    text = starter_spec(look(column("y"), column("w"), column("month")), Named("m", "t", SHA, "y"))
    lines = []
    for line in text.splitlines():
        bare = line.lstrip()
        suggestion = (
            bare.startswith(("# ", "#  "))
            and bare[1:].strip().split(" ")[0].rstrip(":").isidentifier()
            and ": " in bare + " "
        )
        key = bare[1:].strip().split(":")[0]
        lines.append(line.replace("# ", "", 1) if suggestion and key.isidentifier() else line)
    (tmp_path / "s.yaml").write_text("\n".join(lines))
    spec = read_spec(tmp_path / "s.yaml").spec
    assert (spec.context.use_case, spec.data.time, spec.data.weight.column) == ("credit", "month", "w")
    assert spec.performance.metrics == ("roc_auc", "accuracy")
    assert spec.attribution.local is False


def test_columns_that_the_table_lacks_are_told(tmp_path):
    text = starter_spec(look(column("y"), column("a"), features=("a", "b")), Named("m", "t", SHA, "y"))
    assert "# ATTENTION: the model reads columns that this table lacks: [b]" in text


def test_plain_text_stays_plain():
    assert [written(t) for t in ("sex", "data/test.csv", "Audit of m.skops", "no", "1", "a: b", "é")] == [
        "sex", "data/test.csv", "Audit of m.skops", '"no"', '"1"', '"a: b"', "é",
    ]  # fmt: skip
