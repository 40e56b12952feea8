"""Decodes lines of CSV files into typed tensors, a block of lines in one op."""

from __future__ import annotations

import re
from typing import Any, Collection, Dict, List, Mapping, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.cell_tensors import booleans_of, is_missing, mark_of, numbers_of
from easy_esmm.config.cells import WHOLE
from easy_esmm.contract import LabelColumn, Tensor
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.fields import (
    BOOL,
    FLOATS,
    INTEGERS,
    STRING,
    Column,
    Fields,
    parse_cell,
)
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

Labels and the weight are `LabelColumn`s.
"""


_PLAIN_FLOAT = r"(?:-?(?:[0-9]{1,7}(?:\.[0-9]{0,17})?|\.[0-9]{1,17})(?:[eE][-+]?[0-9]{1,3})?)?"
_PLAIN_NUMBERS: Dict[int, str] = {
    **dict.fromkeys(INTEGERS, f"(?:{WHOLE})?"),
    **dict.fromkeys(FLOATS, _PLAIN_FLOAT),  # of 31 characters at most, see LONGEST_DECIMAL
}
_MOST_PLAIN = 200
"""Columns up to which lines are looked at as a whole: the expression has to stay small."""


class Decoded(NamedTuple):
    """The values of a column in a block of rows."""

    values: Tensor
    """[rows] of the declared type, or ragged [rows, None]; where a row has no value, the column's
    default."""
    is_missing: Tensor
    """bool [rows]: where a row has no value; of lists, none."""
    is_legal: Tensor
    """bool of any shape: false for a value that is not of the declared type."""


def decode_lines(lines: Tensor, layout: Layout, fields: Fields) -> Tuple[Tensor, Element]:
    """Decodes lines [rows] of one layout into (is every value legal, element of [rows] tensors).

    A cell that is no number, or no boolean, of its column's type makes the first result, a scalar,
    False, as a label outside its range and a negative weight do. A wrong number of cells, and an
    integer that does not fit its type, raise InvalidArgumentError. Columns of the file that are
    not needed are split off and dropped: this way a row with a wrong number of cells is found
    (`select_cols` would read it with its cells shifted).

    The decoding op has a grammar of numbers of its own, which takes `nan` and `0x10` and differs
    from one TensorFlow to the other. It converts the numbers of lines that a regular expression has
    found plain; in other blocks of lines cells are cut off as text. Of 23 columns of numbers the
    op costs 0.9 us a row, the expression 0.5, text and its conversion 2.5.
    """
    if layout.strips_text or len(layout.names) > _MOST_PLAIN:
        return _decode_any(lines, layout, fields)
    is_plain = tf.reduce_all(tf.strings.regex_full_match(lines, _plain(layout, fields)))
    decoded: Tuple[Tensor, Element] = tf.cond(
        is_plain,
        lambda: _decode_plain(lines, layout, fields),
        lambda: _decode_any(lines, layout, fields),
    )
    return decoded


def _decode_any(lines: Tensor, layout: Layout, fields: Fields) -> Tuple[Tensor, Element]:
    cells = tf.io.decode_csv(lines, [""] * len(layout.names), field_delim=layout.separator)
    by_name = dict(zip(layout.names, cells))
    if layout.strips_text:
        by_name = {c.name: tf.strings.strip(by_name[c.name]) for c in fields.needed}
    return assemble(fields, {c.name: decode_cells(c, by_name[c.name]) for c in fields.needed})


def _decode_plain(lines: Tensor, layout: Layout, fields: Fields) -> Tuple[Tensor, Element]:
    """As `_decode_any`, of lines that match `_plain`."""
    numbers = {c.name: mark_of(DTYPES[c.type]) for c in fields.needed if c.type in _PLAIN_NUMBERS}
    defaults = [numbers.get(name, "") for name in layout.names]
    cells = dict(zip(layout.names, tf.io.decode_csv(lines, defaults, layout.separator)))
    decoded: Dict[str, Decoded] = {}
    for column in fields.needed:
        values = cells[column.name]
        if column.name in numbers:
            is_empty, is_legal = is_missing(values), tf.constant(True)
            if values.dtype.is_floating:
                is_legal = tf.math.is_finite(values) | is_empty
            values = with_default(column, values, is_empty)
            decoded[column.name] = Decoded(values, is_empty, is_legal)
        else:
            decoded[column.name] = decode_cells(column, values)
    return assemble(fields, decoded)


def _plain(layout: Layout, fields: Fields) -> str:
    """A regular expression of lines whose numbers, or nothing, stand between the separators.

    They are what `numbers_of` takes, less than all of it: no blanks, no quotes, no long fractions.
    """
    separator = re.escape(layout.separator)
    text = f'(?:"(?:[^"]|"")*"|[^"\\r\\n{separator}]*)'
    types = {column.name: column.type for column in fields.needed}
    return separator.join(_PLAIN_NUMBERS.get(types.get(n, STRING), text) for n in layout.names)


def assemble(fields: Fields, decoded: Mapping[str, Decoded]) -> Tuple[Tensor, Element]:
    """(is every value legal, element) of the needed columns."""
    checks = [decoded[column.name].is_legal for column in fields.needed]
    columns = {column.name: decoded[column.name].values for column in fields.columns}
    if not fields.labels and fields.weight is None:
        return _all(checks), columns
    labels = {c.name: _label(c, decoded[c.name], checks) for c in fields.labels_and_weight}
    if fields.weight is not None:
        checks.append(labels[fields.weight.name].value >= 0)
    return _all(checks), (columns, labels)


def element_spec(fields: Fields, lists: Collection[str] = ()) -> Element:
    """The structure and types of the elements of `assemble`: TensorSpecs of shape [None].

    Columns whose names are in `lists` are RaggedTensors [None, None].
    """
    columns = {c.name: _spec(c, c.name in lists) for c in fields.columns}
    if not fields.labels and fields.weight is None:
        return columns
    number, flag = tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.bool)
    return columns, {c.name: LabelColumn(number, flag) for c in fields.labels_and_weight}


def _spec(column: Column, is_list: bool) -> Any:
    dtype = DTYPES[column.type]
    if is_list:
        return tf.RaggedTensorSpec([None, None], dtype, row_splits_dtype=tf.int64)
    return tf.TensorSpec([None], dtype)


def decode_cells(column: Column, cells: Tensor) -> Decoded:
    """The values of a column's cells, text [rows]."""
    if column.type == STRING:
        is_empty, is_legal = tf.equal(cells, ""), tf.constant(True)
        values = tf.where(is_empty, column.default, cells) if column.default else cells
        return Decoded(values, is_empty, is_legal)
    if column.type == BOOL:
        values, is_legal, is_empty = booleans_of(cells)
    else:
        values, is_legal = numbers_of(cells, DTYPES[column.type])
        is_empty = is_missing(values)
    return Decoded(with_default(column, values, is_empty), is_empty, is_legal)


