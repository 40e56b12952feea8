"""A multi-gate mixture of experts (Ma et al., KDD 2018, https://doi.org/10.1145/3219819.3220007)."""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.mixture import MixtureOfExperts
from easy_esmm.models.model import register
from easy_esmm.models.multi_task import MultiTask
from easy_esmm.protos.model_pb2 import ModelConfig


@register("MMoE")
class MMoE(MultiTask):
    """Towers that each read a gated mean of shared experts."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._mixture = MixtureOfExperts(
            [self.parameters.expert_dnn] * self.parameters.num_expert,
            tuple(self.towers),
            "mixture",
            product_dtype,
        )

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """sum_i softmax(W_k x)_i E_i(x) for each task k: float32 [batch, units of an expert]."""
        mixed = self._mixture(self.shared_input(groups, training), training=training)
        return dict(zip(self.towers, mixed))
