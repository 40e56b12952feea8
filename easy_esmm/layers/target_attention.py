"""The attention of a candidate over a history (DIN; Zhou et al., KDD 2018, arXiv 1706.06978)."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.batch_norm import BatchNorm
from easy_esmm.layers.dense import Dense
from easy_esmm.layers.mlp import HiddenLayers


class PairDense(Dense):
    """A fully connected layer on (key, element, key - element, key * element), side by side.

    With the kernel in four parts K, E, D and P this is key (K + D) + element (E - D) + (key *
    element) P: the first summand is computed once a row, and nothing four times as wide as the
    history is ever made.
    """

    def __init__(self, units: int, product_dtype: tf.DType, **settings: Any) -> None:
        super().__init__(units, product_dtype, **settings)
        self.input_spec = None  # a plain dense layer has one input, as wide as its kernel

    def build(self, input_shape: Any) -> None:
        """Creates the kernel of the four parts, float32 [4 x width, units], and the bias."""
        _, history = input_shape
        super().build([None, 4 * history[-1]])
        self.input_spec = None

    def call(self, inputs: Tuple[Tensor, Tensor], relu: bool = False) -> Tensor:
        """(float32 [batch, width], float32 [batch, time, width]) -> [batch x time, units]."""
        key, history = inputs
        width = history.shape[-1]
        of_key, of_element, of_difference, of_product = tf.split(self.kernel, 4)
        pairs = tf.concat([history, key[:, tf.newaxis] * history], axis=-1)
        kernel = tf.concat([of_element - of_difference, of_product], axis=0)
        by_element = self.product(tf.reshape(pairs, [-1, 2 * width]), kernel)
        by_key = self.product(key, of_key + of_difference)
        if self.bias is not None:
            by_key += self.bias
        units = self.units
        shape = tf.shape(history)
        summed = tf.reshape(by_element, [shape[0], shape[1], units]) + by_key[:, tf.newaxis]
        return tf.reshape(summed, [-1, units])


class TargetAttention(HiddenLayers):
    """Weights of a history's elements, by a network that scores each beside the key.

    Its last layer has one unit.
    """

    def norm_layer(self, **settings: Any) -> BatchNorm:
        """One that is quick with very many rows: here each element is one."""
        return BatchNorm(**settings)

    def dense_layer(self, number: int) -> Callable[..., Dense]:
        """The first layer reads pairs."""
        return Dense if number else PairDense

    def call(self, inputs: Tuple[Tensor, Tensor, Tensor], training: bool = False) -> Tensor:
        """float32 [batch, time]: the weights of a row's elements, here the softmax of their scores.

        Behind the end of a row they are 0, so that a row without elements has no weight at all.

        Args:
          inputs: key, float32 [batch, width]; history, float32 [batch, time, width]; mask, bool
            [batch, time].
          training: as of `HiddenLayers`. The statistics of batch normalisation are over all places
            of the batch, whether or not there is an element, as in EasyRec.
        """
        key, history, mask = inputs
        scores = tf.reshape(super().call((key, history), training=training), tf.shape(mask))
        return self.weights_of(scores, mask, int(history.shape[2]))

    def weights_of(self, scores: Tensor, mask: Tensor, width: int) -> Tensor:
        """float32 [batch, time], from scores of that shape and the history's width."""
        return masked_softmax(scores, mask)


class SigmoidAttention(TargetAttention):
    """Weights that each are a sigmoid of the element's own score."""

    def weights_of(self, scores: Tensor, mask: Tensor, width: int) -> Tensor:
        """sigmoid(score / sqrt(width)), and 0 where there is no element."""
        return tf.where(mask, tf.sigmoid(scores / width**0.5), tf.zeros_like(scores))


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """float32 [batch, time]: softmax over the places where `mask` holds, and 0 elsewhere."""
    lowest = tf.constant(scores.dtype.min, scores.dtype)
    weights = tf.nn.softmax(tf.where(mask, scores, lowest))
    return tf.where(mask, weights, tf.zeros_like(weights))


def weighted_sum(weights: Tensor, history: Tensor) -> Tensor:
    """float32 [batch, width] of weights [batch, time] and vectors [batch, time, width]."""
    return tf.squeeze(tf.linalg.matmul(weights[:, tf.newaxis], history), axis=1)
