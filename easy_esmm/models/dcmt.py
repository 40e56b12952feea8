"""The direct entire-space causal model (Zhu et al., ICDE 2023).

It learns pCVR from unclicked rows too, through a second head that is told the opposite: r* is the
probability of no conversion, with label 1 on every unclicked row. The two heads are weighted to
stand for all impressions and held to r + r* = 1, softly, since that label is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Labels, LossTerm, Predictions, RowMean, Tensor
from easy_esmm.losses import counterfactual, inverse_propensity, propensity
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.models.clicked_weights import clip_of, propensity_means
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.head import head
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig


@dataclass(frozen=True, eq=False)
class DCMTPredictions(Predictions):
    """The three answers, and the counterfactual head's, which only the losses read."""

    counterfactual_logit: Optional[Tensor] = None
    """[batch]: log odds of r*."""


@register("DCMT")
class DCMT(EntireSpace):
    """ESMM, whose CVR tower is the factual head, and a counterfactual head."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(config, product_dtype)
        dcmt = config.dcmt
        self._clip = clip_of(dcmt.propensity)
        has_prior = dcmt.cvr_tower.HasField("label_prior")
        self._counterfactual_tower = head(
            dcmt.counterfactual_tower,
            dcmt.cvr_tower,
            "counterfactual_tower",
            product_dtype,
            prior=1.0 - dcmt.cvr_tower.label_prior if has_prior else None,
        )

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> DCMTPredictions:
        """As ESMM; the counterfactual head reads what the CVR tower reads."""
        ctr_input, cvr_input = self.tower_inputs(groups, training)
        predictions = self.from_outputs(
            self.ctr_tower(ctr_input, training=training),
            self.cvr_tower(cvr_input, training=training),
        )
        return DCMTPredictions(
            **vars(predictions),
            counterfactual_logit=self._counterfactual_tower(cvr_input, training=training),
        )

    def loss_terms(self, predictions: Any, labels: Labels) -> Tuple[LossTerm, ...]:
        """ESMM's two losses, the risks of both heads and their disagreement."""
        return (*super().loss_terms(predictions, labels), *self._heads(predictions, labels))

    def row_means(self, predictions: Any, labels: Labels) -> Dict[str, RowMean]:
        """`propensity/clipped_share` and `propensity/mean_weight`, over clicked rows."""
        return propensity_means(predictions, labels, self._clip)

    def networks(self) -> List[Any]:
        """Those of ESMM, and the counterfactual head."""
        return [*super().networks(), self._counterfactual_tower]

    def _heads(self, predictions: DCMTPredictions, labels: Labels) -> List[LossTerm]:
        factual, other = predictions.cvr_logit, predictions.counterfactual_logit
        weight, name = labels.cvr_loss_weight, predictions.cvr_name
        u = self._row_weight(labels.click, predictions.ctr_logit)
        # Log odds of Q = 1 - P.
        v = self._row_weight(1.0 - labels.click, -predictions.ctr_logit)
        of_factual = cross_entropy(labels.conversion, factual)
        of_other = cross_entropy(1.0 - labels.conversion, other)
        return [
            LossTerm(
                f"factual_loss_{name}",
                inverse_propensity.weighted_risk(of_factual, u, weight, self.reduction),
                self.parameters.factual_weight,
            ),
            LossTerm(
                f"counterfactual_loss_{name}",
                inverse_propensity.weighted_risk(of_other, v, weight, self.reduction),
                self.parameters.counterfactual_weight,
            ),
            LossTerm(
                f"agreement_loss_{name}",
                counterfactual.disagreement(factual, other, weight, self.reduction),
                self.parameters.agreement_weight,
            ),
        ]

    def _row_weight(self, mask: Tensor, logit: Tensor) -> Tensor:
        return propensity.self_normalized(mask, propensity.inverse(logit, self._clip))
