"""Expert networks of one architecture over the same input."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.protos.dnn_pb2 import DNN


class Experts(keras.layers.Layer):  # type: ignore[misc]
    """`count` networks of the same form over the same input, each with weights of its own.

    `product_dtype` is that of `Dense`.
    """

    def __init__(self, config: DNN, count: int, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._experts = [MLP(config, f"expert_{i}", product_dtype) for i in range(count)]

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch, count, units of the last layer]."""
        return tf.stack([expert(inputs, training=training) for expert in self._experts], axis=1)
