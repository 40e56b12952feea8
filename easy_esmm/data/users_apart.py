"""Batches that hold the columns of their users once, whatever files the rows come from."""

from __future__ import annotations

from typing import Dict, Mapping, Sequence

from easy_esmm.contract import Tensor
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def with_users_apart(config: PipelineConfig, columns: Sequence[str]) -> PipelineConfig:
    """The config, for batches that hold these columns once a user as well as for flat ones.

    A batch of the first kind is made with `with_index`.
    """
    apart = PipelineConfig()
    apart.CopyFrom(config)
    users = apart.data_config.user_rows
    users.ClearField("columns")
    users.columns.extend(columns)
    inputs = {field.input_name for field in config.data_config.input_fields}
    while users.row_column in inputs:
        users.row_column += "_"
    return apart


def with_index(
    config: PipelineConfig, columns: Mapping[str, Tensor], index: Tensor
) -> Dict[str, Tensor]:
    """The columns of a batch that holds its users once; `index`, int32 [batch]: the user of each.

    `config` is of `with_users_apart`.
    """
    return {**columns, config.data_config.user_rows.row_column: index}
