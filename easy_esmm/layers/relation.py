"""A tower whose output also depends on what earlier towers have learned (Wang et al., 2019)."""

from __future__ import annotations

from typing import Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.protos.tower_pb2 import BayesTaskTower


class RelationTower(TowerLayers):
    """Hidden layers, the related towers' features beside them, relation layers, and the output.

        feature = relation_dnn( [dnn(x), features of the related towers] )

    Both networks may be absent, and are then the identity.
    """

    def __init__(self, config: BayesTaskTower, name: str, product_dtype: tf.DType) -> None:
        super().__init__(config, name, product_dtype)
        self._relation = MLP(config.relation_dnn, "relation_dnn", product_dtype)

    def call(
        self, inputs: Tensor, related: Sequence[Tensor], training: bool = False
    ) -> Tuple[Tensor, Tensor]:
        """What a `Tower` gives, and the feature that later towers may see, [batch, units].

        Args:
          inputs: float32 [batch, width].
          related: features of earlier towers, float32 [batch, units] each.
          training: whether dropout and batch statistics are on.
        """
        hidden = self.hidden(inputs, training=training)
        feature = self._relation(tf.concat([hidden, *related], axis=1), training=training)
        return self.logits_of(feature), feature
