"""Conversion models that learn from clicks: baselines of the ESMM paper (Ma et al., SIGIR 2018).

What everybody did before: the CVR tower is trained where a conversion can follow, on clicked
impressions, and asked about all of them. AMAN, OVERSAMPLING and UNBIAS change the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.config.tower_losses import tower_losses
from easy_esmm.contract import Labels, LossTerm, Predictions, RowMean, Tensor
from easy_esmm.layers import noise
from easy_esmm.losses import click_space
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register


@dataclass(frozen=True, eq=False)
class ClickSpacePredictions(Predictions):
    """The three answers, and the dice of the sample."""

    noise: Optional[Tensor] = None
    """[batch], uniform in [0, 1), in training; None elsewhere, and where nothing is drawn."""


@register("ClickSpace")
class ClickSpace(EntireSpace):
    """A CTR tower as ESMM's, and a CVR tower with a loss of its own on a sample of the rows."""

    def predict(self, groups: Mapping[str, Tensor], training: bool) -> ClickSpacePredictions:
        """As ESMM; the product of the two probabilities is not trained."""
        predictions = super().predict(groups, training)
        is_drawn = self.parameters.unclicked_rate > 0 or self._rejects
        drawn = noise.uniform(tf.shape(predictions.pctr)) if training and is_drawn else None
        return ClickSpacePredictions(**vars(predictions), noise=drawn)

    def loss_terms(self, predictions: Any, labels: Labels) -> Tuple[LossTerm, ...]:
        """l(y, pCTR) over all impressions, and l(z, pCVR) over the sample.

        Without noise rows count by the probability to be in the sample: evaluations are repeatable,
        and judge the same ratio of expectations that the draws have.
        """
        (loss,) = tower_losses(self.parameters.cvr_tower)
        value = click_space.sampled_mean(
            cross_entropy(labels.conversion, predictions.cvr_logit),
            self._times(predictions, labels),
            labels.cvr_loss_weight,
            self.reduction,
        )
        of_cvr = LossTerm(
            loss.loss_name,
            value,
            self.parameters.cvr_tower.weight * loss.weight,
            learns_weight=loss.learn_loss_weight,
        )
        return (*self.ctr_terms(predictions, labels), of_cvr)

    def row_means(self, predictions: Any, labels: Labels) -> Dict[str, RowMean]:
        """With rejection `rejection/kept_share`: of clicked rows, the share expected to be kept."""
        if not self._rejects:
            return {}
        kept = self._after_rejection(predictions, labels)
        return {"rejection/kept_share": RowMean(kept, labels.click * labels.weight)}

    @property
    def _rejects(self) -> bool:
        return bool(self.parameters.HasField("rejection_floor"))

    def _times(self, predictions: ClickSpacePredictions, labels: Labels) -> Tensor:
        """How often each row is in the sample; the config's rules leave one way at most."""
        if self._rejects:
            return click_space.drawn(self._after_rejection(predictions, labels), predictions.noise)
        if self.parameters.unclicked_rate > 0:
            probability = click_space.with_unclicked(labels.click, self.parameters.unclicked_rate)
            return click_space.drawn(probability, predictions.noise)
        copies = self.parameters.positive_copies
        return click_space.with_copies(labels.click, labels.conversion, copies)

    def _after_rejection(self, predictions: ClickSpacePredictions, labels: Labels) -> Tensor:
        return click_space.after_rejection(
            labels.click, predictions.ctr_logit, self.parameters.rejection_floor
        )
