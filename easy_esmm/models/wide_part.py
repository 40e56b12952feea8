"""The base of models with a wide and a deep part: how the parts meet."""

from __future__ import annotations

from typing import List

import tensorflow as tf

from easy_esmm.contract import Tasks, Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.models.single_task import SingleTask
from easy_esmm.protos.model_pb2 import ModelConfig


class WideAndDeepParts(SingleTask):
    """Hidden layers over the group `deep`, and a final tower over all parts where there is one."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self.has_final_layers: bool = self.parameters.HasField("final_dnn")
        if self.has_final_layers:
            self._hidden = MLP(self.parameters.dnn, "deep", product_dtype)
            self._final = self.final_tower(self.parameters.final_dnn)
        else:
            self._deep = self.final_tower(self.parameters.dnn, "deep")

    def over_parts(self, parts: List[Tensor], deep: Tensor, training: bool) -> Tensor:
        """The answer of the final tower over `parts` and the hidden layers, side by side."""
        hidden = self._hidden(deep, training=training)
        return self._final(tf.concat([*parts, hidden], axis=1), training=training)

    def deep_output(self, deep: Tensor, training: bool) -> Tensor:
        """Without final layers: the deep part's share in the answer, [batch] or [batch, 2]."""
        return self._deep(deep, training=training)
