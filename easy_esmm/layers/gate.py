"""A softmax gate: a task's weights of the experts, row by row (Ma et al., KDD 2018, eq. 7)."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor


class Gate(keras.layers.Layer):  # type: ignore[misc]
    """The mean of the experts' outputs, weighed by softmax(W x) with x the gate's own input.

    W has no bias, as in the paper. The weights are computed in float32, as logits are, whatever the
    hidden layers use.
    """

    def __init__(self, experts: int, name: str) -> None:
        super().__init__(name=name)
        self._scores = keras.layers.Dense(experts, use_bias=False, name="scores")

    def call(self, inputs: Tensor, experts: Tensor) -> Tensor:
        """float32 [batch, width] and [batch, experts, units] -> float32 [batch, units]."""
        return tf.reduce_sum(self.weights_of(inputs)[:, :, tf.newaxis] * experts, axis=1)

    def weights_of(self, inputs: Tensor) -> Tensor:
        """float32 [batch, width] -> float32 [batch, experts] in (0, 1), each row's sum 1."""
        return tf.nn.softmax(self._scores(inputs), axis=1)
