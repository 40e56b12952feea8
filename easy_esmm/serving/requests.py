"""Input rows as requests for a SavedModel."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.config.several_values import matrix_columns, value_separators
from easy_esmm.contract import Tensor
from easy_esmm.data.spread import spread
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.matrices import to_matrix
from easy_esmm.serving.signature import JOINED_INPUT, serving_columns


def request(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Dict[str, NDArray[Any]]:
    """A batch as `serving_default` wants it: key -> array [batch], or [batch, values].

    Args:
      config: resolved.
      columns: a batch of `data.input_fn(config, "predict")`, read eagerly. List columns become
        text, joined by their feature's separator; under `multi_placeholder: false` whole rows do,
        joined by the data separator. Users' columns are given to each row.

    Raises:
      UserError: a cell holds the separator that rows are joined by.
    """
    columns = spread(config, columns)
    separators = value_separators(config)
    matrices = matrix_columns(config)
    arrays = {
        name: to_matrix(config, name, columns[name])
        if name in matrices
        else text_column(columns[name], separators.get(name, "|")[0])
        for name in (column.name for column in serving_columns(config))
    }
    if config.export_config.multi_placeholder:
        return arrays
    texts = [_texts(array) for array in arrays.values()]
    separator = config.data_config.separator.encode()
    for name, cells in zip(arrays, texts):
        row = next((i for i, cell in enumerate(cells) if separator in cell), None)
        if row is not None:
            raise UserError(
                f"column {name}: must not hold the separator {config.data_config.separator!r} of "
                f"joined rows, got {cells[row].decode(errors='replace')!r} in row {row + 1} of a "
                "batch; export with export_config.multi_placeholder: true"
            )
    return {JOINED_INPUT: np.array([separator.join(row) for row in zip(*texts)], object)}


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
    """Each value as it would stand in a CSV file; floats to the last bit."""
    if array.dtype == object:
        return list(array)
    if array.dtype == np.bool_:
        return [b"true" if value else b"false" for value in array]
    return [str(value).encode() for value in array]
