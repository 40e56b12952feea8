"""Partitions of a variable in checkpoints: slices of one variable, under its name.

TensorFlow marks what `get_variable` makes in partitions, and the slots of its optimizers.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def mark_slice(variable: Any, partition: Any, suffix: str) -> None:
    """Marks what a partition has beside it as that slice of `<whole>/<suffix>`.

    Args:
      variable: of the partition's shape, or of its first dimensions.
      partition: of a variable; nothing is marked where it is a whole one.
      suffix: of the name in checkpoints.
    """
    whole = partition._get_save_slice_info()
    if whole is None:
        return
    rank = len(variable.shape)
    variable._set_save_slice_info(
        tf.Variable.SaveSliceInfo(
            full_name=f"{whole.full_name}/{suffix}",
            full_shape=whole.full_shape[:rank],
            var_offset=whole.var_offset[:rank],
            var_shape=whole.var_shape[:rank],
        )
    )
