"""Adaptive information transfer (Xi et al., KDD 2021, https://arxiv.org/abs/2105.08489)."""

from __future__ import annotations

from typing import Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.contract import TaskSpec, Tensor
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.layers.transfer import SourceTower, TransferTower
from easy_esmm.models.model import register
from easy_esmm.models.multi_task import MultiTask


@register("AITM")
class AITM(MultiTask):
    """Towers in a sequence; each but the first attends to what the one before it hands over.

    What is handed over is the layer below the output: of the first tower its last hidden layer, of
    others what their attention gives, in which earlier towers have a part.
    """

    def make_tower(self, task: TaskSpec) -> TowerLayers:
        """Hidden layers and output, with an attention between them from the second tower on."""
        layers = SourceTower if task is self.tower_tasks[0] else TransferTower
        return layers(task.tower, task.scope, self.product_dtype)

    def tower_outputs(self, inputs: Mapping[str, Tensor], training: bool) -> Dict[str, Tensor]:
        """What each tower gives, in the order of the config."""
        outputs: Dict[str, Tensor] = {}
        handed: Optional[Tensor] = None
        for name, tower in self.towers.items():
            given = (inputs[name],) if handed is None else (inputs[name], handed)
            outputs[name], handed = tower(*given, training=training)
            if self.parameters.stop_gradient:
                handed = tf.stop_gradient(handed)
        return outputs
