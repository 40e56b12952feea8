"""Describes what is wrong with a CSV line that does not decode."""

from __future__ import annotations

import re

import tensorflow as tf

from easy_esmm.config.cells import cell_fault
from easy_esmm.data.csv_cells import UNBALANCED
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.fields import BOOL, STRING, Column, Fields, is_empty, parse_cell
from easy_esmm.protos.data_pb2 import DatasetConfig

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
    labels = {column.name for column in fields.labels}
    for column in fields.needed:
        is_weight = column == fields.weight
        rule = _rule(column, by_name[column.name], column.name in labels or is_weight, is_weight)
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


def _rule(column: Column, cell: bytes, is_label: bool, is_weight: bool) -> str:
    """The rule that the cell breaks, as `must be ...`; empty if it breaks none."""
    kind = DatasetConfig.FLOAT if column.type == STRING and is_label else column.type
    rule = cell_fault(kind, cell)
    if rule or is_empty(kind, cell) or kind in (STRING, BOOL) or not is_label:
        return rule
    # A label and the weight become 32-bit floats.
    number = parse_cell(DatasetConfig.FLOAT, cell)
    if number is None:
        return cell_fault(DatasetConfig.FLOAT, cell)
    if column.is_probability and not 0 <= float(number) <= 1:
        return "must be in [0, 1]"
    return "must not be negative" if is_weight and float(number) < 0 else ""


def _shown(cell: bytes) -> str:
    text = cell.decode("utf-8", "replace")
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "...")
