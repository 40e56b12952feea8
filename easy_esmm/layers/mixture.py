"""A multi-gate mixture of experts (Ma et al., KDD 2018, https://doi.org/10.1145/3219819.3220007)."""

from __future__ import annotations

from typing import Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.experts import Experts
from easy_esmm.layers.gate import Gate
from easy_esmm.protos.dnn_pb2 import DNN


class MixtureOfExperts(keras.layers.Layer):  # type: ignore[misc]
    """sum_i softmax(W_k x)_i E_i(x) for each task k: shared experts, a gate per task.

    `product_dtype` is that of the experts.
    """

    def __init__(
        self,
        expert: DNN,
        count: int,
        tasks: Sequence[str],
        name: str,
        product_dtype: tf.DType,
    ) -> None:
        """`expert`: layers of each of `count` experts; `tasks`: names of the gates."""
        super().__init__(name=name)
        self._experts = Experts(expert, count, "experts", product_dtype)
        self._gates = [Gate(count, f"gate_{task}") for task in tasks]

    def call(self, inputs: Tensor, training: bool = False) -> Tuple[Tensor, ...]:
        """float32 [batch, width] -> for each task float32 [batch, units of an expert]."""
        experts = self._experts(inputs, training=training)
        return tuple(gate(inputs, experts) for gate in self._gates)
