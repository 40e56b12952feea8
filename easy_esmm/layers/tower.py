"""A task tower: hidden layers and its logits."""

from __future__ import annotations

import math
from typing import Any, Union

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.protos.loss_pb2 import CLASSIFICATION
from easy_esmm.protos.tower_pb2 import BayesTaskTower, TaskTower

_TWO = 2

AnyTower = Union[TaskTower, BayesTaskTower]
"""A tower's message; the layers read fields that both have."""


class TowerLayers(keras.layers.Layer):  # type: ignore[misc]
    """Hidden layers and one linear output unit, or two under `num_class: 2`.

    The output bias starts at the log odds of `label_prior`, so that training starts at the base
    rate instead of unlearning a rate of one half. Of two outputs, the one of class 1 does.
    `product_dtype` is that of the hidden layers; logits are computed in float32.

    A subclass defines what lies between the hidden layers and the output.
    """

    def __init__(self, config: AnyTower, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self.hidden = MLP(config.dnn, "dnn", product_dtype)
        self._classes = config.num_class
        prior = first_bias(config)
        start: Any = [0.0, prior] if self._classes == _TWO else prior
        bias = keras.initializers.Constant(start)
        self._output = keras.layers.Dense(self._classes, bias_initializer=bias, name="output")

    def logits_of(self, hidden: Tensor) -> Tensor:
        """float32 [batch, width] -> float32 [batch], or [batch, 2]; unbounded."""
        output = self._output(hidden)
        return output if self._classes == _TWO else tf.squeeze(output, axis=1)


class Tower(TowerLayers):
    """Hidden layers and the output on top of them."""

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch], or [batch, 2]; unbounded."""
        return self.logits_of(self.hidden(inputs, training=training))


def first_bias(config: AnyTower) -> float:
    """The log odds of `label_prior`; 0 without one, and for a tower that predicts a value."""
    if not config.HasField("label_prior") or config.loss_type != CLASSIFICATION:
        return 0.0
    return math.log(config.label_prior / (1.0 - config.label_prior))
