"""A multi-gate mixture of experts (Ma et al., KDD 2018, https://doi.org/10.1145/3219819.3220007)."""

from __future__ import annotations

from typing import Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.protos.dnn_pb2 import DNN


class MixtureOfExperts(keras.layers.Layer):  # type: ignore[misc]
    """sum_i softmax(W_k x)_i E_i(x) for each task k: shared experts, a gate per task.

    `product_dtype` is that of the experts.
    """

    def __init__(
        self,
        experts: Sequence[DNN],
        tasks: Sequence[str],
        name: str,
        product_dtype: tf.DType,
        *,
        gate_bias: bool = False,
    ) -> None:
        """`experts`: layers of each, which end in as many units; `tasks`: names of the gates."""
        super().__init__(name=name)
        self._experts = Experts(experts, "experts", product_dtype)
        self._gates = [Gate(len(experts), f"gate_{task}", gate_bias) for task in tasks]

    def call(self, inputs: Tensor, training: bool = False) -> Tuple[Tensor, ...]:
        """float32 [batch, width] -> for each task float32 [batch, units of an expert]."""
        experts = self._experts(inputs, training=training)
        return tuple(gate(inputs, experts) for gate in self._gates)


class Experts(keras.layers.Layer):  # type: ignore[misc]
    """Networks over the same input that end in as many units, each with weights of its own.

    `product_dtype` is that of `Dense`.
    """

    def __init__(self, configs: Sequence[DNN], name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._experts = [MLP(dnn, f"expert_{i}", product_dtype) for i, dnn in enumerate(configs)]

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch, experts, units of the last layer]."""
        return tf.stack([expert(inputs, training=training) for expert in self._experts], axis=1)


class Gate(keras.layers.Layer):  # type: ignore[misc]
    """The mean of the experts' outputs, weighed by softmax(W x) with x the gate's own input.

    W has no bias, as in the paper, or one with `use_bias`, as in EasyRec. The weights are computed
    in float32, as logits are, whatever the hidden layers use.
    """

    def __init__(self, experts: int, name: str, use_bias: bool = False) -> None:
        super().__init__(name=name)
        self._scores = keras.layers.Dense(experts, use_bias=use_bias, name="scores")

    def call(self, inputs: Tensor, experts: Tensor) -> Tensor:
        """float32 [batch, width] and [batch, experts, units] -> float32 [batch, units]."""
        return tf.reduce_sum(self.weights_of(inputs)[:, :, tf.newaxis] * experts, axis=1)

    def weights_of(self, inputs: Tensor) -> Tensor:
        """float32 [batch, width] -> float32 [batch, experts] in (0, 1), each row's sum 1."""
        return tf.nn.softmax(self._scores(inputs), axis=1)
