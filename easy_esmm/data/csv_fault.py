"""Describes what is wrong with a CSV line that does not decode."""

from __future__ import annotations

import re

import numpy as np
import tensorflow as tf

from easy_esmm.data.csv_cells import UNBALANCED
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.decode import DTYPES
from easy_esmm.data.fields import BOOL, FALSE_WORDS, FLOATS, STRING, TRUE_WORDS, Column, Fields

_LONGEST_VALUE = 60
_COUNTS = re.compile(r"Expect (\d+) fields but have (\d+)")


def fault(line: bytes, layout: Layout, fields: Fields) -> str:
    """What is wrong with a line that does not decode: its column, type and value."""
    try:
        cells = tf.io.decode_csv([line], [""] * len(layout.names), field_delim=layout.separator)
    except tf.errors.InvalidArgumentError as error:
        return _broken_line(str(error), layout)
    by_name = {name: cell.numpy()[0] for name, cell in zip(layout.names, cells)}
    labels = {column.name for column in fields.labels}
    for column in fields.needed:
        is_weight = column == fields.weight
        rule = _rule(column, by_name[column.name], column.name in labels or is_weight, is_weight)
        if rule:
            return (
                f"column '{column.name}' ({column.type_name}): {rule}{_shown(by_name[column.name])}"
            )
    return "the row cannot be decoded"


def _broken_line(error: str, layout: Layout) -> str:
    counts = _COUNTS.search(error)
    if counts is None:
        return UNBALANCED
    expected, found = counts.groups()
    return f"{found} columns where {expected} are expected (separator {layout.separator!r})"


def _rule(column: Column, cell: bytes, is_label: bool, is_weight: bool) -> str:
    """The rule that the cell breaks, as the start of a message; empty if it breaks none."""
    if cell == b"":
        return ""
    if column.type == BOOL:
        is_word = cell.strip().lower() in (*TRUE_WORDS, *FALSE_WORDS)
        return "" if is_word else "must be true, false, 1 or 0, got "
    if column.type == STRING and not is_label:
        return ""
    dtype = tf.float32 if column.type == STRING else DTYPES[column.type]
    try:
        number = tf.strings.to_number(cell, dtype).numpy()
    except tf.errors.InvalidArgumentError:
        return "must be a number, got " if column.type == STRING else "got "
    if column.type in (STRING, *FLOATS) and not np.isfinite(
        np.float32(number) if is_label else number
    ):
        return "must be finite, got "
    if column.is_probability and not 0 <= number <= 1:
        return "must be in [0, 1], got "
    return "must not be negative, got " if is_weight and number < 0 else ""


def _shown(cell: bytes) -> str:
    text = cell.decode("utf-8", "replace")
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "...")
