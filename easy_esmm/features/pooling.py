"""Pools the vectors of several ids into one vector a row."""

from __future__ import annotations

from typing import Callable, Dict, Optional

import tensorflow as tf

from easy_esmm.contract import Tensor


def pool(
    matrix: Tensor,
    positions: Tensor,
    row: Tensor,
    batch: Tensor,
    weights: Optional[Tensor],
    combiner: str,
) -> Tensor:
    """float32 [batch, dimension]: the weighted sum of each row's vectors, divided by the combiner.

    `sum` divides by 1, `mean` by the sum of weights, `sqrtn` by the root of the sum of squared
    weights. `mean` and `sqrtn` leave out missing ids and weights that are not positive. A row
    without ids is the zero vector.

    Args:
      matrix: float32 [rows, dimension], its row 0 zeros.
      positions: int32 [values], the row of `matrix` for each id; 0 where it is missing.
      row: int64 [values], ascending: the row of the batch that each id belongs to.
      batch: int64 scalar: rows of the batch.
      weights: float32 [values]; None: each weighs 1.
      combiner: `sum`, `mean` or `sqrtn`.
    """
    weights = tf.ones(tf.shape(positions)) if weights is None else weights
    divisor = _DIVISORS[combiner]
    if divisor is None:
        return _weighted_sum(matrix, positions, row, batch, weights)
    weights = tf.where((positions > 0) & (weights > 0), weights, tf.zeros([]))
    total = _weighted_sum(matrix, positions, row, batch, weights)
    mean = tf.math.divide_no_nan(total, divisor(weights, row, batch)[:, tf.newaxis])
    mean.set_shape(total.shape)  # unknown where the values of a ragged column have no known rank
    return mean


def _weighted_sum(
    matrix: Tensor, positions: Tensor, row: Tensor, batch: Tensor, weights: Tensor
) -> Tensor:
    """As one sparse product, which never holds a vector for each value.

    245,000 values of dimension 18 take 10 ms of CPU forward and backward; gathering, scaling and a
    segment sum take 32.
    """
    where = tf.stack([row, tf.cast(positions, tf.int64)], axis=1)
    shape = tf.stack([batch, tf.shape(matrix, out_type=tf.int64)[0]])
    total = tf.sparse.sparse_dense_matmul(tf.SparseTensor(where, weights, shape), matrix)
    total.set_shape([None, matrix.shape[1]])
    return total


def _row_sum(values: Tensor, row: Tensor, batch: Tensor) -> Tensor:
    return tf.math.unsorted_segment_sum(values, row, batch)


_DIVISORS: Dict[str, Optional[Callable[[Tensor, Tensor, Tensor], Tensor]]] = {
    "sum": None,
    "mean": _row_sum,
    "sqrtn": lambda weights, row, batch: tf.sqrt(_row_sum(tf.square(weights), row, batch)),
}
