"""The columns of a request to an exported model."""

from __future__ import annotations

from typing import Tuple

from easy_esmm.config.serving_columns import serving_names
from easy_esmm.config.several_values import value_separators
from easy_esmm.data.fields import STRING, Column, default_value
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def serving_columns(config: PipelineConfig) -> Tuple[Column, ...]:
    """The columns of `serving_names`, in its order.

    One of several values is text in a request, whatever a Parquet file holds.
    """
    names, lists = serving_names(config), value_separators(config)
    fields = [f for f in config.data_config.input_fields if f.input_name in names]
    return tuple(_text_column(f) if f.input_name in lists else column_of(f) for f in fields)


def column_of(field: DatasetConfig.Field) -> Column:
    """The column of a field that holds one value a row."""
    return Column(field.input_name, field.input_type, default_value(field))


def _text_column(field: DatasetConfig.Field) -> Column:
    return Column(field.input_name, STRING, field.default_val.encode())
