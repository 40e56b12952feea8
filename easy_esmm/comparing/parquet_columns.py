"""A config for the simulation's CSV files, changed to read its Parquet files.

There ids are numbers, and lists with weights stand in two columns instead of in text. Features hash
the digits of a number to the row of its text, so that only a missing single id differs: in CSV it
is no id, in Parquet the id 0 or `default_val`, with a vector of its own.
"""

from __future__ import annotations

from typing import Any, Dict, List

from google.protobuf import json_format

from easy_esmm.aliccp.fields import BY_NAME, WEIGHT_SUFFIX
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def parquet_changes(config: PipelineConfig) -> Dict[str, Any]:
    """Fields of `config`, as it is written, to new values; none where it reads numbers already.

    Of the simulation's fields declared STRING: the type becomes INT64. A TagFeature that cuts
    `id:weight` pieces of one of them gets the column of weights instead.
    """
    texts = {
        field.input_name
        for field in config.data_config.input_fields
        if field.input_name in BY_NAME and field.input_type == DatasetConfig.STRING
    }
    if not texts:
        return {}
    is_flat = len(config.feature_configs) > 0
    path = "feature_configs" if is_flat else "feature_config.features"
    features = config.feature_configs if is_flat else config.feature_config.features
    changes: Dict[str, Any] = {"data_config.input_fields": _columns(config, texts, features)}
    for number, feature in enumerate(features):
        if _weights_in_text(feature, texts):
            changes[f"{path}[{number}]"] = _with_weight_column(feature)
    return changes


def _columns(config: PipelineConfig, texts: Any, features: Any) -> List[Dict[str, Any]]:
    columns = [_as_dict(field) for field in config.data_config.input_fields]
    for column in columns:
        if column["input_name"] in texts:
            column["input_type"] = "INT64"
    weights = [
        feature.input_names[0] + WEIGHT_SUFFIX
        for feature in features
        if _weights_in_text(feature, texts)
    ]
    named = {column["input_name"] for column in columns}
    columns += [
        {"input_name": name, "input_type": "FLOAT"}
        for name in dict.fromkeys(weights)
        if name not in named
    ]
    return columns


def _weights_in_text(feature: FeatureConfig, texts: Any) -> bool:
    return (
        feature.feature_type == FeatureConfig.TagFeature
        and len(feature.input_names) == 1
        and feature.input_names[0] in texts
        and BY_NAME[feature.input_names[0]].weighted
        and bool(feature.kv_separator)
    )


def _with_weight_column(feature: FeatureConfig) -> Dict[str, Any]:
    changed = _as_dict(feature)
    column = feature.input_names[0]
    changed["input_names"] = [column, column + WEIGHT_SUFFIX]
    del changed["kv_separator"]
    return changed


def _as_dict(message: Any) -> Dict[str, Any]:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)
