"""Conversion models that learn from clicks: baselines of the ESMM paper (Ma et al., SIGIR 2018).

The CVR tower is trained on clicked impressions, where a conversion can follow, and predicts for all
of them. AMAN, OVERSAMPLING and UNBIAS change the sample.
"""

from __future__ import annotations

from typing import Dict, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Head, Labels, LossTerm, Outputs, RowMean, Tensor
from easy_esmm.layers import noise
from easy_esmm.losses import click_space, negative_sampling
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register

NOISE = "noise"
"""Auxiliary output, [batch], uniform in [0, 1): decides which rows are in the sample. There in
training, where anything is drawn."""


@register("ClickSpace")
class ClickSpace(EntireSpace):
    """A CTR tower as ESMM's, and a CVR tower with a loss of its own on a sample of the rows.

    The product of the two probabilities is not trained.
    """

    def auxiliary(
        self, inputs: Mapping[str, Tensor], heads: Mapping[str, Head], training: bool
    ) -> Dict[str, Tensor]:
        """The noise of the sample."""
        is_drawn = self.parameters.unclicked_rate > 0 or self._rejects
        if not training or not is_drawn:
            return {}
        rows = tf.shape(heads[self.family.click.name].prediction)
        return {NOISE: noise.uniform(rows)}

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """l(y, pCTR) over all impressions, and l(z, pCVR) over the sample.

        Without noise rows count by the probability to be in the sample: evaluations are repeatable,
        and estimate the same ratio of expectations as the draws.
        """
        cvr = self.family.conversion
        (loss,) = self.family.product.losses
        value = click_space.sampled_mean(
            cross_entropy(labels[cvr.name].value, outputs.heads[cvr.name].logit),
            self._times(outputs, labels),
            labels[cvr.name].loss_weight,
            self.reduction,
        )
        value = negative_sampling.in_proportion(value, labels)
        of_cvr = LossTerm(
            loss.loss_name, value, cvr.weight * loss.weight, learns_weight=loss.learn_loss_weight
        )
        return (*self.task_terms(self.family.click, outputs, labels), of_cvr)

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """With rejection `rejection/kept_share`: of clicked rows, the share expected to be kept."""
        if not self._rejects:
            return {}
        kept = self._after_rejection(outputs, labels)
        return {"rejection/kept_share": RowMean(kept, labels[self.family.conversion.name].weight)}

    @property
    def _rejects(self) -> bool:
        return bool(self.parameters.HasField("rejection_floor"))

    def _times(self, outputs: Outputs, labels: Labels) -> Tensor:
        """How often each row is in the sample; the config's rules leave one way at most."""
        click, conversion = (labels[task.name].value for task in self.tower_tasks)
        noise_of_rows = outputs.auxiliary.get(NOISE)
        if self._rejects:
            return click_space.drawn(self._after_rejection(outputs, labels), noise_of_rows)
        if self.parameters.unclicked_rate > 0:
            rate = self.parameters.unclicked_rate
            if labels.sampling is not None:
                rate /= labels.sampling.share  # of the unclicked rows that are left
            probability = click_space.with_unclicked(click, rate)
            return click_space.drawn(probability, noise_of_rows)
        return click_space.with_copies(click, conversion, self.parameters.positive_copies)

    def _after_rejection(self, outputs: Outputs, labels: Labels) -> Tensor:
        name = self.family.click.name
        return click_space.after_rejection(
            labels[name].value, outputs.heads[name].logit, self.parameters.rejection_floor
        )
