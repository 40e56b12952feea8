"""Progressive layered extraction (Tang et al., RecSys 2020, https://doi.org/10.1145/3383313.3412236)."""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tasks, Tensor
from easy_esmm.layers.extraction import LayeredExtraction
from easy_esmm.models.model import register
from easy_esmm.models.multi_task import MultiTask
from easy_esmm.protos.model_pb2 import ModelConfig


@register("PLE")
class PLE(MultiTask):
    """Towers that each read experts of their own and shared ones, level by level."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._extraction = LayeredExtraction(
            self.parameters.extraction_networks,
            tuple(self.towers),
            "extraction",
            product_dtype,
            gate_bias=True,
        )

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """The last level's output for each task: float32 [batch, units of an expert]."""
        extracted = self._extraction(self.shared_input(groups, training), training=training)
        return dict(zip(self.towers, extracted))
