"""Products of all pairs of fields: a factorisation machine (Rendle, ICDM 2010)."""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, fields_of
from easy_esmm.layers.factorization import products
from easy_esmm.protos.backbone_pb2 import FM


@register("FM")
class FMBlock(BlockLayer):
    """sum over pairs i < j of x_i * x_j, by column or, without `use_variant`, over all columns."""

    def __init__(self, config: FM, name: str, product_dtype: tf.DType) -> None:
        """`product_dtype` has no part: there are no matrix products."""
        super().__init__(name=name)
        self._by_column = config.use_variant

    @staticmethod
    def arguments(value: Value) -> Tuple[Tensor]:
        """The fields, all of one width."""
        return (tf.stack(fields_of(value), axis=1),)

    def call(self, values: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, fields, width] -> float32 [batch, width], or [batch, 1]."""
        by_column = products(values)
        return by_column if self._by_column else tf.reduce_sum(by_column, axis=1, keepdims=True)
