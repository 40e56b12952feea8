"""A multi-gate mixture of experts (Ma et al., KDD 2018, https://doi.org/10.1145/3219819.3220007)."""

from __future__ import annotations

from typing import Dict, List, Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.mixture import MixtureOfExperts
from easy_esmm.models.model import register
from easy_esmm.models.multi_task import MultiTask
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.multi_task_pb2 import MMoE as Parameters


@register("MMoE")
class MMoE(MultiTask):
    """Towers that each read a gated mean of shared experts."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._mixture = MixtureOfExperts(
            _experts(self.parameters),
            tuple(self.towers),
            "mixture",
            product_dtype,
            gate_bias=True,
        )

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """sum_i softmax(W_k x + b_k)_i E_i(x) for each task k: [batch, units of an expert]."""
        mixed = self._mixture(self.shared_input(groups, training), training=training)
        return dict(zip(self.towers, mixed))


def _experts(parameters: Parameters) -> List[DNN]:
    """Layers of each expert; `expert_dnn` comes before the older form, as in EasyRec."""
    if parameters.HasField("expert_dnn"):
        return [parameters.expert_dnn] * parameters.num_expert
    return [expert.dnn for expert in parameters.experts]
