"""The signature `rank`: the user's columns once, and those of any number of items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.config.escaped_names import escaped
from easy_esmm.config.serving_columns import user_columns
from easy_esmm.contract import Tensor
from easy_esmm.data.decode import DTYPES
from easy_esmm.data.users_apart import with_index
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.columns import serving_columns
from easy_esmm.serving.matrices import matrix_types
from easy_esmm.serving.names import RANK
from easy_esmm.serving.signature import columns_of


@dataclass(frozen=True, eq=False)
class Ranking:
    """One user and the items to be ranked."""

    inputs: Mapping[str, Tensor]
    """By key: [1] of the user, or [1, values]; [items] of all others, or [items, values]."""
    columns: Mapping[str, Tensor]
    """By input column as features read them, with the index."""
    index: Tensor
    """int32 [items], zeros: the user of each item."""


def receive_ranking(config: PipelineConfig) -> Ranking:
    """Placeholders for one user and any number of items.

    `config` is of `with_users_apart`, for `user_columns`. A request with several users, or with
    columns of unlike numbers of items, fails when it is computed.
    """
    users = user_columns(config)
    with tf.name_scope(RANK):
        inputs = _placeholders(config, users)
        items = _of_one_length({name: inputs[name] for name in inputs if name not in users})
        # Servers do not look at the shapes of placeholders.
        user = {
            name: tf.ensure_shape(inputs[name], inputs[name].shape, f"user_once/{escaped(name)}")
            for name in users
        }
        first = next(iter(items.values()))
        index = tf.zeros([tf.shape(first)[0]], tf.int32, name="user_of_item")
        columns = with_index(config, columns_of(config, {**user, **items}), index)
    return Ranking(inputs, columns, index)


def _placeholders(config: PipelineConfig, users: Tuple[str, ...]) -> Dict[str, Tensor]:
    matrices = matrix_types(config)
    placeholders: Dict[str, Tensor] = {}
    for number, column in enumerate(serving_columns(config)):
        shape: List[Any] = [1 if column.name in users else None]
        shape += [None] if column.name in matrices else []
        dtype = matrices.get(column.name, DTYPES[column.type])
        placeholders[column.name] = v1.placeholder(dtype, shape, name=f"input_{number}")
    return placeholders


def _of_one_length(columns: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The columns; the step stops where they hold unlike numbers of rows."""
    lengths = tf.stack([tf.shape(values)[0] for values in columns.values()])
    message = (
        "each column of items must hold a value for each item; values in the columns "
        f"{', '.join(columns)}:"
    )
    is_right = tf.reduce_all(tf.equal(lengths, lengths[0]))
    check = tf.debugging.Assert(is_right, [message, lengths], summarize=len(columns))
    with tf.control_dependencies([check]):
        return {name: tf.identity(values) for name, values in columns.items()}
