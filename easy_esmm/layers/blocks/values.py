"""What flows through a backbone: matrices, lists of them, and feature groups."""

from __future__ import annotations

from typing import Any, List, Sequence

import tensorflow as tf

from easy_esmm.config.backbone.input_slice import Index
from easy_esmm.contract import Group, Tensor

Value = Any
"""float32 [batch, width] or [batch, features, dimension]; a feature group as it is; or a list."""


def matrix_of(value: Value) -> Tensor:
    """float32 [batch, width]: a matrix, or the matrix of a group."""
    return value.matrix if isinstance(value, Group) else value


def matrices_of(value: Value) -> List[Tensor]:
    """float32 [batch, width] each: a list's."""
    return [matrix_of(item) for item in value]


def fields_of(value: Value) -> List[Tensor]:
    """float32 [batch, width] each: a group's features, those that are stacked, or a list's."""
    if isinstance(value, Group):
        widths = list(value.widths.values())
        return list(tf.split(value.matrix, widths, axis=1))
    if isinstance(value, (list, tuple)):
        return matrices_of(value)
    return list(tf.unstack(value, axis=1))


def part_of(value: Value, index: Index) -> Value:
    """The part that an index names."""
    if isinstance(value, (list, tuple)):
        return value[index[0]]
    return matrix_of(value)[index]


def joined(values: Sequence[Value], axis: int) -> Value:
    """One value as it is; with a list among them, a list of all; else side by side along `axis`."""
    if len(values) == 1:
        return values[0]
    if any(isinstance(value, (list, tuple)) for value in values):
        return flattened(values)
    return tf.concat([matrix_of(value) for value in values], axis=axis)


def flattened(values: Sequence[Value]) -> List[Value]:
    """The values, lists among them by their elements."""
    items: List[Value] = []
    for value in values:
        items.extend(value if isinstance(value, (list, tuple)) else [value])
    return items
