"""A fully connected layer whose matrix product may be computed in bfloat16."""

from __future__ import annotations

from typing import Any, Dict

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.protos.train_pb2 import BF16, FP32

PRODUCT_DTYPES: Dict[int, tf.DType] = {FP32: tf.float32, BF16: tf.bfloat16}
"""Type of the factors of matrix products, by `train_config.compute_dtype`."""


class Dense(keras.layers.Dense):  # type: ignore[misc]
    """inputs x kernel + bias, float32 [batch, width] -> float32 [batch, units].

    With `use_bias=False` there is no bias. No activation is applied.

    With `product_dtype` bfloat16 both factors are rounded to it (8 bits, relative error at most
    2^-8) for this product only, and the product is rounded too; so are the two products of
    the gradient. Kernel, bias, their sum and what the optimizer sees stay float32.
    """

    def __init__(self, units: int, product_dtype: tf.DType, **settings: Any) -> None:
        super().__init__(units, **settings)
        self._product_dtype = product_dtype

    def call(self, inputs: Tensor) -> Tensor:
        """Computes the layer."""
        if self._product_dtype == tf.float32:
            return super().call(inputs)
        product = self.product(inputs, self.kernel)
        return product if self.bias is None else tf.nn.bias_add(product, self.bias)

    def product(self, left: Tensor, right: Tensor) -> Tensor:
        """float32: the matrix product, whose factors have the layer's type."""
        if self._product_dtype == tf.float32:
            return tf.linalg.matmul(left, right)
        factors = (tf.cast(factor, self._product_dtype) for factor in (left, right))
        return tf.cast(tf.linalg.matmul(*factors), tf.float32)
