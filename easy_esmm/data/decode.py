"""Decodes lines of CSV files into typed tensors, a block of lines in one op."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, Mapping, Optional, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.contract import LabelColumn, Tensor
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.empty_cells import fill_empty, sentinel
from easy_esmm.data.fields import BOOL, FALSE_WORDS, FLOATS, STRING, TRUE_WORDS, Column, Fields
from easy_esmm.protos.data_pb2 import DatasetConfig

DTYPES: Dict[int, Any] = {
    DatasetConfig.STRING: tf.string,
    DatasetConfig.INT32: tf.int32,
    DatasetConfig.INT64: tf.int64,
    DatasetConfig.FLOAT: tf.float32,
    DatasetConfig.DOUBLE: tf.float64,
    DatasetConfig.BOOL: tf.bool,
}

Element = Any
"""`columns`, or `(columns, labels)` where the fields hold labels or a weight: dicts of tensors.

A label is a `LabelColumn`.
"""


def decode_lines(lines: Tensor, layout: Layout, fields: Fields) -> Tuple[Tensor, Element]:
    """Decodes lines [rows] of one layout into (is every value legal, element of [rows] tensors).

    A wrong number of cells and a cell that is no number of its column's type raise
    InvalidArgumentError; a value outside its column's range (a float or a label that is not finite,
    a negative weight, a word that is no boolean) makes the first result, a scalar, False. Columns
    of the file that are not needed are split off as text and dropped: this way a row with a wrong
    number of cells is found (`select_cols` would read it with its cells shifted).
    """
    needed = {column.name: column for column in fields.needed}
    cells = tf.io.decode_csv(
        lines,
        [_cell_default(needed.get(n), n in fields.nullable) for n in layout.names],
        field_delim=layout.separator,
    )
    by_name = dict(zip(layout.names, cells))
    missing: Dict[str, Tensor] = {}
    for name in fields.nullable:
        default = _cell_default(needed[name], False)
        by_name[name], missing[name] = fill_empty(by_name[name], default)
    checks: List[Tensor] = []
    values = {name: _value(column, by_name[name], checks) for name, column in needed.items()}
    return assemble(fields, values, checks, missing)


def assemble(
    fields: Fields,
    values: Mapping[str, Tensor],
    checks: List[Tensor],
    missing: Mapping[str, Tensor],
) -> Tuple[Tensor, Element]:
    """(is every value legal, element) of the needed columns' typed values.

    `checks` are boolean tensors of any shape that hold where a value is legal; `missing` says of
    the labels of `fields.nullable` where the row lacks it.
    """
    columns = {column.name: values[column.name] for column in fields.columns}
    if not fields.labels and fields.weight is None:
        return _all(checks), columns
    labels: Dict[str, Any] = {}
    for column in fields.labels:
        label = _number(column, values[column.name], checks)
        is_missing = missing.get(column.name, tf.zeros_like(label, tf.bool))
        labels[column.name] = LabelColumn(label, is_missing)
    if fields.weight is not None:
        weight = _number(fields.weight, values[fields.weight.name], checks)
        checks.append(weight >= 0)
        labels[fields.weight.name] = weight
    return _all(checks), (columns, labels)


def element_spec(fields: Fields, lists: Collection[str] = ()) -> Element:
    """The structure and types of the elements of `assemble`: TensorSpecs of shape [None].

    Columns whose names are in `lists` are RaggedTensors [None, None].
    """
    columns = {c.name: _spec(c, c.name in lists) for c in fields.columns}
    if not fields.labels and fields.weight is None:
        return columns
    number, flag = tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.bool)
    labels: Dict[str, Any] = {c.name: LabelColumn(number, flag) for c in fields.labels}
    if fields.weight is not None:
        labels[fields.weight.name] = number
    return columns, labels


def _spec(column: Column, is_list: bool) -> Any:
    dtype = DTYPES[column.type]
    if is_list:
        return tf.RaggedTensorSpec([None, None], dtype, row_splits_dtype=tf.int64)
    return tf.TensorSpec([None], dtype)


def _cell_default(column: Optional[Column], is_nullable: bool) -> Any:
    if column is None:
        return ""
    if is_nullable:
        return sentinel(tf.string if column.type == BOOL else DTYPES[column.type])
    if column.type == BOOL:
        return "true" if column.default else "false"
    if column.type == STRING:
        return column.default
    return np.array(column.default, DTYPES[column.type].as_numpy_dtype)


def _value(column: Column, cells: Tensor, checks: List[Tensor]) -> Tensor:
    if column.type in FLOATS:
        checks.append(tf.math.is_finite(cells))
    if column.type != BOOL:
        return cells
    words = tf.strings.lower(tf.strings.strip(cells))
    is_true = _any_of(words, TRUE_WORDS)
    checks.append(is_true | _any_of(words, FALSE_WORDS))
    return is_true


def _any_of(words: Tensor, accepted: Tuple[bytes, ...]) -> Tensor:
    return tf.reduce_any([tf.equal(words, word) for word in accepted], axis=0)


def _number(column: Column, values: Tensor, checks: List[Tensor]) -> Tensor:
    """A label or the weight, float32."""
    if column.type == STRING:
        values = tf.strings.to_number(tf.where(tf.equal(values, ""), "0", values), tf.float32)
    label = tf.cast(values, tf.float32)
    if column.type in (STRING, *FLOATS):
        checks.append(tf.math.is_finite(label))
    if column.is_probability:
        checks.append((label >= 0) & (label <= 1))
    return label


def _all(checks: List[Tensor]) -> Tensor:
    return (
        tf.reduce_all([tf.reduce_all(check) for check in checks]) if checks else tf.constant(True)
    )
