"""pCVR as the quotient of two networks: a baseline of the ESMM paper (Ma et al., SIGIR 2018)."""

from __future__ import annotations

from typing import Any, Dict

import tensorflow as tf

from easy_esmm.contract import Labels, Predictions, RowMean, Tensor
from easy_esmm.losses import quotient
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.tower_pb2 import TaskTower


@register("Division")
class Division(EntireSpace):
    """pCTR and pCTCVR, each learned on all impressions by a tower of its own; pCVR divides them.

    The losses are those of the family: the second tower's logit is the product's logit c itself.
    """

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        started = ModelConfig()
        started.CopyFrom(config)
        parameters = started.division
        prior = _prior(parameters.ctr_tower) * _prior(parameters.cvr_tower)
        parameters.cvr_tower.label_prior = prior
        super().__init__(started, product_dtype)

    def from_outputs(self, ctr_output: Tensor, cvr_output: Tensor) -> Predictions:
        """Predictions from the logits a of pCTR and c of pCTCVR, [batch] each.

        pCTCVR is the second tower's answer as it stands, also where pCVR is capped and the product
        of the other two is less.
        """
        cvr_logit = quotient.quotient_logit(cvr_output, ctr_output)
        return Predictions(
            ctr_name=self.parameters.ctr_tower.tower_name,
            cvr_name=self.parameters.cvr_tower.tower_name,
            ctr_logit=ctr_output,
            cvr_logit=cvr_logit,
            ctcvr_logit=cvr_output,
            pctr=tf.sigmoid(ctr_output),
            pcvr=tf.sigmoid(cvr_logit),
            pctcvr=tf.sigmoid(cvr_output),
        )

    def row_means(self, predictions: Any, labels: Labels) -> Dict[str, RowMean]:
        """`division/capped_share`: of all impressions, those where the quotient was capped."""
        is_capped = quotient.is_capped(predictions.cvr_logit)
        return {"division/capped_share": RowMean(is_capped, labels.weight)}


def _prior(tower: TaskTower) -> float:
    """Rate at which the tower's answer starts: one half where the config says nothing."""
    return tower.label_prior if tower.HasField("label_prior") else 0.5
