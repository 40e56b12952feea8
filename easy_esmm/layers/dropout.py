"""Dropout (Srivastava et al., JMLR 2014)."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers import noise


class Dropout(keras.layers.Layer):  # type: ignore[misc]
    """In training sets values to 0 and divides the others by 1 - rate; elsewhere the identity.

    `rate`, in [0, 1), is the probability of 0. Keras's own layer draws from a state that no
    checkpoint holds.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32, of the shape of `inputs`."""
        if not training:
            return inputs
        scaled = inputs / (1 - self._rate)
        is_kept = noise.uniform(tf.shape(inputs)) >= self._rate
        return tf.where(is_kept, scaled, tf.zeros_like(scaled))
