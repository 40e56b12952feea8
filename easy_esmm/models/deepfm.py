"""DeepFM: linear weights, a factorization machine and hidden layers (Guo et al., IJCAI 2017)."""

from __future__ import annotations

from typing import Mapping, Optional

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.factorization import fields, products
from easy_esmm.models.model import register
from easy_esmm.models.wide_part import WideAndDeepParts
from easy_esmm.protos.model_pb2 import ModelConfig


@register("DeepFM")
class DeepFM(WideAndDeepParts):
    """The sum of three parts, or hidden layers over the three side by side.

    The machine and the hidden layers read the same vectors, unless there is a group `fm`.
    """

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        names = [group.group_name for group in config.feature_groups]
        self._fields = "fm" if "fm" in names else "deep"
        self._of_classes: Optional[keras.layers.Layer] = None
        if self.task.tower.num_class > 1 and not self.has_final_layers:
            classes = self.task.tower.num_class
            self._of_classes = keras.layers.Dense(classes, name="fm_logits")

    def answer(self, groups: Mapping[str, Group], training: bool) -> Tensor:
        """The answer from the sum of all wide weights, and from the machine's vector."""
        wide = tf.reduce_sum(groups["wide"].matrix, axis=1, keepdims=True)
        machine = products(fields(groups[self._fields]))
        if self.has_final_layers:
            return self.over_parts([wide, machine], groups["deep"].matrix, training)
        if self._of_classes is None:
            part = tf.squeeze(wide, axis=1) + tf.reduce_sum(machine, axis=1)
        else:
            part = wide + self._of_classes(machine)
        return part + self.deep_output(groups["deep"].matrix, training)
