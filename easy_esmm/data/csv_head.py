"""Reads the columns of a CSV file from its first line. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

from easy_esmm.data.csv_cells import UNBALANCED, split_line
from easy_esmm.data.fields import Fields
from easy_esmm.data.files import DAMAGED_GZIP, open_bytes, require_text, unreadable
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


@dataclass(frozen=True)
class Layout:
    """The columns of a CSV file, in its order."""

    names: Tuple[str, ...]
    separator: str


def file_layout(path: str, data: DatasetConfig, fields: Fields) -> Layout:
    """The columns of a file: those of its header, else `input_fields`.

    A file without any line has the config's columns. Raises UserError if a needed column is missing
    or stands there twice.
    """
    lines = first_lines(path, 1) if data.with_header else []
    names = tuple(split_cells(lines[0].text, data.separator)) if lines else fields.declared
    if not names:
        raise UserError(f"{path}:1: {UNBALANCED}")
    for column in fields.needed:
        if names.count(column.name) != 1:
            times = "twice" if column.name in names else "not"
            where = "the header" if lines else "data_config.input_fields"
            raise UserError(
                f"{path}: column '{column.name}' is {times} in {where} ({', '.join(names)})"
            )
    return Layout(names, data.separator)


@dataclass(frozen=True)
class Line:
    """A line of a file without its end."""

    number: int
    """From 1."""
    text: str


def first_lines(path: str, count: int) -> List[Line]:
    """The first line of a file and the first ones after it that are not blank, `count` in all.

    Shorter where there are fewer; a byte order mark is dropped, bytes that are not UTF-8 are
    replaced. Raises UserError if the file cannot be read, or is no text of UTF-8.
    """
    lines: List[Line] = []
    try:
        with open_bytes(path) as file:
            for number, line in enumerate(file, 1):
                if number == 1:
                    require_text(path, line)
                text = line.decode("utf-8", "replace").replace("\r", "").rstrip("\n")
                if text or not lines:
                    lines.append(Line(number, text if lines else text.lstrip("\ufeff")))
                if len(lines) == count:
                    break
    except DAMAGED_GZIP as error:
        raise UserError(unreadable(path, error)) from error
    return lines


def split_cells(line: str, separator: str) -> List[str]:
    """The cells of a line, quotes and surrounding blanks removed; none if the quotes are wrong."""
    return [cell.strip() for cell in split_line(line, separator) or ()]
