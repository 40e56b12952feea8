"""Says which rule a cell of a CSV file breaks, by what reads it. No TensorFlow."""

from __future__ import annotations

from easy_esmm.config.cells import cell_fault
from easy_esmm.data.csv_shape import is_null
from easy_esmm.data.fields import BOOL, STRING, Column, Fields, is_empty, parse_cell
from easy_esmm.protos.data_pb2 import DatasetConfig


def broken_rule(column: Column, cell: bytes, fields: Fields) -> str:
    """The rule that a cell of a needed column breaks, as `must be ...`; empty if it breaks none."""
    is_weight = column == fields.weight
    is_label = is_weight or column.name in {label.name for label in fields.labels}
    kind = DatasetConfig.FLOAT if column.type == STRING and is_label else column.type
    rule = cell_fault(kind, cell)
    if rule:
        is_word = is_null(cell.decode("utf-8", "replace"))
        return f"{rule}, or empty where it is missing" if is_word else rule
    if is_empty(kind, cell) or kind in (STRING, BOOL) or not is_label:
        return ""
    # A label and the weight become 32-bit floats.
    number = parse_cell(DatasetConfig.FLOAT, cell)
    if number is None:
        return cell_fault(DatasetConfig.FLOAT, cell)
    if column.is_probability and not 0 <= float(number) <= 1:
        return "must be in [0, 1]"
    return "must not be negative" if is_weight and float(number) < 0 else ""
