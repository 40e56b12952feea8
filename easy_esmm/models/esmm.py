"""The entire-space multi-task model (Ma et al., SIGIR 2018, https://arxiv.org/abs/1804.07931).

    impression -> click -> conversion
        p(click and conversion | x) = p(click | x) * p(conversion | click, x)
              pCTCVR                =     pCTR     *          pCVR

Clicks and conversions are both observed on every impression, so pCTR and the product are learned
there, over shared embeddings; pCVR follows without ever being trained on clicked rows only.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm import losses
from easy_esmm.config.tower_losses import tower_losses
from easy_esmm.contract import Labels, LossTerm, Predictions, Tensor, ValuePredictions
from easy_esmm.layers.mlp import MLP
from easy_esmm.layers.tower import Tower
from easy_esmm.losses import entire_space, pointwise
from easy_esmm.losses.reduction import of_mean
from easy_esmm.models.model import AnyPredictions, Model, register
from easy_esmm.protos.loss_pb2 import CLASSIFICATION, L2_LOSS
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.tower_pb2 import TaskTower


@register("ESMM")
class ESMM(Model):
    """Two towers over shared embeddings; optionally a shared network per feature group below."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        esmm = config.esmm
        self._config = esmm
        reduction = ModelConfig.LossReduction.Name(config.loss_reduction)
        self._reduction = losses.Reduction[reduction]
        self._only_group = config.feature_groups[0].group_name
        self._group_networks = [MLP(g.dnn, f"group_{g.input}", product_dtype) for g in esmm.groups]
        self._ctr_tower = Tower(esmm.ctr_tower, "ctr_tower", product_dtype)
        self._cvr_tower = Tower(esmm.cvr_tower, "cvr_tower", product_dtype)

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> AnyPredictions:
        """pCTR, pCVR and their product, or the value's expectation for a regression tower."""
        shared = self._shared(groups, training)
        ctr_logit, ctr_classes = _split(self._ctr_tower(shared, training=training))
        cvr_output, cvr_classes = _split(self._cvr_tower(shared, training=training))
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
                ctr_class_logits=ctr_classes,
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
            ctr_class_logits=ctr_classes,
            cvr_class_logits=cvr_classes,
        )

    def loss_terms(self, predictions: AnyPredictions, labels: Labels) -> Tuple[LossTerm, ...]:
        """L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the paper's equation 5).

        With `losses` in a tower, these in place of l: the CTR tower's on the click and the CTR
        logit, the CVR tower's on the conversion and the logit of the product. With
        `click_masked_cvr_weight` w > 0 also w * l(z, pCVR) over the clicked ones.
        """
        ctr = losses.Rows(
            label=labels.click,
            output=predictions.ctr_logit,
            weight=labels.ctr_loss_weight,
            reduction=self._reduction,
            sessions=labels.sessions,
            class_logits=predictions.ctr_class_logits,
        )
        cvr = losses.Rows(
            label=labels.conversion,
            output=_entire_space_output(predictions),
            weight=labels.cvr_loss_weight,
            reduction=self._reduction,
            sessions=labels.sessions,
            class_logits=_entire_space_classes(predictions),
        )
        terms = [*_terms(self._config.ctr_tower, ctr), *_terms(self._config.cvr_tower, cvr)]
        if self._config.click_masked_cvr_weight:
            terms.append(self._click_masked_term(predictions, labels))
        return tuple(terms)

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

    def _click_masked_term(self, predictions: AnyPredictions, labels: Labels) -> LossTerm:
        """Loss of the CVR tower's own output, over the clicked rows."""
        mask, weight = labels.click, labels.cvr_loss_weight
        name, factor = predictions.cvr_name, self._config.click_masked_cvr_weight
        if isinstance(predictions, ValuePredictions):
            mean = pointwise.masked_mean_squared_error(
                labels.conversion, predictions.value, mask=mask, weight=weight
            )
            value = of_mean(mean, mask, self._reduction)
            return LossTerm(f"click_masked_l2_loss_{name}", value, factor, is_squared_error=True)
        mean = pointwise.masked_mean_cross_entropy(
            labels.conversion, predictions.cvr_logit, mask=mask, weight=weight
        )
        value = of_mean(mean, mask, self._reduction)
        return LossTerm(f"click_masked_cross_entropy_loss_{name}", value, factor)


def _terms(tower: TaskTower, rows: losses.Rows) -> List[LossTerm]:
    return [
        LossTerm(
            loss.loss_name,
            losses.build(loss, rows),
            tower.weight * loss.weight,
            is_squared_error=loss.loss_type == L2_LOSS,
            learns_weight=loss.learn_loss_weight,
        )
        for loss in tower_losses(tower)
    ]


def _split(output: Tensor) -> Tuple[Tensor, Optional[Tensor]]:
    """(log odds or value [batch], logits of two classes [batch, 2] where the tower has them)."""
    if output.shape.rank == 1:
        return output, None
    return entire_space.log_odds(output), output


def _entire_space_output(predictions: AnyPredictions) -> Tensor:
    """What the conversion of an impression is compared with."""
    if isinstance(predictions, ValuePredictions):
        return predictions.expected_value
    return predictions.ctcvr_logit


def _entire_space_classes(predictions: AnyPredictions) -> Optional[Tensor]:
    """float32 [batch, 2] of the product; None where the CVR tower has one logit."""
    if isinstance(predictions, ValuePredictions) or predictions.cvr_class_logits is None:
        return None
    clicks = predictions.ctr_class_logits
    if clicks is None:
        clicks = entire_space.of_one_logit(predictions.ctr_logit)
    return entire_space.product_class_logits(clicks, predictions.cvr_class_logits)
