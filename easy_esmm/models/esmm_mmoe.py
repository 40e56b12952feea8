"""ESMM over a multi-gate mixture of experts.

Experts and gates are those of Ma et al. (KDD 2018, https://doi.org/10.1145/3219819.3220007);
product and losses are ESMM's.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.mixture import MixtureOfExperts
from easy_esmm.models.esmm import ESMM
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM_MMoE")
class ExpertsBelowESMM(ESMM):
    """ESMM whose towers each read a gated mean of shared experts."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(config, product_dtype)
        self._mixture = MixtureOfExperts(
            self.parameters.expert_dnn,
            self.parameters.num_expert,
            ("ctr", "cvr"),
            "mixture",
            product_dtype,
        )

    def tower_inputs(self, groups: Mapping[str, Tensor], training: bool) -> Tuple[Tensor, Tensor]:
        """sum_i softmax(W_k x)_i E_i(x) for k = CTR, CVR: float32 [batch, units of an expert]."""
        shared = self.shared_input(groups, training)
        ctr, cvr = self._mixture(shared, training=training)
        return ctr, cvr

    def networks(self) -> List[Any]:
        """ESMM's, and the mixture."""
        return [*super().networks(), self._mixture]
