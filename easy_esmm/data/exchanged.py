"""Repeats batches with the values of some columns exchanged between their rows."""

from __future__ import annotations

from typing import AbstractSet, Any, Mapping, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.row_columns import row_columns
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def exchanged(
    config: PipelineConfig,
    batches: tf.data.Dataset,
    exchanges: Sequence[AbstractSet[str]],
    number_column: str,
    seed: int,
) -> tf.data.Dataset:
    """Each of `batches` once for each of `exchanges`, then as it is, always in the flat layout.

    The columns of an exchange take the values of other rows of the batch, all in the one random
    order that `seed` and the number of the batch give; other columns and the labels stay.
    `number_column`, int32 [batch], tells the exchange, or len(exchanges) for the batch as it is.
    """

    def variants(batch: Tensor, element: Any) -> tf.data.Dataset:
        columns, labels = element
        flat = dict(row_columns(config, columns))
        rows = tf.shape(next(iter(tf.nest.flatten(labels))))[0]
        order = tf.argsort(tf.random.stateless_uniform([rows], [seed + batch, 0]))
        moved = {name: tf.constant([*(name in one for one in exchanges), False]) for name in flat}

        def variant(number: Tensor) -> Tuple[Mapping[str, Tensor], Any]:
            found = {
                name: tf.gather(column, tf.where(moved[name][number], order, tf.range(rows)))
                for name, column in flat.items()
            }
            return {**found, number_column: tf.fill([rows], tf.cast(number, tf.int32))}, labels

        return tf.data.Dataset.range(len(exchanges) + 1).map(variant)

    return batches.enumerate().flat_map(variants)
