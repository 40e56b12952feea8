"""The entire-space counterfactual model (Wang et al., SIGIR 2022, arXiv 2204.05125).

ESMM's product says nothing about which of its two factors is to blame for a conversion that did not
happen. The counterfactual risk does: the CVR tower's own loss on clicked rows, each weighted by
1 / pCTR, whose expectation is the loss that it would have if every impression were clicked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Labels, LossTerm, Predictions, RowMean, Tensor
from easy_esmm.layers.tower import Tower
from easy_esmm.losses import doubly_robust, inverse_propensity, propensity
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.models.clicked_weights import clip_of, propensity_means
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.head import head
from easy_esmm.models.model import register
from easy_esmm.models.warm_up import risen_share
from easy_esmm.protos import escm2_pb2
from easy_esmm.protos.model_pb2 import ModelConfig


@dataclass(frozen=True, eq=False)
class ESCM2Predictions(Predictions):
    """The three answers, and what only the losses read."""

    imputation_logit: Optional[Tensor] = None
    """[batch]; None without an imputation tower."""
    risen: Tensor = 1.0
    """Scalar in [0, 1]: share of the counterfactual weight that counts yet."""


@register("ESCM2")
class ESCM2(EntireSpace):
    """ESMM and a counterfactual risk of pCVR: inverse propensity, or doubly robust."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(config, product_dtype)
        escm2 = config.escm2
        self._clip = clip_of(escm2.propensity)
        self._imputation_tower: Optional[Tower] = None
        if escm2.estimator == escm2_pb2.ESCM2.DR:
            self._imputation_tower = head(
                escm2.imputation_tower, escm2.cvr_tower, "imputation_tower", product_dtype
            )

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> ESCM2Predictions:
        """As ESMM; the imputation tower reads what the CVR tower reads."""
        ctr_input, cvr_input = self.tower_inputs(groups, training)
        predictions = self.from_outputs(
            self.ctr_tower(ctr_input, training=training),
            self.cvr_tower(cvr_input, training=training),
        )
        imputation_logit = None
        if self._imputation_tower is not None:
            imputation_logit = self._imputation_tower(cvr_input, training=training)
        return ESCM2Predictions(
            **vars(predictions),
            imputation_logit=imputation_logit,
            risen=risen_share(self.parameters.warm_up_steps, training),
        )

    def loss_terms(self, predictions: Any, labels: Labels) -> Tuple[LossTerm, ...]:
        """ESMM's two losses + lambda_c x the counterfactual risk.

        Of lambda_c as much as the warm-up allows.
        """
        return (
            *super().loss_terms(predictions, labels),
            *self._counterfactual(predictions, labels),
        )

    def row_means(self, predictions: Any, labels: Labels) -> Dict[str, RowMean]:
        """`propensity/clipped_share` and `propensity/mean_weight`, over clicked rows."""
        return propensity_means(predictions, labels, self._clip)

    def networks(self) -> List[Any]:
        """Those of ESMM, and the imputation tower."""
        own = [] if self._imputation_tower is None else [self._imputation_tower]
        return [*super().networks(), *own]

    def _counterfactual(self, predictions: ESCM2Predictions, labels: Labels) -> List[LossTerm]:
        row_loss = cross_entropy(labels.conversion, predictions.cvr_logit)
        row_weight = self._row_weight(predictions, labels)
        factor = self.parameters.counterfactual_weight * predictions.risen
        name = predictions.cvr_name
        rows = (row_weight, labels.cvr_loss_weight, self.reduction)
        if predictions.imputation_logit is None:
            risk = inverse_propensity.weighted_risk(row_loss, *rows)
            return [LossTerm(f"inverse_propensity_loss_{name}", risk, factor)]
        imputed = doubly_robust.imputed_loss(predictions.imputation_logit)
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

    def _row_weight(self, predictions: Predictions, labels: Labels) -> Tensor:
        is_normalized = self.parameters.propensity.self_normalized
        weights = propensity.self_normalized if is_normalized else propensity.mean_weights
        return weights(labels.click, propensity.inverse(predictions.ctr_logit, self._clip))
