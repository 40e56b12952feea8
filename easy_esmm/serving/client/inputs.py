"""Turns a caller's columns into the inputs of a signature."""

from __future__ import annotations

from typing import Dict, Mapping, Sequence

from easy_esmm.errors import UserError
from easy_esmm.serving.client.cells import Array, Values, converted
from easy_esmm.serving.client.lists import (
    ListColumns,
    holds_lists,
    joined,
    matrix,
    require_equally_many,
    without_missing_ids,
)
from easy_esmm.serving.client.signatures import TensorSpec, type_name
from easy_esmm.serving.client.tables import Table


def inputs_of(
    table: Table, specs: Mapping[str, TensorSpec], lists: ListColumns, names: Sequence[str]
) -> Dict[str, Array]:
    """Input name -> array [rows], or [rows, values], for `names`, which the table holds.

    Raises UserError for a value that its input cannot take, with row and column.
    """
    columns = without_missing_ids(lists, {name: table.values(name) for name in names})
    require_equally_many(lists, columns)
    return {name: _input(name, columns[name], specs[name], lists) for name in names}


def _input(name: str, values: Values, spec: TensorSpec, lists: ListColumns) -> Array:
    if len(spec.shape) == 2:
        return matrix(lists, name, values, spec.dtype)
    if spec.dtype == object:
        values = joined(lists, name, values)
    elif holds_lists(values):
        raise UserError(f"column '{name}': the model takes one {type_name(spec.dtype)}, got lists")
    return converted(name, values, spec.dtype)
