"""Dropout of inputs with learned rates (Chang et al., 2017, arXiv 1712.08645)."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers import noise

_TEMPERATURE = 0.1
"""Of the relaxation: factors are then near 0 or 1 and still have a gradient (Gal et al., 2017)."""


class VariationalDropout(keras.layers.Layer):  # type: ignore[misc]
    """Multiplies each feature, or each column, by a factor that is near 0 with a learned rate.

    In training factors are drawn for each row; elsewhere each is the probability to keep, so that
    an evaluation and a served model are deterministic. Rates start at one half.
    """

    def __init__(self, widths: Sequence[int], by_column: bool, name: str) -> None:
        """`widths`: columns of each feature; `by_column`: a rate for each column of a feature."""
        super().__init__(name=name)
        self._widths = tuple(widths)
        self._rates = sum(widths) if by_column else len(widths)
        self._rate_of_column = (
            np.arange(sum(widths)) if by_column else np.repeat(np.arange(len(widths)), widths)
        )

    def build(self, input_shape: Any) -> None:
        """Creates `drop_logit`, the log odds to drop, float32 [features] or [width]."""
        self._drop_logit = self.add_weight(
            name="drop_logit", shape=[self._rates], initializer="zeros", trainable=True
        )
        super().build(input_shape)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> the same shape."""
        if not training:
            return inputs * tf.gather(self.keep, self._rate_of_column)
        tiny = np.finfo(np.float32).tiny
        drawn = noise.uniform([tf.shape(inputs)[0], self._rates], minval=float(tiny))
        factors = relaxed_keep(tf.convert_to_tensor(self._drop_logit), drawn)
        return inputs * tf.gather(factors, self._rate_of_column, axis=1)

    @property
    def keep(self) -> Tensor:
        """Probability to keep, float32 [features] or [width]."""
        return tf.sigmoid(-self._drop_logit)

    @property
    def keep_by_feature(self) -> Tensor:
        """Probability to keep, float32 [features]; the mean over its columns where they differ."""
        by_column = tf.gather(self.keep, self._rate_of_column)
        feature = np.repeat(np.arange(len(self._widths)), self._widths)
        return tf.math.segment_mean(by_column, feature)


def relaxed_keep(drop_logit: Tensor, drawn: Tensor) -> Tensor:
    """Factors in [0, 1], of the shape of `drawn`, uniform in (0, 1).

    1 - sigmoid((drop_logit + log odds of `drawn`) / temperature): above one half with the
    probability sigmoid(-drop_logit), the probability to keep.
    """
    drawn_logit = tf.math.log(drawn) - tf.math.log1p(-drawn)
    return tf.sigmoid(-(drop_logit + drawn_logit) / _TEMPERATURE)
