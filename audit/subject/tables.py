"""Turns CSV and Parquet files into data frames whose types depend on the text alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from audit.errors import DataError, Problem
from audit.records.plan import InputFile
from audit.subject.source import content_of, file_name


@dataclass(frozen=True)
class Source:
    """A table that is open but not read."""

    place: str
    """`data.test: test.csv`, for errors."""
    file: InputFile
    columns: tuple[str, ...]
    """Its header."""
    read: Callable[[Sequence[str]], pa.Table]
    """Read some columns; text that the spec calls missing is null.

    A column of `string` comes from CSV, and its type is still to be found; one of `large_string` is text for good.
    """


def opened(file: InputFile, key: str, missing: Sequence[str]) -> Source:
    """Open a table and read its header.

    Raises
    ------
    DataError
        The file is no CSV and no Parquet, is empty, or names a column twice.
    """
    place = f"{key}: {file_name(file)}"
    content = content_of(file, place, DataError)
    source = (
        _parquet(place, file, content, missing) if content.startswith(b"PAR1") else _csv(place, file, content, missing)
    )
    twice = sorted({c for c in source.columns if source.columns.count(c) > 1})
    if twice:
        raise DataError(
            *(Problem(f"{place}, column {c!r}", "the header names it twice.", "Rename one of them.") for c in twice)
        )
    return source


def frames(
    tables: Mapping[str, pa.Table], places: Mapping[str, str], features: Iterable[str]
) -> dict[str, pd.DataFrame]:
    """Give the columns of every table their types; a column that is text in the training table is text in all.

    Raises
    ------
    DataError
        A feature that holds numbers in the training table holds text in another one.
    """
    kinds = {role: {c: _kind(table[c]) for c in table.column_names} for role, table in tables.items()}
    trained = kinds.get("train", {})
    _refuse_text_among_numbers(tables, places, [f for f in features if trained.get(f) == "number"], kinds)
    return {
        role: pd.DataFrame(
            {c: _series(table[c], trained.get(c) != "text") for c in table.column_names}, index=range(len(table))
        )
        for role, table in tables.items()
    }


def text_among_numbers(column: pd.Series) -> tuple[int, str] | None:
    """Return row (from 1) and text of the first value that is no number in a column of mostly numbers, or None."""
    if column.dtype.kind not in "OUT":
        return None
    held = column.dropna()
    numbers = pd.to_numeric(held, errors="coerce")
    bad = held[numbers.isna()]
    if bad.empty or len(bad) > len(held) / 2:
        return None
    return int(bad.index[0]) + 1, str(bad.iloc[0])


_Kind = Literal["number", "text", "other"]
_MOST_CELLS = 200_000_000
_SNIFF = 2**16


def _csv(place: str, file: InputFile, content: bytes, missing: Sequence[str]) -> Source:
    content = content.removeprefix(b"\xef\xbb\xbf")
    delimiter, header = _header(place, content)

    def read(columns: Sequence[str]) -> pa.Table:
        options = pa.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=list(columns),
            null_values=list(missing),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        )
        parse = pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        # One block: a type or an error never depends on where a block ends.
        read = pa.csv.ReadOptions(block_size=max(len(content) + 1, 2**10), use_threads=False)
        try:
            return pa.csv.read_csv(
                pa.BufferReader(content), read_options=read, parse_options=parse, convert_options=options
            )
        except pa.ArrowInvalid as wrong:
            raise DataError(Problem(place, f"is no readable CSV: {_first_line(wrong)}", _CSV_HINT)) from wrong

    return Source(place, file, header, read)


_CSV_HINT = "Every row needs as many fields as the header; the text must be UTF-8."


def _header(place: str, content: bytes) -> tuple[str, tuple[str, ...]]:
    if not content.strip():
        raise DataError(Problem(place, "is empty.", "Give a table with a header and at least one row."))
    start = content[:_SNIFF]
    if b"\x00" in start:
        raise DataError(Problem(place, "is neither CSV nor Parquet.", "Save the table as CSV (UTF-8) or Parquet."))
    try:
        text = start.decode("utf-8", errors="strict" if len(content) <= _SNIFF else "ignore")
    except UnicodeDecodeError as wrong:
        problem = Problem(
            place, f"is not UTF-8: byte {wrong.start + 1} is 0x{start[wrong.start]:02x}.", "Save the table as UTF-8."
        )
        raise DataError(problem) from wrong
    delimiter = next((d for d in ",;\t" if len(_fields(text, d)) > 1), ",")
    return delimiter, tuple(_fields(text, delimiter))


def _fields(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return []


def _parquet(place: str, file: InputFile, content: bytes, missing: Sequence[str]) -> Source:
    try:
        whole = pa.parquet.ParquetFile(pa.BufferReader(content))
        rows, names = whole.metadata.num_rows, tuple(whole.schema_arrow.names)
    except (pa.ArrowException, OSError) as wrong:
        raise DataError(Problem(place, f"is no readable Parquet: {_first_line(wrong)}", _PARQUET_HINT)) from wrong

    def read(columns: Sequence[str]) -> pa.Table:
        if rows * max(len(columns), 1) > _MOST_CELLS:
            raise DataError(
                Problem(
                    place,
                    f"holds {rows:,} rows of {len(columns)} columns to read: more than {_MOST_CELLS:,} cells.",
                    "Audit a random sample of the rows.",
                )
            )
        try:
            batches = list(whole.iter_batches(columns=list(columns), use_threads=False))
            table = pa.Table.from_batches(batches, schema=None if batches else whole.schema_arrow).select(list(columns))
        except (pa.ArrowException, OSError) as wrong:
            raise DataError(Problem(place, f"is no readable Parquet: {_first_line(wrong)}", _PARQUET_HINT)) from wrong
        return _without(table, missing)

    return Source(place, file, names, read)


_PARQUET_HINT = "Write the table again; the file may be cut off."


def _without(table: pa.Table, missing: Sequence[str]) -> pa.Table:
    words = pa.array(missing, pa.large_string())
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = table.column(i).cast(pa.large_string())
            hidden = pc.is_in(column, value_set=words)
            kept = pc.if_else(hidden, pa.scalar(None, pa.large_string()), column)
            table = table.set_column(i, field.name, kept)
    return table


def _first_line(wrong: BaseException) -> str:
    return str(wrong).strip().split("\n")[0][:300]


def _kind(column: pa.ChunkedArray) -> _Kind:
    if pa.types.is_large_string(column.type):
        return "text"
    if column.null_count == len(column) or _is_boolean(column):
        return "other"
    if pa.types.is_string(column.type):
        return "text" if _cast(column, pa.float64()) is None else "number"
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return "number" if any(test(column.type) for test in numbers) else "other"


def _refuse_text_among_numbers(
    tables: Mapping[str, pa.Table],
    places: Mapping[str, str],
    names: Sequence[str],
    kinds: Mapping[str, Mapping[str, _Kind]],
) -> None:
    problems = []
    for role, table in tables.items():
        for name in names:
            if kinds[role].get(name) == "text":
                values = pd.to_numeric(table[name].to_pandas(), errors="coerce")
                number = int(np.flatnonzero(values.isna().to_numpy() & table[name].is_valid().to_numpy())[0])
                problems.append(
                    Problem(
                        f"{places[role]}, column {name!r}",
                        f"expected a number as in {places['train']}, "
                        f"found {table[name][number].as_py()!r} in row {number + 1}.",
                        "Mend the value, or name it under data.missing if it stands for a missing one.",
                    )
                )
    if problems:
        raise DataError(*problems)


def _series(column: pa.ChunkedArray, may_be_typed: bool) -> pd.Series:
    if pa.types.is_string(column.type) and may_be_typed:
        column = _typed(column)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    series: pd.Series = column.to_pandas()
    return series


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.null_count == len(column):
        return column.cast(pa.float64())
    if _is_boolean(column):
        return pc.equal(pc.utf8_lower(column), "true")
    for kind in (pa.int64(), pa.float64()):
        numbers = _cast(column, kind)
        if numbers is not None:
            return numbers
    return column


def _is_boolean(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(column.type):
        return bool(pa.types.is_boolean(column.type))
    found = {v for v in pc.unique(column.slice(0, 1000)).to_pylist() if v is not None}
    if not found or not found <= _BOOLEANS:
        return False
    return {v for v in pc.unique(column).to_pylist() if v is not None} <= _BOOLEANS


_BOOLEANS = {"True", "False", "TRUE", "FALSE", "true", "false"}


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return None
