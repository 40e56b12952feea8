"""Turns input rows into requests for a SavedModel."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.cell_tensors import is_missing, mark_of
from easy_esmm.config.several_values import (
    matrix_columns,
    sequence_separators,
    value_separators,
)
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.columns import serving_columns
from easy_esmm.serving.matrices import to_matrix, without_missing_ids
from easy_esmm.serving.signature import JOINED_INPUT


def request(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Dict[str, NDArray[Any]]:
    """A batch as `serving_default` takes it: key -> array [batch], or [batch, values].

    Args:
      config: resolved.
      columns: one of `data.input_fn(config, "predict").batches()`. List columns become text, joined
        by their feature's separator; under `multi_placeholder: false` whole rows do, joined by the
        data separator.

    Raises:
      UserError: a value of a list holds a separator of its feature, which would part it; or, of
        joined rows, a cell holds the separator or a line break.
    """
    columns = without_missing_ids(config, columns)
    separators, sequences = value_separators(config), sequence_separators(config)
    matrices = matrix_columns(config)
    arrays: Dict[str, NDArray[Any]] = {}
    for name in (column.name for column in serving_columns(config)):
        if name in matrices:
            arrays[name] = to_matrix(config, name, columns[name])
            continue
        if isinstance(columns[name], tf.RaggedTensor) and name in separators:
            parting = "".join(dict.fromkeys(separators[name] + sequences.get(name, "")))
            _require_without(parting, f"a value of column {name}", columns[name].values)
        if name in sequences:
            _require_text_for_empty(name, columns[name])
        joined_by = sequences.get(name) or separators.get(name, "|")[0]
        arrays[name] = text_column(columns[name], joined_by)
    if config.export_config.multi_placeholder:
        return arrays
    separator = config.data_config.separator
    for name, array in arrays.items():
        _require_without(f"{separator}\r\n", f"a cell of column {name}, of joined rows,", array)
    texts = [_texts(array) for array in arrays.values()]
    return {JOINED_INPUT: np.array([separator.encode().join(row) for row in zip(*texts)], object)}


def _require_without(characters: str, what: str, values: Any) -> None:
    """Raises UserError for the first text with one of `characters`, which would part it."""
    if np.asarray(values).dtype != object:
        return
    inside = re.compile(b"|".join(re.escape(one.encode()) for one in characters))
    for text in np.asarray(values):
        if inside.search(text):
            raise UserError(
                f"{what} must hold none of the characters {characters!r}, which part it in a "
                f"request, got {text.decode(errors='replace')!r}; export with "
                "export_config.multi_placeholder and auto_multi_value: true"
            )


def _require_text_for_empty(name: str, column: Tensor) -> None:
    """Raises UserError for a list of one empty text, which as text is an empty list."""
    if isinstance(column, tf.RaggedTensor):
        is_single = tf.gather(tf.equal(column.row_lengths(), 1), column.value_rowids())
        if bool(tf.reduce_any(is_single & is_missing(column.values))):
            raise UserError(
                f"column {name} must not hold a list of one empty text, which a request, where it "
                "is text, cannot tell from an empty list"
            )


def text_column(values: Tensor, separator: str = "|") -> NDArray[Any]:
    """A column of an eager batch as an array [batch]; lists as text, joined by `separator`."""
    if not isinstance(values, tf.RaggedTensor):
        array: NDArray[Any] = values.numpy()
        return array
    pieces = _texts(values.flat_values.numpy())
    ends = values.row_splits.numpy()
    joined = [separator.encode().join(pieces[start:end]) for start, end in zip(ends[:-1], ends[1:])]
    return np.array(joined, object)


def _texts(array: NDArray[Any]) -> List[bytes]:
    """Each value as it would stand in a CSV file: floats to the last bit, a missing one empty."""
    if array.dtype == object:
        return list(array)
    if array.dtype == np.bool_:
        return [b"true" if value else b"false" for value in array]
    mark = mark_of(tf.as_dtype(array.dtype))
    is_none = np.isnan(array) if array.dtype.kind == "f" else array == mark
    return [b"" if none else str(value).encode() for value, none in zip(array, is_none)]
