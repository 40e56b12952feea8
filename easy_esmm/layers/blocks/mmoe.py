"""A mixture of experts with a gate for each task (Ma et al., KDD 2018), as a block."""

from __future__ import annotations

from typing import List, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.mlp import MLPBlock
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, matrix_of
from easy_esmm.layers.mixture import Gate
from easy_esmm.protos.backbone_pb2 import MMoELayer


@register("MMoE")
class MMoEBlock(BlockLayer):
    """sum_i softmax(W_k x + b_k)_i E_i(x) for each task k."""

    def __init__(self, config: MMoELayer, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._experts = [
            MLPBlock(config.expert_mlp, f"expert_{i}", product_dtype)
            for i in range(config.num_expert)
        ]
        self._gates = [
            Gate(config.num_expert, f"gate_{k}", use_bias=True) for k in range(config.num_task)
        ]

    @staticmethod
    def arguments(value: Value) -> Tuple[Tensor]:
        """A matrix."""
        return (matrix_of(value),)

    def call(self, inputs: Tensor, training: bool = False) -> List[Tensor]:
        """float32 [batch, width] -> for each task float32 [batch, units of an expert]."""
        experts = tf.stack([one(inputs, training=training) for one in self._experts], axis=1)
        return [gate(inputs, experts) for gate in self._gates]
