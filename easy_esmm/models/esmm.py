"""The entire-space multi-task model (Ma et al., SIGIR 2018, https://arxiv.org/abs/1804.07931).

Clicks and conversions are both observed on every impression, so pCTR and the product pCTCVR =
pCTR x pCVR are learned there, over shared embeddings; pCVR follows without ever being trained on
clicked rows only.
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Labels, LossTerm, Tensor, ValuePredictions
from easy_esmm.layers.logit_link import LogitLink
from easy_esmm.layers.tower import first_bias
from easy_esmm.losses import pointwise
from easy_esmm.losses.reduction import of_mean
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import AnyPredictions, register
from easy_esmm.protos.model_pb2 import ModelConfig


@register("ESMM")
class ESMM(EntireSpace):
    """Two towers over shared embeddings; optionally linked, and with a CVR loss on clicked rows."""

    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        super().__init__(config, product_dtype)
        self._link: Optional[LogitLink] = None
        if config.esmm.ctr_logit_link:
            self._link = LogitLink(first_bias(config.esmm.ctr_tower), "ctr_logit_link")

    def from_outputs(self, ctr_output: Tensor, cvr_output: Tensor) -> AnyPredictions:
        """As of any model of the family, with the link added to the CVR tower's logit."""
        if self._link is not None:
            cvr_output += self._link(ctr_output)
        return super().from_outputs(ctr_output, cvr_output)

    def loss_terms(self, predictions: AnyPredictions, labels: Labels) -> Tuple[LossTerm, ...]:
        """L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the paper's equation 5).

        With `losses` in a tower, these in place of l. With `click_masked_cvr_weight` w > 0 also
        w * l(z, pCVR) over the clicked ones.
        """
        terms = super().loss_terms(predictions, labels)
        if not self.parameters.click_masked_cvr_weight:
            return terms
        return (*terms, self._click_masked_term(predictions, labels))

    def _click_masked_term(self, predictions: AnyPredictions, labels: Labels) -> LossTerm:
        """Loss of the CVR tower's own output, over the clicked rows."""
        mask, weight = labels.click, labels.cvr_loss_weight
        name, factor = predictions.cvr_name, self.parameters.click_masked_cvr_weight
        if isinstance(predictions, ValuePredictions):
            mean = pointwise.masked_mean_squared_error(
                labels.conversion, predictions.value, mask=mask, weight=weight
            )
            value = of_mean(mean, mask, self.reduction)
            return LossTerm(f"click_masked_l2_loss_{name}", value, factor, is_squared_error=True)
        mean = pointwise.masked_mean_cross_entropy(
            labels.conversion, predictions.cvr_logit, mask=mask, weight=weight
        )
        value = of_mean(mean, mask, self.reduction)
        return LossTerm(f"click_masked_cross_entropy_loss_{name}", value, factor)

    def networks(self) -> List[Any]:
        """Those of the family, and the link."""
        return [*super().networks(), *([] if self._link is None else [self._link])]
