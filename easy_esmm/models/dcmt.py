"""The direct entire-space causal model (Zhu et al., ICDE 2023).

It learns pCVR from unclicked rows too, through a counterfactual head: r*, the probability of no
conversion, has label 1 on every unclicked row. Both heads are weighted to represent all
impressions. That label is an assumption, so r + r* = 1 is a penalty rather than a constraint.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Head, Labels, LossTerm, Outputs, RowMean, Tasks, Tensor
from easy_esmm.losses import counterfactual, negative_sampling, propensity
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.models.counterfactual import (
    clip_of,
    conversion_prior,
    head,
    propensity_means,
    row_weights,
)
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig

COUNTERFACTUAL_LOGIT = "counterfactual_logit"
"""Auxiliary output, [batch]: log odds of r*."""


@register("DCMT")
class DCMT(EntireSpace):
    """ESMM, whose CVR tower is the factual head, and a counterfactual head."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        dcmt = config.dcmt
        self._clip = clip_of(dcmt.propensity)
        prior = conversion_prior(dcmt.cvr_tower)
        self._counterfactual_tower = head(
            dcmt.counterfactual_tower,
            dcmt.cvr_tower,
            "counterfactual_tower",
            product_dtype,
            prior=None if prior is None else 1.0 - prior,
        )

    def auxiliary(
        self, inputs: Mapping[str, Tensor], heads: Mapping[str, Head], training: bool
    ) -> Dict[str, Tensor]:
        """The counterfactual head reads what the CVR tower reads."""
        cvr_input = inputs[self.family.conversion.name]
        return {COUNTERFACTUAL_LOGIT: self._counterfactual_tower(cvr_input, training=training)}

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """ESMM's two losses, the risks of both heads and their disagreement."""
        return (*super().loss_terms(outputs, labels), *self._head_terms(outputs, labels))

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """`propensity/clipped_share` and `propensity/mean_weight`, over clicked rows."""
        return propensity_means(self.family, outputs, labels, self._clip)

    def _head_terms(self, outputs: Outputs, labels: Labels) -> List[LossTerm]:
        ctr, cvr = self.family.click.name, self.family.conversion.name
        click, conversion, weight = labels[ctr].value, labels[cvr].value, labels[cvr].loss_weight
        factual, other = outputs.heads[cvr].logit, outputs.auxiliary[COUNTERFACTUAL_LOGIT]
        ctr_logit: Tensor = outputs.heads[ctr].logit
        u = row_weights(click, ctr_logit, self._clip, True, labels)
        # (log odds of Q = 1 - P)
        v = row_weights(1.0 - click, -ctr_logit, self._clip, True, labels)
        everywhere = negative_sampling.importance_weighted(weight, labels)
        of_factual = cross_entropy(conversion, factual)
        of_other = cross_entropy(1.0 - conversion, other)
        return [
            LossTerm(
                f"factual_loss_{cvr}",
                propensity.weighted_risk(of_factual, u, weight, self.reduction),
                self.parameters.factual_weight,
            ),
            LossTerm(
                f"counterfactual_loss_{cvr}",
                propensity.weighted_risk(of_other, v, weight, self.reduction),
                self.parameters.counterfactual_weight,
            ),
            LossTerm(
                f"agreement_loss_{cvr}",
                counterfactual.disagreement(factual, other, everywhere, self.reduction),
                self.parameters.agreement_weight,
            ),
        ]
