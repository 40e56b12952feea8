"""The base of models whose towers may see what towers before them have learned."""

from __future__ import annotations

from typing import Dict, Mapping

from easy_esmm.contract import TaskSpec, Tensor
from easy_esmm.layers.relation import RelationTower
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.models.multi_task import MultiTask


class RelatedTowers(MultiTask):
    """Towers with relation layers (Wang et al., 2019, https://arxiv.org/abs/1902.09154)."""

    def make_tower(self, task: TaskSpec) -> TowerLayers:
        """Hidden layers, relation layers and output."""
        return RelationTower(task.tower, task.scope, self.product_dtype)

    def tower_outputs(self, inputs: Mapping[str, Tensor], training: bool) -> Dict[str, Tensor]:
        """What each tower gives, from its own input and from the towers that it names."""
        outputs: Dict[str, Tensor] = {}
        features: Dict[str, Tensor] = {}
        for task in self.tower_tasks:
            related = [features[name] for name in task.tower.relation_tower_names]
            outputs[task.name], features[task.name] = self.towers[task.name](
                inputs[task.name], related, training=training
            )
        return outputs
