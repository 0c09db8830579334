"""What an argument of a measure may be, so that a value is refused where it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from audit.records.spec import Scalar


@dataclass(frozen=True)
class Argument:
    """One argument: its default, which also gives the kind of value, and its range.

    Declared with literal values only: a spec is checked without importing what is measured, by `declared_arguments`.

    >>> Argument(1.0, above=0).problem(-2)
    'expected a number above 0, found -2.'
    >>> Argument(5, least=1, most=10).problem(2.5)
    'expected a whole number from 1 and up to 10, found 2.5.'
    >>> Argument("uniform", words=("uniform", "quantile")).problem("quantile")
    ''
    """

    default: int | float | str
    above: float | None = None
    """What a number has to be greater than."""
    least: float | None = None
    below: float | None = None
    """What a number has to be less than."""
    most: float | None = None
    words: tuple[str, ...] = ()
    """What a text may be."""

    def problem(self, value: Scalar) -> str:
        """Return what is wrong with a value, as a sentence; "" where nothing is."""
        return "" if self._admits(value) else f"expected {self._expected()}, found {_found(value)}."

    def read(self, value: Scalar) -> int | float | str:
        """Return a value that has no problem as one of this argument's kind.

        >>> Argument(1.0).read(2), Argument(1).read(2.0)
        (2.0, 2)
        """
        return type(self.default)(value)

    def _admits(self, value: Scalar) -> bool:
        if isinstance(self.default, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return False
        if isinstance(self.default, int) and value != int(value):
            return False
        return (
            (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
            and (self.most is None or value <= self.most)
        )

    def _expected(self) -> str:
        if isinstance(self.default, str):
            return f"one of {', '.join(self.words)}"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        lower = [f"{w} {v:g}" for w, v in (("above", self.above), ("from", self.least)) if v is not None]
        upper = [f"{w} {v:g}" for w, v in (("below", self.below), ("up to", self.most)) if v is not None]
        return " ".join((kind, " and ".join(lower + upper))).rstrip()


def problems_of(
    given: Mapping[str, Scalar], declared: Mapping[str, Argument], measure: str
) -> Iterator[tuple[str, str, str]]:
    """Yield the argument, what is wrong with it and what to do, of each given one that does not fit.

    >>> list(problems_of({"bta": 2}, {"beta": Argument(1.0)}, "f_beta"))
    [('bta', "f_beta has no argument 'bta'.", 'It takes: beta.')]
    """
    takes = f"It takes: {', '.join(declared)}." if declared else "It takes no arguments."
    for name, value in given.items():
        if name not in declared:
            yield name, f"{measure} has no argument {name!r}.", takes
        elif problem := declared[name].problem(value):
            yield name, problem, ""


def declared_arguments(source: str) -> dict[str, Argument]:
    """Read the arguments that a module declares as `arguments={"name": Argument(...)}` from its text alone.

    >>> declared_arguments('METRIC = Metric(name="f", arguments={"beta": Argument(1.0, above=0)})')["beta"].above
    0
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "arguments" and isinstance(node.value, ast.Dict):
            return dict(_declared(node.value))
    return {}


def _declared(written: ast.Dict) -> Iterator[tuple[str, Argument]]:
    for key, value in zip(written.keys, written.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(value, ast.Call):
            named = {str(word.arg): ast.literal_eval(word.value) for word in value.keywords}
            yield str(key.value), Argument(*map(ast.literal_eval, value.args), **named)


def _found(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value!r}"
    return f"{value:g}" if isinstance(value, int | float) else "none"
