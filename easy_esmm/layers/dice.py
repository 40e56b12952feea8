"""The Dice activation, which adapts to the distribution of its inputs (Zhou et al., KDD 2018)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor

_EPSILON = 1e-8
"""The paper's."""


class Dice(keras.layers.Layer):  # type: ignore[misc]
    """x (p + alpha (1 - p)) with p = sigmoid((x - mean) / deviation), unit by unit.

    Mean and deviation are those of the batch in training, and their moving averages (momentum .99)
    elsewhere, which mean something after about 500 steps, as those of batch normalisation. `alpha`
    is learned, and starts at 0.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._norm = keras.layers.BatchNormalization(
            momentum=0.99, epsilon=_EPSILON, center=False, scale=False, name="norm"
        )

    def build(self, input_shape: Any) -> None:
        """Creates `alpha`, float32 [units]."""
        self._alpha = self.add_weight(
            name="alpha", shape=[input_shape[-1]], initializer="zeros", trainable=True
        )
        super().build(input_shape)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, units] -> the same shape."""
        share = tf.sigmoid(self._norm(inputs, training=training))
        return inputs * (share + self._alpha * (1.0 - share))
