"""The entire-space counterfactual model (Wang et al., SIGIR 2022, arXiv 2204.05125).

The loss of ESMM's product does not determine which of the two factors explains a missing
conversion. The counterfactual risk does: the CVR tower's own loss on clicked rows, each weighted by
1 / pCTR, whose expectation is the loss that it would have if every impression were clicked.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Head, Labels, LossTerm, Outputs, RowMean, Tasks, Tensor
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.losses import doubly_robust, negative_sampling, propensity
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.models.counterfactual import (
    clip_of,
    head,
    propensity_means,
    row_weights,
    warm_up_factor,
)
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register
from easy_esmm.protos import escm2_pb2
from easy_esmm.protos.model_pb2 import ModelConfig

IMPUTATION_LOGIT = "imputation_logit"
"""Auxiliary output, [batch]: what the imputation tower gives, with estimator DR."""
WARM_UP_FACTOR = "warm_up_factor"
"""Auxiliary output, scalar in [0, 1]: how much of the counterfactual weight counts yet."""


@register("ESCM2")
class ESCM2(EntireSpace):
    """ESMM and a counterfactual risk of pCVR: inverse propensity, or doubly robust."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        escm2 = config.escm2
        self._clip = clip_of(escm2.propensity)
        self._imputation_tower: Optional[TowerLayers] = None
        if escm2.estimator == escm2_pb2.ESCM2.DR:
            self._imputation_tower = head(
                escm2.imputation_tower, escm2.cvr_tower, "imputation_tower", product_dtype
            )

    def auxiliary(
        self, inputs: Mapping[str, Tensor], heads: Mapping[str, Head], training: bool
    ) -> Dict[str, Tensor]:
        """The imputation tower reads what the CVR tower reads."""
        found = {WARM_UP_FACTOR: warm_up_factor(self.parameters.warm_up_steps, training)}
        if self._imputation_tower is not None:
            cvr_input = inputs[self.family.conversion.name]
            found[IMPUTATION_LOGIT] = self._imputation_tower(cvr_input, training=training)
        return found

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """ESMM's two losses + lambda_c x the counterfactual risk.

        Of lambda_c as much as the warm-up allows.
        """
        return (*super().loss_terms(outputs, labels), *self._counterfactual(outputs, labels))

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """`propensity/clipped_share` and `propensity/mean_weight`, over clicked rows."""
        return propensity_means(self.family, outputs, labels, self._clip)

    def _counterfactual(self, outputs: Outputs, labels: Labels) -> List[LossTerm]:
        name = self.family.conversion.name
        observed = labels[name]
        row_loss = cross_entropy(observed.value, outputs.heads[name].logit)
        factor = self.parameters.counterfactual_weight * outputs.auxiliary[WARM_UP_FACTOR]
        # Of clicked rows the importance is 1, but the mean of e is over all rows.
        sample_weight = negative_sampling.importance_weighted(observed.loss_weight, labels)
        rows = (self._row_weight(outputs, labels), sample_weight, self.reduction)
        if IMPUTATION_LOGIT not in outputs.auxiliary:
            risk = propensity.weighted_risk(row_loss, *rows)
            return [LossTerm(f"inverse_propensity_loss_{name}", risk, factor)]
        imputed = doubly_robust.imputed_loss(outputs.auxiliary[IMPUTATION_LOGIT])
        return [
            LossTerm(
                f"doubly_robust_loss_{name}", doubly_robust.risk(row_loss, imputed, *rows), factor
            ),
            LossTerm(
                f"imputation_loss_{name}",
                doubly_robust.imputation_loss(row_loss, imputed, *rows),
                factor * self.parameters.imputation_weight,
                is_squared_error=True,
            ),
        ]

    def _row_weight(self, outputs: Outputs, labels: Labels) -> Tensor:
        click = self.family.click.name
        logit = outputs.heads[click].logit
        is_normalized = self.parameters.propensity.self_normalized
        return row_weights(labels[click].value, logit, self._clip, is_normalized, labels)
