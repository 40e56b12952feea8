"""ESMM with adaptive information transfer from the CTR tower to the CVR tower.

The transfer is that of Xi et al. (KDD 2021, https://arxiv.org/abs/2105.08489); product and losses
are ESMM's. The paper's second tower predicts what is here the product, and a penalty holds it below
the first; a product is below its factors anyway.
"""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import TaskSpec, Tensor
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.layers.transfer import SourceTower, TransferTower
from easy_esmm.models.esmm import ESMM
from easy_esmm.models.model import register


@register("ESMM_AITM")
class TransferBetweenTowers(ESMM):
    """ESMM whose CVR tower attends to its own and to the CTR tower's last hidden layer."""

    def make_tower(self, task: TaskSpec) -> TowerLayers:
        """The CTR tower shows its last hidden layer to the CVR tower."""
        layers = SourceTower if task is self.family.click else TransferTower
        return layers(task.tower, task.scope, self.product_dtype)

    def tower_outputs(self, inputs: Mapping[str, Tensor], training: bool) -> Dict[str, Tensor]:
        """As ESMM, with the CTR tower's hidden layer handed to the CVR tower."""
        ctr, cvr = (task.name for task in self.tower_tasks)
        ctr_output, hidden = self.towers[ctr](inputs[ctr], training=training)
        if self.parameters.stop_gradient:
            hidden = tf.stop_gradient(hidden)
        cvr_output, _ = self.towers[cvr](inputs[cvr], hidden, training=training)
        return {ctr: ctr_output, cvr: cvr_output}
