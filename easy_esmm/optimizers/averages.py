"""Moving averages of the weights: kept in training, used in evaluation, prediction and export.

After each step, average <- decay x average + (1 - decay) x weight; the first value is the weight's.
For a table whose optimizer moves only the rows of the batch, a row between two of its batches is
constant: its average follows in closed form, average = weight + decay ^ steps x (average - weight),
when the row is next in a batch, or when the checkpoint is read. No step reads a whole table.
"""

from __future__ import annotations

from typing import Any, Container, Iterable, List, Sequence, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.compat import mark_slice, v1
from easy_esmm.contract import TableRows
from easy_esmm.optimizers import update_rules
from easy_esmm.protos.optimizer_pb2 import Optimizer
from easy_esmm.protos.train_pb2 import TrainConfig

AVERAGE = "ExponentialMovingAverage"
"""`<variable>/ExponentialMovingAverage`, as TensorFlow names it."""
STEP = "ExponentialMovingAverageStep"
"""Of a table, int32 by row: the step that its average stands at."""


def are_used(config: TrainConfig) -> bool:
    """Whether evaluation and export are to use averages."""
    return any(optimizer.use_moving_average for optimizer in config.optimizer_config)


def update(
    config: Optimizer,
    pairs: Sequence[Tuple[Any, Any]],
    tables: Sequence[TableRows],
    global_step: Any,
) -> Any:
    """Operation that takes the new weights into their averages; to run after the weights' update.

    Args:
      config: the optimizer that updated the weights.
      pairs: (gradient, variable) of what it updated.
      tables: what the batch read, among it every table in `pairs`, before the update.
      global_step: the step's number, from 0.
    """
    read = {id(rows.table): rows for rows in tables}
    operations = []
    for _, variable in pairs:
        # The very tensor that initialises the variable: a random one is drawn once for both.
        with tf.device(variable.device):
            average = v1.get_variable(
                f"{variable.op.name}/{AVERAGE}",
                initializer=variable.initial_value,
                trainable=False,
                use_resource=True,
            )
        mark_slice(average, variable, AVERAGE)
        rows = read.get(id(variable))
        decay = config.moving_average_decay
        if rows is None or update_rules.lazy_form(config):
            with tf.device(variable.device):
                difference = average.read_value() - variable.read_value()
                operations.append(average.assign_sub((1 - decay) * difference, read_value=False))
        else:
            with tf.device(variable.device):
                operations.append(_update_rows(rows, average, decay, global_step))
    return tf.group(*operations)


def _update_rows(rows: TableRows, average: Any, decay: float, global_step: Any) -> Any:
    table, ids = rows.table, rows.ids
    with tf.device(table.device):
        stands_at = v1.get_variable(
            f"{table.op.name}/{STEP}",
            shape=[table.shape[0]],
            dtype=tf.int32,
            initializer=v1.zeros_initializer(),
            trainable=False,
            use_resource=True,
        )
    mark_slice(stands_at, table, STEP)
    step = tf.cast(global_step.read_value(), tf.int32)
    # Of several trainers another one, at a later step, may have been here before.
    missed = tf.cast(tf.maximum(step - tf.gather(stands_at, ids), 0), tf.float64)
    # In 64 bits: a power of .9999 to 10,000 is off by 1e-4 in 32.
    kept = tf.cast(tf.pow(tf.constant(decay, tf.float64), missed), tf.float32)[:, tf.newaxis]
    before = rows.rows + kept * (tf.gather(average, ids) - rows.rows)
    after = before - (1 - decay) * (before - tf.gather(table, ids))
    # Once the old ones are read.
    with tf.control_dependencies([after]):
        now = tf.maximum(tf.gather(stands_at, ids), step + 1)
    raw = tf.raw_ops
    return tf.group(
        raw.ResourceScatterUpdate(resource=average.handle, indices=ids, updates=after),
        raw.ResourceScatterUpdate(resource=stands_at.handle, indices=ids, updates=now),
    )


def unread_steps(checkpoint: Iterable[str], graph: Container[str]) -> List[str]:
    """Variables of a checkpoint without which a graph would take old averages for those of now.

    Both arguments are names of variables.
    """
    return [
        name
        for name in checkpoint
        if name.endswith(f"/{STEP}")
        and name not in graph
        and f"{name[: -len(STEP)]}{AVERAGE}" in graph
    ]


def averaged(checkpoint: Any, name: str, decay: float) -> Any:
    """The average of a variable at the step of the checkpoint, an array of its shape.

    Args:
      checkpoint: a reader.
      name: the variable's.
      decay: of a table's average.
    """
    average = checkpoint.get_tensor(f"{name}/{AVERAGE}")
    if not checkpoint.has_tensor(f"{name}/{STEP}"):
        return average
    weight = checkpoint.get_tensor(name)
    stands_at = checkpoint.get_tensor(f"{name}/{STEP}")
    missed = np.maximum(checkpoint.get_tensor("global_step") - stands_at, 0)
    kept = np.power(decay, missed.astype(np.float64)).astype(np.float32)[:, np.newaxis]
    return weight + kept * (average - weight)
