"""Describes what is wrong with a tf.Example that does not decode."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Tuple

import numpy as np

from easy_esmm.config.cells import cell_fault, parse_cell
from easy_esmm.data.examples import (
    ExamplePlan,
    find_value_fault,
    parse_example,
    value_count,
)
from easy_esmm.data.fields import BOOL, FLOATS, STRING, Column, Fields
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

_LONGEST_VALUE = 60


def fault(record: bytes, plan: ExamplePlan) -> str:
    """The first column whose values are not as declared, and the rule that they break."""
    try:
        features = parse_example(record, "")
    except UserError:
        return "not a tf.Example"
    for column in plan.fields.needed:
        feature = features.get(column.name)
        is_list = column.name in plan.lists
        rule = find_value_fault(feature, plan.kinds[column.name], is_list)
        if not rule and feature is not None and value_count(feature):
            values = getattr(feature, feature.WhichOneof("kind")).value
            rule = next((r for value in values for r in _rules(column, value, plan.fields)), "")
        if rule:
            return f"column '{column.name}' ({column.type_name}): {rule}"
    return "the record cannot be decoded"


def _rules(column: Column, value: Any, fields: Fields) -> Iterator[str]:
    """The rules that a value breaks."""
    label = next((one for one in fields.labels if one.name == column.name), None)
    is_weight = fields.weight is not None and fields.weight.name == column.name
    shown = value.decode("utf-8", "replace")[:_LONGEST_VALUE] if column.type == STRING else value
    if column.type == STRING and (label is not None or is_weight):
        rule = cell_fault(DatasetConfig.FLOAT, value)
        if rule:
            yield f"{rule}, got '{shown}'"
            return
        value = parse_cell(DatasetConfig.FLOAT, value) or 0.0
    elif column.type == STRING:
        return
    for is_broken, rule in _RULES:
        if is_broken(column, value):
            yield f"{rule}, got {shown}"
    if label is not None and label.is_probability and not 0 <= value <= 1:
        yield f"must be in [0, 1], got {shown}"
    if is_weight and value < 0:
        yield f"must not be negative, got {shown}"


def _is_too_wide(column: Column, value: Any) -> bool:
    # (A tf.Example holds 64 bits.)
    return column.type == DatasetConfig.INT32 and not -(2**31) <= value < 2**31


_RULES: Tuple[Tuple[Callable[[Column, Any], bool], str], ...] = (
    (lambda column, value: column.type in (STRING, *FLOATS) and not np.isfinite(value),
     "must be finite"),
    (lambda column, value: column.type == BOOL and value not in (0, 1), "must be 0 or 1"),
    (_is_too_wide, "must fit its type"),
)  # fmt: skip
