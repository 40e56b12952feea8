"""The entire-space multi-task model (Ma et al., SIGIR 2018, https://arxiv.org/abs/1804.07931).

Clicks and conversions are both observed on every impression, so pCTR and the product pCTCVR =
pCTR x pCVR are learned there, over shared embeddings; pCVR follows without ever being trained on
clicked rows only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import ConversionTimes, Head, Kind, Labels, LossTerm, Outputs, Tasks, Tensor
from easy_esmm.layers.logit_link import LogitLink
from easy_esmm.layers.tower import first_bias
from easy_esmm.losses import negative_sampling, pointwise
from easy_esmm.losses.reduction import reduce_rows, scaled_mean
from easy_esmm.models import delayed_feedback
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM")
class ESMM(EntireSpace):
    """Two towers over shared embeddings; optionally linked, and with a CVR loss on clicked rows."""

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        super().__init__(config, tasks, product_dtype)
        self._link: Optional[LogitLink] = None
        if config.esmm.ctr_logit_link:
            self._link = LogitLink(first_bias(config.esmm.ctr_tower), "ctr_logit_link")
        self._late = delayed_feedback.late_conversions(config)
        self.late_towers = delayed_feedback.make_towers(
            self._late, self.parameters.cvr_tower, product_dtype
        )

    def heads(self, outputs: Mapping[str, Tensor]) -> Dict[str, Head]:
        """As of any model of the family, with the link added to the CVR tower's logit."""
        ctr, cvr = (task.name for task in self.tower_tasks)
        if self._link is not None:
            outputs = {ctr: outputs[ctr], cvr: outputs[cvr] + self._link(outputs[ctr])}
        return super().heads(outputs)

    def auxiliary(
        self, inputs: Mapping[str, Tensor], heads: Mapping[str, Head], training: bool
    ) -> Dict[str, Tensor]:
        """The towers of `delayed_feedback` read what the CVR tower reads."""
        cvr_input = inputs[self.family.conversion.name]
        return {
            name: tower(cvr_input, training=training) for name, tower in self.late_towers.items()
        }

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the paper's equation 5).

        With `losses` in a tower, these in place of l. With `click_masked_cvr_weight` w > 0 also
        w * l(z, pCVR) over the clicked ones. With `delayed_feedback` training has another loss in
        the place of the second; evaluations, whose labels are taken as they are, have not.
        """
        if labels.times is not None:
            return self._late_terms(outputs, labels, labels.times)
        terms = super().loss_terms(outputs, labels)
        if not self.parameters.click_masked_cvr_weight:
            return terms
        return (*terms, self._click_masked_term(outputs, labels))

    def _late_terms(
        self, outputs: Outputs, labels: Labels, times: ConversionTimes
    ) -> Tuple[LossTerm, ...]:
        """Clicks of new rows, and clicks with conversion by the times of the rows."""
        if self._late is None:
            raise ValueError("times of conversions without delayed_feedback")
        click, product = self.family.click, self.family.product
        is_new = delayed_feedback.is_new(times)
        observed = labels[click.name]
        clicks = replace(observed, loss_weight=observed.loss_weight * is_new)
        terms = self.task_terms(
            click, outputs, replace(labels, tasks={**labels.tasks, click.name: clicks})
        )
        (loss,) = product.losses
        heads = self.heads_of_batch(outputs, labels)
        row_losses = self._late.row_losses(
            heads[click.name].logit,
            heads[product.name].logit,
            outputs.auxiliary,
            times,
        )
        weight = labels[product.name].loss_weight
        return terms + tuple(
            LossTerm(
                f"{name}_loss_{product.name}" if name else loss.loss_name,
                reduce_rows(row_loss, weight, self.reduction),
                product.weight * loss.weight,
                learns_weight=loss.learn_loss_weight and not name,
            )
            for name, row_loss in row_losses.items()
        )

    def _click_masked_term(self, outputs: Outputs, labels: Labels) -> LossTerm:
        """Loss of the CVR tower's own output, over the clicked rows."""
        task = self.family.conversion
        observed, mask = labels[task.name], labels[self.family.click.name].value
        is_value = task.kind is Kind.VALUE
        of_rows = (
            pointwise.masked_mean_squared_error if is_value else pointwise.masked_mean_cross_entropy
        )
        mean = of_rows(
            observed.value,
            outputs.heads[task.name].score,
            mask=mask,
            weight=observed.loss_weight,
        )
        return LossTerm(
            f"click_masked_{'l2' if is_value else 'cross_entropy'}_loss_{task.name}",
            scaled_mean(negative_sampling.in_proportion(mean, labels), mask, self.reduction),
            self.parameters.click_masked_cvr_weight,
            is_squared_error=is_value,
        )
