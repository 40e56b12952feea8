"""The base of all multi-task models: a tower for each task over a shared input."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Group, Head, Kind, Outputs, Tasks, TaskSpec, Tensor, served_outputs
from easy_esmm.layers.backbone import Backbone
from easy_esmm.layers.mlp import MLP
from easy_esmm.layers.tower import Tower, TowerLayers
from easy_esmm.models.model import Model
from easy_esmm.protos.model_pb2 import ModelConfig


class MultiTask(Model):
    """A backbone or networks of feature groups, if the config has any, and a tower for each task.

    The towers read the same input: the output of the backbone, networks of feature groups side by
    side, or the only feature group; or each a feature group of its own. A model may override what
    lies between the input and the towers (`tower_inputs`), the towers (`make_tower`,
    `tower_outputs`), what is made of their outputs (`heads`), and what else its own losses read
    (`auxiliary`).
    """

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._only_group = config.feature_groups[0].group_name
        self._group_networks = {
            group.input: MLP(group.dnn, f"group_{group.input}", product_dtype)
            for group in getattr(self.parameters, "groups", ())
        }
        self.backbone: Optional[Backbone] = None
        if config.HasField("backbone"):
            self.backbone = Backbone(config.backbone, product_dtype)
        self.towers: Dict[str, TowerLayers] = {
            task.name: self.make_tower(task) for task in self.tower_tasks
        }

    @property
    def tower_tasks(self) -> Tuple[TaskSpec, ...]:
        """The tasks that have a tower of their own, in the order in which towers are built."""
        return self.tasks.specs

    def make_tower(self, task: TaskSpec) -> TowerLayers:
        """The task's hidden layers and output."""
        return Tower(task.tower, task.scope, self.product_dtype)

    def outputs(self, groups: Mapping[str, Group], training: bool) -> Outputs:
        """The towers' answers, each from its input."""
        inputs = self.tower_inputs(groups, training)
        heads = self.heads(self.tower_outputs(inputs, training))
        served, auxiliary = self.served(heads), self.auxiliary(inputs, heads, training)
        return Outputs(heads, served, auxiliary)

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """What each tower reads, by task: float32 [batch, width]."""
        own = {task.name: task.tower.input for task in self.tower_tasks}
        if all(own.values()):
            return {name: groups[group].matrix for name, group in own.items()}
        shared = self.shared_input(groups, training)
        return dict.fromkeys(own, shared)

    def shared_input(self, groups: Mapping[str, Group], training: bool) -> Tensor:
        """What the backbone or the networks of groups give, or the only group: [batch, width]."""
        if self.backbone is not None:
            return self.backbone(groups, training=training)
        if not self._group_networks:
            return groups[self._only_group].matrix
        outputs = [
            network(groups[name].matrix, training=training)
            for name, network in self._group_networks.items()
        ]
        return tf.concat(outputs, axis=1)

    def tower_outputs(self, inputs: Mapping[str, Tensor], training: bool) -> Dict[str, Tensor]:
        """What each tower gives, by task: [batch], or [batch, 2] for two classes."""
        return {name: tower(inputs[name], training=training) for name, tower in self.towers.items()}

    def heads(self, outputs: Mapping[str, Tensor]) -> Dict[str, Head]:
        """The answers by task, from what the towers give."""
        return {task.name: head_of(task, outputs[task.name]) for task in self.tower_tasks}

    def served(self, heads: Mapping[str, Head]) -> Dict[str, Tensor]:
        """The public outputs by their serving names."""
        return served_outputs(heads)

    def auxiliary(
        self, inputs: Mapping[str, Tensor], heads: Mapping[str, Head], training: bool
    ) -> Dict[str, Tensor]:
        """What only the model's own losses read, from the towers' inputs and the heads."""
        return {}


def head_of(task: TaskSpec, output: Tensor) -> Head:
    """The answer from what a tower gives: a logit or a value [batch], or logits [batch, 2]."""
    if task.kind is Kind.VALUE:
        return Head(tf.sigmoid(output) if task.is_share else output)
    is_single = output.shape.rank == 1
    logit = output if is_single else output[:, 1] - output[:, 0]
    return Head(tf.sigmoid(logit), logit, None if is_single else output)
