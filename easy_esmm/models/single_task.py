"""The base of models of one task: a network of their own below one output."""

from __future__ import annotations

from typing import Mapping

from easy_esmm.contract import Group, Outputs, TaskSpec, Tensor, served_outputs
from easy_esmm.layers.tower import Tower
from easy_esmm.models.model import Model
from easy_esmm.models.multi_task import head_of
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.tower_pb2 import TaskTower


class SingleTask(Model):
    """A model whose only task is answered by `answer`."""

    @property
    def task(self) -> TaskSpec:
        """The only task."""
        return self.tasks.specs[0]

    def outputs(self, groups: Mapping[str, Group], training: bool) -> Outputs:
        """The answer to the task."""
        heads = {self.task.name: head_of(self.task, self.answer(groups, training))}
        return Outputs(heads, served_outputs(heads))

    def answer(self, groups: Mapping[str, Group], training: bool) -> Tensor:
        """A logit or a value, [batch]; or logits [batch, 2] for two classes."""
        raise NotImplementedError

    def final_tower(self, dnn: DNN, name: str = "final") -> Tower:
        """Hidden layers `dnn` and the task's output on top of them."""
        tower = TaskTower()
        tower.CopyFrom(self.task.tower)
        tower.dnn.CopyFrom(dnn)
        return Tower(tower, name, self.product_dtype)
