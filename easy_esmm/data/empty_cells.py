"""Finds the empty cells of a label column, which TensorFlow's parsers fill with a default."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor


def sentinel(dtype: Any) -> NDArray[Any]:
    """The default by which an empty cell is found: the lowest number of a type is no label."""
    if dtype == tf.string:
        return np.array(b"", object)
    return np.array(dtype.min, dtype.as_numpy_dtype)


def fill_empty(cells: Tensor, default: Any) -> Tuple[Tensor, Tensor]:
    """(cells with `default` in place of the sentinel, bool: where it stood)."""
    is_empty = tf.equal(cells, tf.constant(sentinel(cells.dtype), cells.dtype))
    return tf.where(is_empty, tf.constant(default, cells.dtype), cells), is_empty
