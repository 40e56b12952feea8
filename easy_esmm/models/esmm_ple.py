"""ESMM over progressive layered extraction.

The levels of experts are those of Tang et al. (RecSys 2020, https://doi.org/10.1145/3383313.3412236);
product and losses are ESMM's.
"""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.extraction import LayeredExtraction
from easy_esmm.models.esmm import ESMM
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM_PLE")
class ExtractionBelowESMM(ESMM):
    """ESMM whose towers each read experts of their own and shared ones, level by level."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._extraction = LayeredExtraction(
            self.parameters.extraction_networks, ("ctr", "cvr"), "extraction", product_dtype
        )

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """The last level's outputs for CTR and CVR: float32 [batch, units of an expert] each."""
        extracted = self._extraction(self.shared_input(groups, training), training=training)
        return dict(zip(self.towers, extracted))
