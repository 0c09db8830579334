"""The method stands beside each interval, in words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import handmade
import pytest

import audit
from audit.records.audit import AuditRecord
from audit.records.measured import Estimate
from audit.records.observation import Observation
from audit.report.templating import words
from audit.report.view import EXTENTS, methods, view
from audit.report.view.tree import Cell, Column, Glossary, Pair, Row, Table
from audit.report.view.words import Words

ROOT = Path(audit.__file__).parent
MEASURING = ("attribution", "efficiency", "estimation", "fairness", "metrics", "performance", "robustness")
NOT_OF_INTERVALS = {"average", "complete", "higher", "inverted_cdf", "lasso", "linear", "marginals", "spearman"}
"""What `method` means to pandas, numpy, scipy and scikit-learn."""


def named_in(source: str) -> set[str]:
    """Names of methods in a module: arguments and variables called so, and what is returned before the ends."""
    return {
        name.strip("_")
        for node in ast.walk(ast.parse(source))
        for value in _values(node)
        for name in _texts(value)
        if name.replace("_", "").isalnum() and name.islower()
    } - NOT_OF_INTERVALS


def _values(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.keyword(arg="method") | ast.AnnAssign(target=ast.Name(id="method"), value=ast.AST()):
            assert node.value is not None
            yield node.value
        case ast.Assign(targets=[ast.Name(id="method")]):
            yield node.value
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id="method"), *_])], value=ast.Tuple(elts=[first, *_])):
            yield first
        case ast.Assign(targets=[ast.Tuple(elts=[*_, ast.Name(id="method")])], value=ast.Tuple(elts=[*_, last])):
            yield last
        case ast.Call(func=ast.Attribute(attr="append"), args=[ast.Tuple(elts=[ast.JoinedStr() as first, *_])]):
            yield first
        case ast.ListComp(elt=ast.Tuple(elts=[ast.JoinedStr() as first, *_])):
            yield first
        case ast.FunctionDef(returns=ast.AST()) if ast.unparse(node.returns).startswith("tuple[str, "):
            returned = (n.value for n in ast.walk(node) if isinstance(n, ast.Return))
            yield from (value.elts[0] for value in returned if isinstance(value, ast.Tuple) and value.elts)


def _texts(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from (*_texts(one), *_texts(other))
        case ast.JoinedStr(values=values) | ast.Call(args=values):
            yield from (text for value in values for text in _texts(value))


def without_words(names: set[str], t: Words) -> set[str]:
    """Names that a report would have to write as they stand in the code, or could say nothing of."""
    bare = {f"interval_method.{name}" for name in names}
    bare = {name for name in bare if name.replace("method.", "method_added.") not in t.keys}
    told = {name.replace("method.", "method_text.") for name in bare}
    return (bare | told) - t.keys


def every_name() -> set[str]:
    files = [path for room in MEASURING for path in (ROOT / room).rglob("*.py")]
    found = set[str]().union(*(named_in(path.read_text()) for path in files))
    return {part for name in found for part in (methods.parts(name)[0], *methods.parts(name)[1])}


def test_every_method_of_the_code_has_its_words_and_its_sentence() -> None:
    names = every_name()
    assert {"wilson", "delong", "nadeau_bengio_t", "hall_t", "dirichlet_draws", "bonferroni", "effective_n"} <= names
    assert not without_words(names, words("en"))


EARLIER = {"noncentral_chi_square", "smirnov_band", "welch_t", "woolf_logit"}
"""Second names that records of earlier versions hold, and that no module gives any more."""


def test_one_method_has_one_name() -> None:
    t, names = words("en"), every_name()
    told = [t(f"interval_method.{name}") for name in names if f"interval_method.{name}" in t.keys]
    assert sorted(told) == sorted(set(told))
    assert not EARLIER & names
    assert {"noncentral_chi2", "smirnov", "welch", "woolf"} <= names
    assert not without_words(EARLIER, t), "yesterday's record keeps its words"


def test_a_method_without_words_is_found() -> None:
    source = "def ends() -> tuple[str, float]:\n    return 'guessed_t', 0.0\n\nx = Estimate(method=f'{y}_guess')"
    assert named_in(source) == {"guessed_t", "guess"}
    assert without_words({"guessed_t"}, words("en")) == {
        "interval_method.guessed_t",
        "interval_method_text.guessed_t",
    }


def observed(id: str, method: str) -> Observation:
    measured = Estimate(value=0.5, low=0.4, high=0.6, level=0.95, method=method, n=50)
    return Observation(id=id, label=id, measured=measured, higher_is_better=None, scope="held_out")


def told(methods_by_cell: list[list[str]]) -> str:
    found = {f"{r}/{c}": m for r, line in enumerate(methods_by_cell) for c, m in enumerate(line)}
    rows = tuple(
        Row(cells=(Cell(text=f"row {r}"), *(Cell(text="", interval=f"{r}/{c}") for c in range(len(line)))))
        for r, line in enumerate(methods_by_cell)
    )
    columns = (Column(title=""), *(Column(title=f"column {c}") for c in range(len(methods_by_cell[0]))))
    by_id = {id: observed(id, method) for id, method in found.items()}
    return methods.line(words("en"), columns, rows, by_id.get)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([["wilson", "wilson"]], "Intervals at 95\u00a0%: Wilson."),
        ([["wilson", "newcombe"]] * 2, "Intervals at 95\u00a0%: Newcombe (column 1); else Wilson."),
        ([["delong", "newcombe"], ["wilson", "newcombe"], ["wilson", "newcombe"]],
         "Intervals at 95\u00a0%: DeLong (row 0); Newcombe (column 1); else Wilson."),
        ([["wilson_effective_n"]], "Intervals at 95\u00a0%: Wilson, effective number of rows."),
    ],
)  # fmt: skip
def test_a_line_names_each_method_with_what_it_made(made: list[list[str]], expected: str) -> None:
    assert told(made).replace(" %", "\u00a0%") == expected


def test_a_table_without_intervals_names_no_method() -> None:
    assert (
        methods.line(words("en"), (Column(title="n"),), (Row(cells=(Cell(text="3"),)),), dict[str, Observation]().get)
        == ""
    )


def tables_of(record: AuditRecord) -> Iterator[Table]:
    for chapter in view(record, words("en"), EXTENTS["screen"]).chapters:
        for block in (*chapter.blocks, *(b for section in chapter.sections for b in section.blocks)):
            table = block.table if isinstance(block, Pair) else block
            if isinstance(table, Table):
                yield table


def unnamed(tables: Iterator[Table]) -> list[str]:
    """Captions of tables that show an interval and name no method."""
    return [
        table.caption
        for table in tables
        if any(cell.interval for row in table.rows for cell in row.cells) and not table.methods
    ]


def test_every_table_with_intervals_names_their_methods() -> None:
    assert unnamed(tables_of(handmade.binary())) == []


def test_a_table_that_keeps_its_method_to_itself_is_found() -> None:
    bare = Table(caption="bare", columns=(), rows=(Row(cells=(Cell(text="0.5", interval="a"),)),))
    assert unnamed(iter((bare,))) == ["bare"]


def test_the_appendix_explains_the_methods_that_occur_and_no_others() -> None:
    record = handmade.binary()
    used = {part for o in record.observations if isinstance(o.measured, Estimate) for part in _parts(o.measured.method)}
    appendix = view(record, words("en"), EXTENTS["paper"]).chapters[-1]
    (section,) = (s for s in appendix.sections if s.anchor == "appendix-methods")
    (glossary,) = section.blocks
    assert isinstance(glossary, Glossary)
    assert {term.id for term in glossary.terms} == used


def _parts(method: str) -> tuple[str, ...]:
    bare, added = methods.parts(method)
    return (bare, *added)
