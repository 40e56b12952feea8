"""Weights of fields by what is in all fields (Huang et al., RecSys 2019, arXiv 1905.09433)."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, fields_of
from easy_esmm.layers.dense import Dense
from easy_esmm.protos.backbone_pb2 import SENet


@register("SENet")
class SENetBlock(BlockLayer):
    """Fields times weights, one for each column.

        z   = for each field, for each of its groups of columns: their maximum; their mean
        out = x * (W2 relu(W1 z + b1) + b2)  [+ x],  layer-normalised

    with x the fields side by side. Groups, weights by column, skip connection and normalisation are
    those of FiBiNet++ (Zhang et al., CIKM 2023, arXiv 2209.05016).
    """

    def __init__(self, config: SENet, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._config = config
        self._product_dtype = product_dtype
        self._norm: Optional[Any] = None
        if config.use_output_layer_norm:
            self._norm = keras.layers.LayerNormalization(name="output_norm")

    def build(self, input_shape: Any) -> None:
        """Creates the layers: their units follow from the fields."""
        widths, groups = [int(shape[-1]) for shape in input_shape], self._config.num_squeeze_group
        units = max(1, 2 * groups * len(widths) // self._config.reduction_ratio)
        self._reduce = Dense(
            units, self._product_dtype, kernel_initializer="he_normal", name="reduce"
        )
        self._excite = Dense(
            sum(widths), self._product_dtype, kernel_initializer="glorot_normal", name="excite"
        )
        super().build(input_shape)

    @staticmethod
    def arguments(value: Value) -> Tuple[List[Tensor]]:
        """The fields."""
        return (fields_of(value),)

    def call(self, fields: List[Tensor], training: bool = False) -> Tensor:
        """float32 [batch, width] each -> float32 [batch, sum of widths]."""
        squeezed = []
        for field in fields:
            width, groups = int(field.shape[-1]), self._config.num_squeeze_group
            grouped = tf.reshape(field, [-1, groups, width // groups])
            squeezed += [tf.reduce_max(grouped, axis=2), tf.reduce_mean(grouped, axis=2)]
        hidden = tf.nn.relu(self._reduce(tf.concat(squeezed, axis=1)))
        inputs = tf.concat(fields, axis=1)
        output = inputs * self._excite(hidden)
        if self._config.use_skip_connection:
            output += inputs
        return output if self._norm is None else self._norm(output)