def with_default(column: Column, values: Tensor, is_empty: Tensor) -> Tensor:
    """The values of a column, its default where there is none."""
    default = np.array(column.default, values.dtype.as_numpy_dtype)
    return tf.where(is_empty, tf.constant(default), values)


def _label(column: Column, decoded: Decoded, checks: List[Tensor]) -> LabelColumn:
    """A label or the weight as float32, 0 where it is missing."""
    values, is_empty = decoded.values, decoded.is_missing
    if column.type == STRING:
        numbers, is_number = numbers_of(values, tf.float32)
        checks.append(is_number)
        is_empty |= is_number & is_missing(numbers)
        default = parse_cell(DatasetConfig.FLOAT, bytes(column.default))  # type: ignore[arg-type]
        values = tf.where(is_empty, np.float32(default or 0), numbers)
    elif column.type == DatasetConfig.DOUBLE:
        checks.append(is_empty | tf.math.is_finite(tf.cast(values, tf.float32)))
    value = tf.cast(values, tf.float32)
    if column.has_default:
        is_empty = tf.zeros_like(is_empty)
    value = tf.where(is_empty, 0.0, value)
    if column.is_probability:
        checks.append((value >= 0) & (value <= 1))
    return LabelColumn(value, is_empty)


def _all(checks: List[Tensor]) -> Tensor:
    return (
        tf.reduce_all([tf.reduce_all(check) for check in checks]) if checks else tf.constant(True)
    )
