"""Attention of a task over its own features and others' (Xi et al., KDD 2021), as a block."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.mlp import MLPBlock
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, matrices_of
from easy_esmm.layers.dense import Dense
from easy_esmm.protos.backbone_pb2 import AITMTower


@register("AITMTower")
class AITMBlock(BlockLayer):
    """The mean of what the inputs hand over, weighed by how well each one's query fits its key.

        u_0 = own features,  u_i = transfer(sg(features of an earlier task))
        out = sum_i w_i V_i u_i,   w = softmax over i of <Q_i u_i, K_i u_i> / sqrt(width)

    Every input has a query, a key and a value matrix of its own, with a bias, as in EasyRec; the
    paper's are shared. Scores and softmax are float32 whatever the products are.
    """

    def __init__(self, config: AITMTower, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._config = config
        self._product_dtype = product_dtype
        self._transfer: Optional[MLPBlock] = None
        if config.HasField("transfer_mlp"):
            self._transfer = MLPBlock(config.transfer_mlp, "transfer", product_dtype)

    def build(self, input_shape: Any) -> None:
        """Creates the matrices, as wide as `project_dim` or as the task's own features."""
        self._width = self._config.project_dim or int(input_shape[0][-1])
        self._projections = [
            [
                Dense(self._width, self._product_dtype, name=f"{part}_{i}")
                for part in ("query", "key", "value")
            ]
            for i in range(len(input_shape))
        ]
        super().build(input_shape)

    @staticmethod
    def arguments(value: Value) -> Tuple[List[Tensor]]:
        """The matrices of a list."""
        return (matrices_of(value),)

    def call(self, inputs: List[Tensor], training: bool = False) -> Tensor:
        """float32 [batch, width] each, the task's own first -> float32 [batch, width]."""
        candidates = [inputs[0], *self._handed_over(inputs[1:], training)]
        scores, values = [], []
        for candidate, (query, key, value) in zip(candidates, self._projections):
            products = query(candidate) * key(candidate)
            scores.append(tf.reduce_sum(products, axis=1) / self._width**0.5)
            values.append(value(candidate))
        weights = tf.nn.softmax(tf.stack(scores, axis=1), axis=1)
        return tf.reduce_sum(weights[:, :, tf.newaxis] * tf.stack(values, axis=1), axis=1)

    def _handed_over(self, earlier: List[Tensor], training: bool) -> List[Tensor]:
        if self._config.stop_gradient:
            earlier = [tf.stop_gradient(features) for features in earlier]
        if self._transfer is None:
            return earlier
        # One call for all: a second one would update its batch normalisation twice in a step.
        transferred = self._transfer(tf.concat(earlier, axis=0), training=training)
        return list(tf.split(transferred, len(earlier), axis=0))
