"""Looks features up in a graph of their own and gives back arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.features import Embedded, embed
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

Array = Any


@dataclass(frozen=True)
class Looked:
    """One batch as arrays."""

    groups: Dict[str, Array]
    tables: Dict[str, Array]
    """By variable name, the whole table."""
    gradients: Dict[str, Array]
    """By variable name, the gradient of the loss, [vocabulary, dimension]."""
    squared_norm: float
    out_of_range: Dict[str, int]
    ids_seen: Dict[str, int]


def matrices(embedded: Embedded) -> Dict[str, Any]:
    """The groups' matrices by group name."""
    return {name: group.matrix for name, group in embedded.groups.items()}


def config_of(text: str) -> PipelineConfig:
    """Text of `features {..}` and `feature_groups {..}`; without a group all stand in `all`."""
    features, mark, groups = text.partition("feature_groups")
    config = text_format.Parse(f"feature_config {{ {features} }}", PipelineConfig())
    text_format.Merge(f"model_config {{ {mark} {groups} }}", config)
    for feature in config.feature_config.features:
        feature.feature_name = feature.feature_name or feature.input_names[0]
    if not groups:
        names = [feature.feature_name for feature in config.feature_config.features]
        config.model_config.feature_groups.add(group_name="all", feature_names=names)
    return config


def tensors(columns: Mapping[str, Any]) -> Dict[str, Any]:
    """Arrays and lists as tensors; a list of lists becomes a RaggedTensor."""
    return {
        name: tf.ragged.constant(value)
        if isinstance(value, list) and isinstance(value[0], list)
        else tf.constant(value)
        for name, value in columns.items()
    }


Loss = Callable[[Embedded], Any]


def look_up_in_graph(
    text: str,
    columns: Mapping[str, Any],
    loss: Optional[Loss] = None,
    seed: int = 1,
    of_users: Sequence[str] = (),
) -> Looked:
    """With `of_users`, these columns are one value a user, and `user_row` is the index."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(seed)
        config = config_of(text)
        config.data_config.user_rows.columns.extend(of_users)
        embedded = embed(config, tensors(columns))
        gradients = {}
        if loss is not None:
            rows = [table.rows for table in embedded.tables]
            for table, gradient in zip(embedded.tables, tf.gradients(loss(embedded), rows)):
                shape = tf.shape(table.table, out_type=tf.int64)
                gradients[table.table.op.name] = tf.scatter_nd(
                    table.ids[:, tf.newaxis], gradient, shape
                )
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        fetched = session.run(
            {
                "groups": matrices(embedded),
                "tables": {t.table.op.name: t.table.read_value() for t in embedded.tables},
                "gradients": gradients,
                "squared_norm": embedded.squared_norm,
                "out_of_range": embedded.out_of_range,
                "ids_seen": embedded.ids_seen,
            }
        )
        return Looked(**fetched)
