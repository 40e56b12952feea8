"""What flows through a backbone: matrices, fields of one width, histories, and lists of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple, Union


@dataclass(frozen=True)
class Matrix:
    """float32 [batch, width]."""

    width: int
    fields: Tuple[int, ...] = ()
    """Widths of the features that it holds, where it is a feature group."""

    def __str__(self) -> str:
        return f"a matrix of width {self.width}"


@dataclass(frozen=True)
class Stack:
    """float32 [batch, fields, width]."""

    fields: int
    width: int

    def __str__(self) -> str:
        return f"{self.fields} features of width {self.width} in 3 dimensions"


@dataclass(frozen=True)
class Histories:
    """A feature group that lists SequenceFeatures: they, and its other features."""

    history: int
    """Width of the sequences side by side."""
    target: int
    """Width of the others."""

    def __str__(self) -> str:
        return "a feature group with SequenceFeatures"


@dataclass(frozen=True)
class Many:
    """A list."""

    items: Tuple[Value, ...]

    def __str__(self) -> str:
        return f"a list of {len(self.items)}"


Value = Union[Matrix, Stack, Histories, Many]

OF_LIST = "input_slice takes one of a list"
OF_HISTORIES = "DIN makes a matrix of it; or name the sequences in sequence_features of the group"
AS_LIST = "merge_inputs_into_list: true makes a list of the block's inputs"
"""Advice, where another kind of value is needed."""


class Unfit(Exception):
    """A value that fits no layer; its arguments are those of `Report.refuse`."""


def matrix_of(name: str, path: str, value: Value) -> Matrix:
    """The value, which has to be a matrix for `name` to read it."""
    if isinstance(value, Matrix):
        return value
    hint = OF_LIST if isinstance(value, Many) else None
    hint = OF_HISTORIES if isinstance(value, Histories) else hint
    raise Unfit(path, f"{name} reads a matrix, got {value}", None, hint)


def common_width(widths: Tuple[int, ...], path: str, what: str) -> int:
    """The width that all have."""
    if len(set(widths)) > 1:
        shown = ", ".join(map(str, sorted(set(widths))))
        hint = "give the features the same embedding_dim" if what == "features" else None
        raise Unfit(path, f"needs {what} of one width, got {shown}", None, hint)
    return widths[0]


def joined(inputs: List[Value], axis: int, path: str) -> Value:
    """As EasyRec joins inputs: one as it is; with a list among them, a list; else side by side."""
    if len(inputs) == 1:
        return inputs[0]
    if any(isinstance(value, Many) for value in inputs):
        return Many(tuple(flattened(inputs)))
    if any(isinstance(value, Histories) for value in inputs):
        raise Unfit(path, "cannot put a feature group with SequenceFeatures beside other inputs")
    matrices = [value for value in inputs if isinstance(value, Matrix)]
    stacks = [value for value in inputs if isinstance(value, Stack)]
    if not stacks:
        if axis not in (-1, 1):
            raise Unfit(path, "must be -1 or 1", str(axis))
        return Matrix(sum(value.width for value in matrices))
    if matrices:
        raise Unfit(path, f"cannot put {stacks[0]} and {matrices[0]} together")
    if axis not in (-1, 1, 2):
        raise Unfit(path, "must be -1, 1 or 2", str(axis))
    widths, fields = [value.width for value in stacks], [value.fields for value in stacks]
    same, what = (widths, "width") if axis == 1 else (fields, "number")
    if len(set(same)) > 1:
        shown = ", ".join(map(str, same))
        raise Unfit(path, f"needs features of one {what} in all inputs, got {shown}")
    return Stack(sum(fields), widths[0]) if axis == 1 else Stack(fields[0], sum(widths))


def flattened(values: List[Value]) -> List[Value]:
    """The values, with the items of a list in its place."""
    items: List[Value] = []
    for value in values:
        items.extend(value.items if isinstance(value, Many) else [value])
    return items
