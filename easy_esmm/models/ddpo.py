"""Direct dual propensity optimization (Su et al., SIGIR 2024, doi 10.1145/3626772.3657817).

A conversion propensity tower learns v = p(conversion | click) from clicked rows, and v is the soft
label of unclicked rows. The CVR tower learns from both kinds of rows, each weighted to represent
all impressions, and sees the last hidden layers of the other two towers.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import (
    Group,
    Labels,
    LossTerm,
    Outputs,
    RowMean,
    Tasks,
    TaskSpec,
    Tensor,
)
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.layers.transfer import JoinedTransferTower, SourceTower
from easy_esmm.losses import propensity
from easy_esmm.losses.pointwise import cross_entropy, soft_cross_entropy
from easy_esmm.losses.reduction import reduce_rows
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

CONVERSION_PROPENSITY_LOGIT = "conversion_propensity_logit"
"""Auxiliary output, [batch]: log odds of v."""


@register("DDPO")
class DDPO(EntireSpace):
    """ESMM, and a tower that labels the unclicked rows of the CVR tower."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        ddpo = config.ddpo
        self._clip = clip_of(ddpo.propensity)
        self._propensity_tower = head(
            ddpo.conversion_propensity_tower,
            ddpo.cvr_tower,
            "conversion_propensity_tower",
            product_dtype,
            prior=conversion_prior(ddpo.cvr_tower),
            layers=SourceTower,
        )

    def make_tower(self, task: TaskSpec) -> TowerLayers:
        """With `causal_transfer` the CTR tower shows its last hidden layer to the CVR tower."""
        if not self.parameters.causal_transfer:
            return super().make_tower(task)
        if task is self.family.click:
            return SourceTower(task.tower, task.scope, self.product_dtype)
        others = ("ctr", "conversion_propensity")
        return JoinedTransferTower(task.tower, task.scope, self.product_dtype, others)

    def outputs(self, groups: Mapping[str, Group], training: bool) -> Outputs:
        """As of any model of the family; the conversion propensity tower runs before the others."""
        inputs = self.tower_inputs(groups, training)
        ctr, cvr = (task.name for task in self.tower_tasks)
        logit, hidden = self._propensity_tower(inputs[cvr], training=training)
        if self.parameters.causal_transfer:
            of_ctr, of_clicks = self.towers[ctr](inputs[ctr], training=training)
            of_cvr = self.towers[cvr](inputs[cvr], [of_clicks, hidden], training=training)
            heads = self.heads({ctr: of_ctr, cvr: of_cvr})
        else:
            heads = self.heads(self.tower_outputs(inputs, training))
        return Outputs(heads, self.served(heads), {CONVERSION_PROPENSITY_LOGIT: logit})

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """ESMM's two losses, that of v, and those of pCVR over clicked and over unclicked rows."""
        return (*super().loss_terms(outputs, labels), *self._own_terms(outputs, labels))

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """`propensity/clipped_share` and `propensity/mean_weight`, over clicked rows."""
        return propensity_means(self.family, outputs, labels, self._clip)

    def _own_terms(self, outputs: Outputs, labels: Labels) -> List[LossTerm]:
        ctr, cvr = (task.name for task in self.tower_tasks)
        click, observed = labels[ctr].value, labels[cvr]
        logit, pseudo = outputs.heads[cvr].logit, outputs.auxiliary[CONVERSION_PROPENSITY_LOGIT]
        ctr_logit: Tensor = outputs.heads[ctr].logit
        is_normalized = self.parameters.propensity.self_normalized
        rows = (observed.loss_weight, self.reduction)
        return [
            LossTerm(
                f"conversion_propensity_loss_{cvr}",
                reduce_rows(click * cross_entropy(observed.value, pseudo), *rows),
                self.parameters.conversion_propensity_weight,
            ),
            LossTerm(
                f"inverse_propensity_loss_{cvr}",
                propensity.weighted_risk(
                    cross_entropy(observed.value, logit),
                    row_weights(click, ctr_logit, self._clip, is_normalized, labels),
                    *rows,
                ),
                self.parameters.inverse_propensity_weight,
            ),
            LossTerm(
                f"pseudo_label_loss_{cvr}",
                propensity.weighted_risk(
                    soft_cross_entropy(pseudo, logit),
                    row_weights(1.0 - click, -ctr_logit, self._clip, is_normalized, labels),
                    *rows,
                ),
                self.parameters.pseudo_label_weight,
            ),
        ]
