"""First values of a table that are rows of a checkpoint's table, in another order."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.checkpoints.growth import NEW


def begin_with_rows(variable: Any, checkpoint: str, source: str, rows: NDArray[Any]) -> None:
    """Makes rows of `source` in the checkpoint the first values of a variable of the graph.

    Args:
      variable: [rows, ...].
      checkpoint: its path.
      source: name of the variable there.
      rows: int64 [rows]: the row of each, or `NEW`: the value that the variable has without this.
    """
    with tf.device(variable.device), tf.name_scope(""):
        first = variable.initial_value
        (there,) = tf.raw_ops.RestoreV2(
            prefix=checkpoint,
            tensor_names=[source],
            shape_and_slices=[""],
            dtypes=[variable.dtype.base_dtype],
        )
        # Not a constant: the rows of a large table do not fit into the graph's definition.
        numbers = tf.numpy_function(lambda: rows, [], tf.int64)
        numbers.set_shape([len(rows)])
        is_kept = tf.reshape(tf.not_equal(numbers, NEW), [-1] + [1] * (len(variable.shape) - 1))
        value = tf.where(is_kept, tf.gather(there, tf.maximum(numbers, 0)), first)
        value.set_shape(variable.shape)
        # As TensorFlow's init_from_checkpoint does, which takes whole variables only.
        variable._initializer_op = tf.raw_ops.AssignVariableOp(
            resource=variable.handle, value=value
        )
        variable._initial_value = value
