"""A fully connected layer whose matrix product may be computed in bfloat16."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.protos.train_pb2 import BF16, FP32

PRODUCT_DTYPES: Dict[int, tf.DType] = {FP32: tf.float32, BF16: tf.bfloat16}
"""Type of the factors of matrix products, by `train_config.compute_dtype`."""

_MATRIX = 2


class Dense(keras.layers.Dense):  # type: ignore[misc]
    """inputs x kernel + bias, float32 [batch, width] -> float32 [batch, units].

    With `use_bias=False` there is no bias. No activation is applied, unless `relu` is asked for.

    With `product_dtype` bfloat16 both factors are rounded to it (8 bits, relative error at most
    2^-8) for this product only, and the product is rounded too; so are the two products of
    the gradient. Kernel, bias, their sum and what the optimizer sees stay float32.
    """

    def __init__(self, units: int, product_dtype: tf.DType, **settings: Any) -> None:
        super().__init__(units, autocast=False, **settings)
        self._product_dtype = product_dtype

    def call(self, inputs: Tensor, relu: bool = False) -> Tensor:
        """Computes the layer.

        relu: where `computes_relu`: max(0, layer) in bfloat16, of float32 or bfloat16 inputs. What
          is rounded besides is the bias, its gradient, and the result, as the next product would.
        """
        if relu:
            output: Tensor = _relu(inputs, *map(tf.convert_to_tensor, (self.kernel, self.bias)))
            return output
        if self._product_dtype == tf.float32:
            return super().call(inputs)
        product = self.product(inputs, self.kernel)
        return product if self.bias is None else tf.nn.bias_add(product, self.bias)

    def computes_relu(self, inputs: Tensor) -> bool:
        """Whether `call` may be asked for `relu`; meant for training, where casts count."""
        is_plain = type(self).call is Dense.call and self.use_bias
        return is_plain and self._product_dtype == tf.bfloat16 and inputs.shape.rank == _MATRIX

    def product(self, left: Tensor, right: Tensor) -> Tensor:
        """float32: the matrix product, whose factors have the layer's type."""
        if self._product_dtype == tf.float32:
            return tf.linalg.matmul(left, right)
        factors = (tf.cast(factor, self._product_dtype) for factor in (left, right))
        return tf.cast(tf.linalg.matmul(*factors), tf.float32)


_Gradients = Tuple[Tensor, Tensor, Tensor]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _relu(
    inputs: Tensor, kernel: Tensor, bias: Tensor
) -> Tuple[Tensor, Callable[[Tensor], _Gradients]]:
    """bfloat16 max(0, inputs x kernel + bias), and its gradient in the types of the arguments.

    Nothing between two layers is float32: casts and passes over it were a twelfth of a step.
    """
    rows, weights = tf.cast(inputs, tf.bfloat16), tf.cast(kernel, tf.bfloat16)
    # Not bias_add, which TensorFlow fuses with the product into something slower.
    output = tf.nn.relu(tf.linalg.matmul(rows, weights) + tf.cast(bias, tf.bfloat16))

    def gradient(upstream: Tensor) -> _Gradients:
        bent = tf.raw_ops.ReluGrad(gradients=upstream, features=output)
        # The sum over the rows as a product, which adds in float32 and is faster than a sum.
        ones = tf.ones([1, tf.shape(bent)[0]], tf.bfloat16)
        return (
            tf.cast(tf.linalg.matmul(bent, weights, transpose_b=True), inputs.dtype),
            tf.cast(tf.linalg.matmul(rows, bent, transpose_a=True), kernel.dtype),
            tf.cast(tf.linalg.matmul(ones, bent)[0], bias.dtype),
        )

    return output, gradient
