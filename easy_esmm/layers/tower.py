"""A task tower: hidden layers and one output unit."""

from __future__ import annotations

import math
from typing import List

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.protos.loss_pb2 import CLASSIFICATION
from easy_esmm.protos.tower_pb2 import TaskTower


class Tower(keras.layers.Layer):  # type: ignore[misc]
    """Hidden layers and one linear output unit.

    The output bias starts at the log odds of `label_prior`, so that training starts at the base
    rate instead of unlearning a rate of one half. `product_dtype` is that of the hidden layers; the
    logit is computed in float32.
    """

    def __init__(self, config: TaskTower, name: str, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(name=name)
        self._hidden = MLP(config.dnn, "dnn", product_dtype)
        start = keras.initializers.Constant(_first_bias(config))
        self._output = keras.layers.Dense(1, bias_initializer=start, name="output")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch], unbounded."""
        return tf.squeeze(self._output(self._hidden(inputs, training=training)), axis=1)

    @property
    def kernels(self) -> List[Tensor]:
        """Weight matrices of the hidden layers and of the output unit."""
        return [*self._hidden.kernels, self._output.kernel]


def _first_bias(config: TaskTower) -> float:
    if not config.HasField("label_prior") or config.loss_type != CLASSIFICATION:
        return 0.0
    return math.log(config.label_prior / (1.0 - config.label_prior))
