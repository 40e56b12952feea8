"""ESMM over a multi-gate mixture of experts.

Experts and gates are those of Ma et al. (KDD 2018, https://doi.org/10.1145/3219819.3220007);
product and losses are ESMM's.
"""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.mixture import MixtureOfExperts
from easy_esmm.models.esmm import ESMM
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM_MMoE")
class ExpertsBelowESMM(ESMM):
    """ESMM whose towers each read a gated mean of shared experts."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._mixture = MixtureOfExperts(
            [self.parameters.expert_dnn] * self.parameters.num_expert,
            ("ctr", "cvr"),
            "mixture",
            product_dtype,
        )

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """sum_i softmax(W_k x)_i E_i(x) for k = CTR, CVR: float32 [batch, units of an expert]."""
        mixed = self._mixture(self.shared_input(groups, training), training=training)
        return dict(zip(self.towers, mixed))
