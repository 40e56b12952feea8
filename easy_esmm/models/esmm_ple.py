"""ESMM over progressive layered extraction.

The levels of experts are those of Tang et al. (RecSys 2020, https://doi.org/10.1145/3383313.3412236);
product and losses are ESMM's.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.extraction import LayeredExtraction
from easy_esmm.models.esmm import ESMM
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM_PLE")
class ExtractionBelowESMM(ESMM):
    """ESMM whose towers each read experts of their own and shared ones, level by level."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(config, product_dtype)
        self._extraction = LayeredExtraction(
            self.parameters.extraction_networks, ("ctr", "cvr"), "extraction", product_dtype
        )

    def tower_inputs(self, groups: Mapping[str, Tensor], training: bool) -> Tuple[Tensor, Tensor]:
        """The last level's outputs for CTR and CVR: float32 [batch, units of an expert] each."""
        shared = self.shared_input(groups, training)
        ctr, cvr = self._extraction(shared, training=training)
        return ctr, cvr

    def networks(self) -> List[Any]:
        """ESMM's, and the extraction levels."""
        return [*super().networks(), self._extraction]
