"""The entire-space multi-task model (Ma et al., SIGIR 2018, https://arxiv.org/abs/1804.07931).

    impression -> click -> conversion
        p(click and conversion | x) = p(click | x) * p(conversion | click, x)
              pCTCVR                =     pCTR     *          pCVR

Clicks and conversions are both observed on every impression, so pCTR and the product are learned
there, over shared embeddings; pCVR follows without ever being trained on clicked rows only.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Labels, LossTerm, Predictions, Tensor, ValuePredictions
from easy_esmm.layers.mlp import MLP
from easy_esmm.layers.tower import Tower
from easy_esmm.losses import entire_space, pointwise
from easy_esmm.models.model import AnyPredictions, Model, register
from easy_esmm.protos.loss_pb2 import CLASSIFICATION
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM")
class ESMM(Model):
    """Two towers over shared embeddings; optionally a shared network per feature group below."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        esmm = config.esmm
        self._config = esmm
        reduction = ModelConfig.LossReduction.Name(config.loss_reduction)
        self._reduction = pointwise.Reduction[reduction]
        self._only_group = config.feature_groups[0].group_name
        self._group_networks = [MLP(g.dnn, f"group_{g.input}", product_dtype) for g in esmm.groups]
        self._ctr_tower = Tower(esmm.ctr_tower, "ctr_tower", product_dtype)
        self._cvr_tower = Tower(esmm.cvr_tower, "cvr_tower", product_dtype)

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> AnyPredictions:
        """pCTR, pCVR and their product, or the value's expectation for a regression tower."""
        shared = self._shared(groups, training)
        ctr_logit = self._ctr_tower(shared, training=training)
        cvr_output = self._cvr_tower(shared, training=training)
        pctr = tf.sigmoid(ctr_logit)
        ctr_name, cvr_name = self._config.ctr_tower.tower_name, self._config.cvr_tower.tower_name
        if self._config.cvr_tower.loss_type != CLASSIFICATION:
            return ValuePredictions(
                ctr_name=ctr_name,
                cvr_name=cvr_name,
                ctr_logit=ctr_logit,
                pctr=pctr,
                value=cvr_output,
                expected_value=pctr * cvr_output,
            )
        ctcvr_logit = entire_space.product_logit(ctr_logit, cvr_output)
        return Predictions(
            ctr_name=ctr_name,
            cvr_name=cvr_name,
            ctr_logit=ctr_logit,
            cvr_logit=cvr_output,
            ctcvr_logit=ctcvr_logit,
            pctr=pctr,
            pcvr=tf.sigmoid(cvr_output),
            pctcvr=tf.sigmoid(ctcvr_logit),
        )

    def loss_terms(self, predictions: AnyPredictions, labels: Labels) -> Tuple[LossTerm, ...]:
        """L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the paper's equation 5).

        With `click_masked_cvr_weight` w > 0 also w * l(z, pCVR) over the clicked ones.
        """
        ctr = LossTerm(
            f"weighted_cross_entropy_loss_{predictions.ctr_name}",
            pointwise.mean_cross_entropy(
                labels.click, predictions.ctr_logit, labels.ctr_loss_weight, self._reduction
            ),
            self._config.ctr_tower.weight,
        )
        if isinstance(predictions, ValuePredictions):
            entire_space_term, masked_term = self._value_terms(predictions, labels)
        else:
            entire_space_term, masked_term = self._conversion_terms(predictions, labels)
        if not self._config.click_masked_cvr_weight:
            return ctr, entire_space_term
        return ctr, entire_space_term, masked_term

    def regularization(self) -> Tensor:
        """`l2_regularization` times half the sum of squares of all kernels."""
        kernels = [kernel for network in self._networks() for kernel in network.kernels]
        return self._config.l2_regularization * tf.add_n([tf.nn.l2_loss(k) for k in kernels])

    @property
    def updates(self) -> List[Any]:
        """The moving averages of batch normalisation."""
        return [update for network in self._networks() for update in network.updates]

    def _networks(self) -> List[Any]:
        return [*self._group_networks, self._ctr_tower, self._cvr_tower]

    def _shared(self, groups: Mapping[str, Tensor], training: bool) -> Tensor:
        """What both towers see: [batch, width]."""
        if not self._group_networks:
            return groups[self._only_group]
        outputs = [
            network(groups[group.input], training=training)
            for network, group in zip(self._group_networks, self._config.groups)
        ]
        return tf.concat(outputs, axis=1)

    def _conversion_terms(
        self, predictions: Predictions, labels: Labels
    ) -> Tuple[LossTerm, LossTerm]:
        """Cross entropy of the product over all impressions, and of pCVR over the clicked ones."""
        entire_space_loss = pointwise.mean_cross_entropy(
            labels.conversion, predictions.ctcvr_logit, labels.cvr_loss_weight, self._reduction
        )
        masked_loss = pointwise.masked_mean_cross_entropy(
            labels.conversion,
            predictions.cvr_logit,
            mask=labels.click,
            weight=labels.cvr_loss_weight,
        )
        return self._cvr_terms(
            "cross_entropy", predictions.cvr_name, entire_space_loss, masked_loss
        )

    def _value_terms(
        self, predictions: ValuePredictions, labels: Labels
    ) -> Tuple[LossTerm, LossTerm]:
        """The same two for a tower that predicts a value, as squared errors."""
        entire_space_loss = pointwise.mean_squared_error(
            labels.conversion, predictions.expected_value, labels.cvr_loss_weight, self._reduction
        )
        masked_loss = pointwise.masked_mean_squared_error(
            labels.conversion, predictions.value, mask=labels.click, weight=labels.cvr_loss_weight
        )
        return self._cvr_terms("l2", predictions.cvr_name, entire_space_loss, masked_loss)

    def _cvr_terms(
        self, kind: str, name: str, entire_space_loss: Tensor, masked_loss: Tensor
    ) -> Tuple[LossTerm, LossTerm]:
        weight, masked_weight = self._config.cvr_tower.weight, self._config.click_masked_cvr_weight
        return (
            LossTerm(f"weighted_{kind}_loss_{name}", entire_space_loss, weight),
            LossTerm(f"click_masked_{kind}_loss_{name}", masked_loss, masked_weight),
        )
