"""The values of a field as Arrow columns, in the form of a CSV or of a Parquet file.

| field | CSV | Parquet |
|-|-|-|
| single | id, or nothing | int64, or null |
| list | `id|id` | list of int64 |
| weighted list | `id:weight|id:weight` | list of int64, and a list of float32 in `<field>_weight` |
"""

from __future__ import annotations

from typing import Dict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easy_esmm.aliccp.fields import WEIGHT_SUFFIX, Field
from easy_esmm.simulation.id_lists import FloatArray, IdLists, IntArray
from easy_esmm.simulation.impressions import Values


def csv_cells(field: Field, values: Values) -> Dict[str, pa.Array]:
    """One column: int64 with nulls, or strings."""
    if not isinstance(values, IdLists):
        return {field.name: _single(field, values)}
    pieces = pc.cast(pa.array(values.ids + field.first_id), pa.string())
    if field.weighted:
        pieces = pc.binary_join_element_wise(pieces, _weight_texts(values.weights), ":")
    lists = pa.ListArray.from_arrays(_offsets(values), pieces)
    return {field.name: pc.binary_join(lists, "|")}


def parquet_cells(field: Field, values: Values) -> Dict[str, pa.Array]:
    """One column, or two for a weighted field."""
    if not isinstance(values, IdLists):
        return {field.name: _single(field, values)}
    offsets = _offsets(values)
    ids = pa.array(values.ids + field.first_id)
    columns = {field.name: pa.ListArray.from_arrays(offsets, ids)}
    if field.weighted:
        weights = pa.array(values.weights.astype(np.float32))
        columns[field.name + WEIGHT_SUFFIX] = pa.ListArray.from_arrays(offsets, weights)
    return columns


def _single(field: Field, values: IntArray) -> pa.Array:
    return pa.array(values + field.first_id, mask=values < 0)


def _weight_texts(weights: FloatArray) -> pa.Array:
    """Five decimals, as in Ali-CCP; the weights take few values, so each is formatted once."""
    distinct, which = np.unique(weights, return_inverse=True)
    texts = pa.array([f"{weight:.5f}" for weight in distinct], pa.string())
    return texts.take(pa.array(which))


def _offsets(values: IdLists) -> pa.Array:
    return pa.array(values.offsets.astype(np.int32))
