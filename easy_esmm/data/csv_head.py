"""Reads the columns of a CSV file from its first line. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from easy_esmm.data.csv_cells import BLANK_HEADER, UNBALANCED, split_line
from easy_esmm.data.fields import Fields
from easy_esmm.data.lines import first_lines
from easy_esmm.data.undecodable import undecodable
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


@dataclass(frozen=True)
class Layout:
    """The columns of a CSV file, in its order."""

    names: Tuple[str, ...]
    separator: str
    strips_text: bool = False
    """Whether text is read without the blanks around it."""


def file_layout(path: str, data: DatasetConfig, fields: Fields) -> Layout:
    """The columns of a file: those of its header, else `input_fields`.

    A file without any line has the config's columns. Raises UserError if a needed column is missing
    or stands there twice.
    """
    lines = first_lines(path, 1, data.encoding, data.ignore_error) if data.with_header else []
    if lines and lines[0].undecoded is not None:
        rule, value, hint = undecodable([lines[0].undecoded], data.encoding)
        raise UserError(f"{path}:1: {rule}, got {value}; {hint}")
    names = fields.declared
    if lines and not lines[0].text.strip():
        raise UserError(f"{path}:1: {BLANK_HEADER}")
    if lines:
        cells = split_line(lines[0].text, data.separator)
        if cells is None:
            raise UserError(f"{path}:1: {UNBALANCED}")
        names = tuple(cell.strip() for cell in cells)
    for column in fields.present:
        if names.count(column.name) != 1:
            times = "twice" if column.name in names else "not"
            where = "the header" if lines else "data_config.input_fields"
            raise UserError(
                f"{path}: column '{column.name}' is {times} in {where} ({', '.join(names)})"
            )
    return Layout(names, data.separator, data.strip_text)
