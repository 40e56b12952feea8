"""Users' columns of a batch, given to each of its rows."""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def spread(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The columns of a batch as the flat layout has them: each [batch], without the index.

    Columns that are flat already come back as they are.
    """
    users = config.data_config.user_rows
    index = columns.get(users.row_column)
    if index is None or not config.data_config.HasField("user_rows"):
        return dict(columns)
    return {
        name: tf.gather(column, index) if name in users.columns else column
        for name, column in columns.items()
        if name != users.row_column
    }
