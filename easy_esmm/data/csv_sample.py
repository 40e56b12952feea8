"""Reads the first rows of a CSV file whose separator and header are not known."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import islice
from typing import List, Optional, Sequence, Tuple

from easy_esmm.data import storage
from easy_esmm.data.files import (
    DAMAGED_GZIP,
    is_compressed,
    open_bytes,
    require_text,
    unreadable,
)
from easy_esmm.data.sample import Sample
from easy_esmm.errors import UserError

_SEPARATORS = ("\001", "\t", ",", ";", "|")
_LINES_TO_CUT = 200
_NULL_WORDS = ("", "null", "na", "n/a", "nan", "none", "\\n")
"""Cells that mean no value to the program that wrote them; only the first does here."""


def read_csv(files: Sequence[str], rows: int, labels: Sequence[str]) -> Sample:
    """At most `rows` first rows of the first file; `labels` are names that only a header holds.

    Raises UserError if there is no row, or no separator that cuts the lines into columns.
    """
    path = files[0]
    try:
        with open_bytes(path) as file:
            raw = list(islice(file, rows + 1))
    except DAMAGED_GZIP as error:
        raise UserError(unreadable(path, error)) from error
    require_text(path, raw[0] if raw else b"")
    lines = [line.decode("utf-8", "replace").replace("\r", "").rstrip("\n") for line in raw]
    lines = [line for line in lines if line]
    if not lines:
        raise UserError(f"{path}: holds no row")
    lines[0] = lines[0].lstrip("\ufeff")
    separator, width = _separator(path, lines[:_LINES_TO_CUT])
    cells = [_cells(line, separator) for line in lines]
    table = [row for row in cells if len(row) == width]
    has_header = _is_header(table[0], table[1:], labels)
    names = _names(table[0]) if has_header else [f"column{i + 1}" for i in range(width)]
    body = table[1:] if has_header else table
    if not body:
        raise UserError(f"{path}: holds a header and no row")
    columns = {name: [cell or None for cell in column] for name, column in zip(names, zip(*body))}
    total = _estimate(files, raw, len(body))
    header = "with a header" if has_header else "without a header"
    return Sample(
        tuple(files),
        f"CSV, separator {separator!r}, {header}",
        "CSVInput",
        {"separator": separator, "with_header": has_header},
        columns,
        len(body),
        total,
        has_names=has_header,
        odd_lines=len(cells) - len(table),
    )


def _cells(line: str, separator: str) -> List[str]:
    """The cells of a line; none if a quote is not closed in it.

    Lines are cut one by one, as in training: no cell goes on in the next line.
    """
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _separator(path: str, lines: List[str]) -> Tuple[str, int]:
    """The character that cuts the most lines into equally many cells, and that number."""
    best: Optional[Tuple[int, int, str]] = None
    for separator in _SEPARATORS:
        widths = Counter(len(_cells(line, separator)) for line in lines)
        width, count = widths.most_common(1)[0]
        if width > 1 and count * 10 >= 9 * len(lines) and (best is None or width > best[1]):
            best = (count, width, separator)
    if best is None:
        shown = ", ".join(repr(separator) for separator in _SEPARATORS)
        raise UserError(
            f"{path}: not a table: neither a Parquet file, nor lines that one of {shown} cuts into "
            "equally many cells"
        )
    return best[2], best[1]


def _is_header(first: List[str], rows: List[List[str]], labels: Sequence[str]) -> bool:
    """Names the columns: holds the labels, or has names where the rows below hold numbers.

    (pandas leaves the name of its index empty.)
    """
    if any(label in first for label in labels):
        return True
    if len(set(first)) < len(first):
        return False
    columns = zip(first, zip(*rows))
    return any(
        not (is_number(name) or is_null(name)) and _are_numbers(cells) for name, cells in columns
    )


def _are_numbers(cells: Sequence[str]) -> bool:
    """Whether all are numbers but for words for no value, of which not all are."""
    present = [cell for cell in cells if not is_null(cell)]
    return bool(present) and all(map(is_number, present))


def _names(cells: List[str]) -> List[str]:
    names = [cell.strip() for cell in cells]
    doubled = [name for name, count in Counter(names).items() if count > 1 and name]
    if doubled:
        raise UserError(f"the header has column '{doubled[0]}' twice; name the columns apart")
    return names


def _estimate(files: Sequence[str], raw: List[bytes], rows: int) -> int:
    read = sum(map(len, raw))
    sizes = [storage.size(path) * (4 if is_compressed(path) else 1) for path in files]
    return max(rows, int(sum(sizes) / max(1, read) * rows))


def is_number(cell: str) -> bool:
    """Whether a cell is a finite decimal number."""
    try:
        return abs(float(cell)) < float("inf") and "_" not in cell
    except ValueError:
        return False


def is_null(cell: str) -> bool:
    """Whether a cell is a word for no value."""
    return cell.strip().lower() in _NULL_WORDS
