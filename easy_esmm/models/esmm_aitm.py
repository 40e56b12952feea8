"""ESMM with adaptive information transfer from the CTR tower to the CVR tower.

The transfer is that of Xi et al. (KDD 2021, https://arxiv.org/abs/2105.08489); product and losses
are ESMM's. The paper's second tower predicts what is here the product, and a penalty holds it below
the first; a product is below its factors anyway.
"""

from __future__ import annotations

from typing import Mapping

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.transfer import SourceTower, TransferTower
from easy_esmm.models.esmm import ESMM
from easy_esmm.models.model import AnyPredictions, register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM_AITM")
class TransferBetweenTowers(ESMM):
    """ESMM whose CVR tower attends to its own and to the CTR tower's last hidden layer."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(config, product_dtype)
        self.ctr_tower = SourceTower(self.parameters.ctr_tower, "ctr_tower", product_dtype)
        self.cvr_tower = TransferTower(self.parameters.cvr_tower, "cvr_tower", product_dtype)

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> AnyPredictions:
        """As ESMM, with the CTR tower's hidden layer handed to the CVR tower."""
        ctr_input, cvr_input = self.tower_inputs(groups, training)
        ctr_output, hidden = self.ctr_tower(ctr_input, training=training)
        if self.parameters.stop_gradient:
            hidden = tf.stop_gradient(hidden)
        cvr_output = self.cvr_tower(cvr_input, hidden, training=training)
        return self.from_outputs(ctr_output, cvr_output)
