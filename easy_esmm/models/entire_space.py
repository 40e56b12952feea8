"""What the models of the entire-space family have in common.

    impression -> click -> conversion
        p(click and conversion | x) = p(click | x) * p(conversion | click, x)
              pCTCVR                =     pCTR     *          pCVR

Two towers answer the two factors. What a model adds, its trunk below the towers or its way to learn
pCVR, is in its own file.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm import losses
from easy_esmm.config import towers
from easy_esmm.config.tower_losses import tower_losses
from easy_esmm.contract import Labels, LossTerm, Predictions, Tensor, ValuePredictions
from easy_esmm.layers.mlp import MLP
from easy_esmm.layers.tower import Tower, TowerLayers
from easy_esmm.losses import entire_space
from easy_esmm.models.model import AnyPredictions, Model
from easy_esmm.protos.loss_pb2 import CLASSIFICATION, L2_LOSS
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.tower_pb2 import TaskTower


class EntireSpace(Model):
    """A CTR tower, a CVR tower, their product and the losses of the ESMM paper.

    The towers read the same input: networks of feature groups side by side, or the only feature
    group; or each a feature group of its own. A model may override `tower_inputs`, `predict`,
    `from_outputs`, `loss_terms`, `row_means` and `networks`.
    """

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        self.parameters = towers.parameters(config)
        self.product_dtype = product_dtype
        reduction = ModelConfig.LossReduction.Name(config.loss_reduction)
        self.reduction = losses.Reduction[reduction]
        self._only_group = config.feature_groups[0].group_name
        self._group_networks = [
            MLP(group.dnn, f"group_{group.input}", product_dtype)
            for group in self.parameters.groups
        ]
        ctr, cvr = towers.towers(config)
        self.ctr_tower: TowerLayers = Tower(ctr, "ctr_tower", product_dtype)
        self.cvr_tower: TowerLayers = Tower(cvr, "cvr_tower", product_dtype)

    def tower_inputs(self, groups: Mapping[str, Tensor], training: bool) -> Tuple[Tensor, Tensor]:
        """What the CTR tower and the CVR tower read: float32 [batch, width] each."""
        ctr, cvr = self.parameters.ctr_tower.input, self.parameters.cvr_tower.input
        if ctr:
            return groups[ctr], groups[cvr]
        shared = self.shared_input(groups, training)
        return shared, shared

    def shared_input(self, groups: Mapping[str, Tensor], training: bool) -> Tensor:
        """The outputs of the group networks side by side, or the only group: [batch, width]."""
        if not self._group_networks:
            return groups[self._only_group]
        outputs = [
            network(groups[group.input], training=training)
            for network, group in zip(self._group_networks, self.parameters.groups)
        ]
        return tf.concat(outputs, axis=1)

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> AnyPredictions:
        """pCTR, pCVR and their product, or the value's expectation for a regression tower."""
        ctr_input, cvr_input = self.tower_inputs(groups, training)
        ctr_output = self.ctr_tower(ctr_input, training=training)
        cvr_output = self.cvr_tower(cvr_input, training=training)
        return self.from_outputs(ctr_output, cvr_output)

    def from_outputs(self, ctr_output: Tensor, cvr_output: Tensor) -> AnyPredictions:
        """Predictions from what the towers give: [batch], or [batch, 2] for two classes."""
        ctr_name, cvr_name = (
            tower.tower_name for tower in (self.parameters.ctr_tower, self.parameters.cvr_tower)
        )
        ctr_logit, ctr_classes = _split(ctr_output)
        cvr_logit, cvr_classes = _split(cvr_output)
        pctr = tf.sigmoid(ctr_logit)
        if self.parameters.cvr_tower.loss_type != CLASSIFICATION:
            return ValuePredictions(
                ctr_name=ctr_name,
                cvr_name=cvr_name,
                ctr_logit=ctr_logit,
                pctr=pctr,
                value=cvr_logit,
                expected_value=pctr * cvr_logit,
                ctr_class_logits=ctr_classes,
            )
        ctcvr_logit = entire_space.product_logit(ctr_logit, cvr_logit)
        return Predictions(
            ctr_name=ctr_name,
            cvr_name=cvr_name,
            ctr_logit=ctr_logit,
            cvr_logit=cvr_logit,
            ctcvr_logit=ctcvr_logit,
            pctr=pctr,
            pcvr=tf.sigmoid(cvr_logit),
            pctcvr=tf.sigmoid(ctcvr_logit),
            ctr_class_logits=ctr_classes,
            cvr_class_logits=cvr_classes,
        )

    def loss_terms(self, predictions: AnyPredictions, labels: Labels) -> Tuple[LossTerm, ...]:
        """L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the ESMM paper's equation 5)."""
        return (*self.ctr_terms(predictions, labels), *self.ctcvr_terms(predictions, labels))

    def ctr_terms(self, predictions: AnyPredictions, labels: Labels) -> List[LossTerm]:
        """The CTR tower's losses, of the click and the CTR logit, over all impressions."""
        rows = losses.Rows(
            label=labels.click,
            output=predictions.ctr_logit,
            weight=labels.ctr_loss_weight,
            reduction=self.reduction,
            sessions=labels.sessions,
            class_logits=predictions.ctr_class_logits,
        )
        return _terms(self.parameters.ctr_tower, rows)

    def ctcvr_terms(self, predictions: AnyPredictions, labels: Labels) -> List[LossTerm]:
        """The CVR tower's losses, of the conversion and the product's logit, over all impressions.

        Of a regression tower: of the value and pCTR times the predicted value.
        """
        rows = losses.Rows(
            label=labels.conversion,
            output=_product(predictions),
            weight=labels.cvr_loss_weight,
            reduction=self.reduction,
            sessions=labels.sessions,
            class_logits=_product_classes(predictions),
        )
        return _terms(self.parameters.cvr_tower, rows)

    def regularization(self) -> Tensor:
        """`l2_regularization` times half the sum of squares of all kernels."""
        kernels = [kernel for network in self.networks() for kernel in network.kernels]
        return self.parameters.l2_regularization * tf.add_n([tf.nn.l2_loss(k) for k in kernels])

    @property
    def updates(self) -> List[Any]:
        """The moving averages of batch normalisation."""
        return [update for network in self.networks() for update in network.updates]

    def networks(self) -> List[Any]:
        """Every network of the model: layers with `kernels` and `updates`."""
        return [*self._group_networks, self.ctr_tower, self.cvr_tower]


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


def _product(predictions: AnyPredictions) -> Tensor:
    """What the conversion of an impression is compared with."""
    if isinstance(predictions, ValuePredictions):
        return predictions.expected_value
    return predictions.ctcvr_logit


def _product_classes(predictions: AnyPredictions) -> Optional[Tensor]:
    """float32 [batch, 2] of the product; None where the CVR tower has one logit."""
    if isinstance(predictions, ValuePredictions) or predictions.cvr_class_logits is None:
        return None
    clicks = predictions.ctr_class_logits
    if clicks is None:
        clicks = entire_space.of_one_logit(predictions.ctr_logit)
    return entire_space.product_class_logits(clicks, predictions.cvr_class_logits)
