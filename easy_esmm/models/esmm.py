"""The entire-space multi-task model (Ma et al., SIGIR 2018, https://arxiv.org/abs/1804.07931).

Clicks and conversions are both observed on every impression, so pCTR and the product pCTCVR =
pCTR x pCVR are learned there, over shared embeddings; pCVR follows without ever being trained on
clicked rows only.
"""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Head, Kind, Labels, LossTerm, Outputs, Tasks, Tensor
from easy_esmm.layers.logit_link import LogitLink
from easy_esmm.layers.tower import first_bias
from easy_esmm.losses import pointwise
from easy_esmm.losses.reduction import scaled_mean
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

    def heads(self, outputs: Mapping[str, Tensor]) -> Dict[str, Head]:
        """As of any model of the family, with the link added to the CVR tower's logit."""
        ctr, cvr = (task.name for task in self.tower_tasks)
        if self._link is not None:
            outputs = {ctr: outputs[ctr], cvr: outputs[cvr] + self._link(outputs[ctr])}
        return super().heads(outputs)

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the paper's equation 5).

        With `losses` in a tower, these in place of l. With `click_masked_cvr_weight` w > 0 also
        w * l(z, pCVR) over the clicked ones.
        """
        terms = super().loss_terms(outputs, labels)
        if not self.parameters.click_masked_cvr_weight:
            return terms
        return (*terms, self._click_masked_term(outputs, labels))

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
            scaled_mean(mean, mask, self.reduction),
            self.parameters.click_masked_cvr_weight,
            is_squared_error=is_value,
        )
