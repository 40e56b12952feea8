"""Labels that a row lacks: 0 in every computation, and told from a written 0 by the zero's sign."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor

_NEGATIVE_ZERO_BITS = -(1 << 31)


def mark(dtype: Any) -> NDArray[Any]:
    """What stands for an absent cell while it is decoded: no label is the lowest of its type."""
    if dtype == tf.string:
        return np.array(b"", object)
    return np.array(dtype.min, dtype.as_numpy_dtype)


def unmark(cells: Tensor, default: Any) -> Tuple[Tensor, Tensor]:
    """(cells with `default` in place of the mark, where it stood)."""
    is_missing = tf.equal(cells, tf.constant(mark(cells.dtype), cells.dtype))
    return tf.where(is_missing, tf.constant(default, cells.dtype), cells), is_missing


def with_signs(labels: Tensor, is_missing: Optional[Tensor]) -> Tensor:
    """float32 labels whose zeros are negative where the label is missing, and only there."""
    zeros = tf.zeros_like(labels)
    if is_missing is not None:
        zeros = tf.where(is_missing, -0.0, zeros)
    return tf.where(tf.equal(labels, 0.0), zeros, labels)


def without_signs(labels: Tensor) -> Tensor:
    """The labels with zeros that are all alike."""
    return with_signs(labels, None)


def is_missing(labels: Tensor) -> Tensor:
    """Where labels of `with_signs` are missing, bool."""
    return tf.equal(tf.bitcast(labels, tf.int32), _NEGATIVE_ZERO_BITS)
