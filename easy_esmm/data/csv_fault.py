"""Describes what is wrong with a CSV line that does not decode."""

from __future__ import annotations

import re

import tensorflow as tf

from easy_esmm.data.cell_rule import broken_rule
from easy_esmm.data.csv_cells import UNBALANCED
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.fields import Fields

_LONGEST_VALUE = 60
_COUNTS = re.compile(r"Expect (\d+) fields but have (\d+)")


def fault(line: bytes, layout: Layout, fields: Fields) -> str:
    """What is wrong with a line that does not decode: its column, type and value."""
    try:
        cells = tf.io.decode_csv([line], [""] * len(layout.names), field_delim=layout.separator)
    except tf.errors.InvalidArgumentError as error:
        more = r"; a carriage return ('\r') alone ends no line" if b"\r" in line else ""
        return _broken_line(str(error), layout) + more
    by_name = {name: cell.numpy()[0] for name, cell in zip(layout.names, cells)}
    for column in fields.needed:
        rule = broken_rule(column, by_name[column.name], fields)
        if rule:
            shown = _shown(by_name[column.name])
            return f"column '{column.name}' ({column.type_name}): {rule}, got {shown}"
    return "the row cannot be decoded"


def _broken_line(error: str, layout: Layout) -> str:
    counts = _COUNTS.search(error)
    if counts is None:
        return UNBALANCED
    expected, found = counts.groups()
    return f"{found} columns where {expected} are expected (separator {layout.separator!r})"


def _shown(cell: bytes) -> str:
    text = cell.decode("utf-8", "replace")
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "...")
