"""Conversions beside their complement (Cheng et al., WSDM 2026, https://arxiv.org/abs/2502.08277).

A clicked row without conversion is a negative that was seen; an unclicked row is one only because
nobody clicked. A second tower learns u, the probability that a click does not convert, from the
product pCTR x u, in which clicks without conversion are the positives. Each of the two towers is
the soft label of the other on all rows.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Head, Labels, LossTerm, Outputs, RowMean, Tasks, Tensor
from easy_esmm.losses import propensity
from easy_esmm.losses.entire_space import product_logit
from easy_esmm.losses.pointwise import cross_entropy, mean_cross_entropy, soft_cross_entropy
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

UNCONVERTED_LOGIT = "unconverted_logit"
"""Auxiliary output, [batch]: log odds of u."""


@register("ChorusCVR")
class ChorusCVR(EntireSpace):
    """ESMM and a tower of the complement, which the CVR tower and weighted clicked rows teach."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        chorus = config.chorus_cvr
        self._clip = clip_of(chorus.propensity)
        prior = conversion_prior(chorus.cvr_tower)
        self._unconverted_tower = head(
            chorus.unconverted_tower,
            chorus.cvr_tower,
            "unconverted_tower",
            product_dtype,
            prior=None if prior is None else 1.0 - prior,
        )

    def auxiliary(
        self, inputs: Mapping[str, Tensor], heads: Mapping[str, Head], training: bool
    ) -> Dict[str, Tensor]:
        """The tower of the complement reads what the CVR tower reads."""
        cvr_input = inputs[self.family.conversion.name]
        return {UNCONVERTED_LOGIT: self._unconverted_tower(cvr_input, training=training)}

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """ESMM's two losses, and those of the complement, of clicked rows and of the alignment."""
        return (*super().loss_terms(outputs, labels), *self._own_terms(outputs, labels))

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """`propensity/clipped_share` and `propensity/mean_weight`, over clicked rows."""
        return propensity_means(self.family, outputs, labels, self._clip)

    def _own_terms(self, outputs: Outputs, labels: Labels) -> List[LossTerm]:
        ctr, cvr = (task.name for task in self.tower_tasks)
        click, observed = labels[ctr].value, labels[cvr]
        logit: Tensor = outputs.heads[cvr].logit
        complement = outputs.auxiliary[UNCONVERTED_LOGIT]
        ctr_logit: Tensor = outputs.heads[ctr].logit
        is_normalized = self.parameters.propensity.self_normalized
        clicked = row_weights(click, ctr_logit, self._clip, is_normalized, labels)
        unclicked = row_weights(1.0 - click, -ctr_logit, self._clip, is_normalized, labels)

        def weighted(row_loss: Tensor, row_weight: Tensor) -> Tensor:
            return propensity.weighted_risk(
                row_loss, row_weight, observed.loss_weight, self.reduction
            )

        of_product = mean_cross_entropy(
            click * (1.0 - observed.value),
            product_logit(self.heads_of_batch(outputs, labels)[ctr].logit, complement),
            observed.loss_weight,
            self.reduction,
        )
        # 1 - u has the log odds of u, negated.
        agreement = soft_cross_entropy(-complement, logit) + soft_cross_entropy(-logit, complement)
        of_clicked = self.parameters.inverse_propensity_weight
        return [
            LossTerm(f"unconverted_loss_{cvr}", of_product, self.parameters.unconverted_weight),
            LossTerm(
                f"inverse_propensity_loss_{cvr}",
                weighted(cross_entropy(observed.value, logit), clicked),
                of_clicked,
            ),
            LossTerm(
                f"unconverted_inverse_propensity_loss_{cvr}",
                weighted(cross_entropy(1.0 - observed.value, complement), clicked),
                of_clicked,
            ),
            LossTerm(
                f"alignment_loss_{cvr}",
                weighted(agreement, clicked + unclicked),
                self.parameters.alignment_weight,
            ),
        ]
