"""EasyRec's MultiTower: a tower for each feature group below common layers, for one task."""

from __future__ import annotations

from typing import Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.mlp import MLP
from easy_esmm.models.model import register
from easy_esmm.models.single_task import SingleTask
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.tower_pb2 import Tower


@register("MultiTower")
class MultiTower(SingleTask):
    """logit = final_dnn(concat over groups g of dnn_g(norm(x_g))), and one output unit."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._towers = {tower.input: self.group_tower(tower) for tower in self.parameters.towers}
        self._final = self.final_tower(self.parameters.final_dnn)

    def answer(self, groups: Mapping[str, Group], training: bool) -> Tensor:
        """The answer from the outputs of all towers side by side."""
        outputs = self.tower_outputs(groups, training)
        return self._final(tf.concat(list(outputs.values()), axis=1), training=training)

    def tower_outputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """What each tower gives, by its group: float32 [batch, units of its last layer]."""
        return {
            name: tower(groups[name].matrix, training=training)
            for name, tower in self._towers.items()
        }

    def group_tower(self, config: Tower) -> NormalizedMLP:
        """The layers over one feature group."""
        name = f"group_{config.input}"
        return NormalizedMLP(config.dnn, name, self.product_dtype, self.parameters.use_input_bn)


class NormalizedMLP(keras.layers.Layer):  # type: ignore[misc]
    """Batch normalisation of the input, where wanted, and hidden layers."""

    def __init__(self, dnn: DNN, name: str, product_dtype: tf.DType, is_normalized: bool) -> None:
        super().__init__(name=name)
        self._norm: Optional[keras.layers.Layer] = None
        if is_normalized:
            self._norm = keras.layers.BatchNormalization(
                momentum=0.99, epsilon=1e-3, name="input_norm"
            )
        self._hidden = MLP(dnn, "dnn", product_dtype)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch, units of the last layer]."""
        if self._norm is not None:
            inputs = self._norm(inputs, training=training)
        return self._hidden(inputs, training=training)
