"""Deep Bayesian multi-target learning (Wang et al., 2019, https://arxiv.org/abs/1902.09154)."""

from __future__ import annotations

from typing import Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.mixture import MixtureOfExperts
from easy_esmm.layers.mlp import MLP
from easy_esmm.models.model import register
from easy_esmm.models.related_towers import RelatedTowers
from easy_esmm.protos.model_pb2 import ModelConfig


@register("DBMTL")
class DBMTL(RelatedTowers):
    """Towers over a shared network, each also over the features of towers before it."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        written = self.parameters
        self._bottom = MLP(written.bottom_dnn, "bottom", product_dtype)
        self._mixture: Optional[MixtureOfExperts] = None
        if written.num_expert:
            self._mixture = MixtureOfExperts(
                [written.expert_dnn] * written.num_expert,
                tuple(self.towers),
                "mixture",
                product_dtype,
                gate_bias=True,
            )

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """The shared network's output, or its gated mean of experts for each task."""
        shared = self._bottom(self.shared_input(groups, training), training=training)
        if self._mixture is None:
            return dict.fromkeys(self.towers, shared)
        return dict(zip(self.towers, self._mixture(shared, training=training)))
