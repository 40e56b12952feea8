"""Tells which rows of a batch have no value in a column."""

from __future__ import annotations

from typing import Mapping

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.contract import Tensor
from easy_esmm.data.row_columns import by_row
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def has_no_value(config: PipelineConfig, columns: Mapping[str, Tensor], name: str) -> Tensor:
    """Bool [batch]: whether the row has none in the column `name`; a list has none if empty."""
    column = columns[name]
    if isinstance(column, tf.RaggedTensor):
        is_none = tf.equal(column.row_lengths(), 0)
    else:
        is_none = is_missing(column)
    return by_row(config, columns, name, is_none)
