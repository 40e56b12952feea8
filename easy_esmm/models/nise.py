"""Semi-supervised learning of conversions on unclicked rows (Huang et al., RecSys 2024).

The loss of a product with pCTR calls every unclicked row a row without conversion. Here such a row
has no label, and the prediction of its conversion is taken for it. The cross entropy of a
prediction by itself is its entropy, so that unclicked rows pull pCVR to 0 or 1, whichever is
nearer. (A label without gradient would teach nothing: the gradient is pCVR - label.)
"""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.contract import Labels, LossTerm, Outputs, Tensor
from easy_esmm.losses import negative_sampling
from easy_esmm.losses.pointwise import cross_entropy, entropy
from easy_esmm.losses.reduction import reduce_rows
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register


@register("NISE")
class NISE(EntireSpace):
    """A CTR tower as ESMM's, and a CVR tower with two losses of its own."""

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """l(y, pCTR), and a balanced sum of y l(z, pCVR) and (1 - y) H(pCVR), over all impressions.

        H is the entropy; see `_balance`.
        """
        of_click = self.task_terms(self.family.click, outputs, labels)
        ctr, cvr = (task.name for task in self.tower_tasks)
        click, observed = labels[ctr].value, labels[cvr]
        logit = outputs.heads[cvr].logit
        clicked = click * cross_entropy(observed.value, logit)
        unclicked = (1.0 - click) * entropy(logit)
        row_weight = negative_sampling.importance_weighted(observed.loss_weight, labels)
        means = [
            reduce_rows(row_loss, row_weight, self.reduction) for row_loss in (clicked, unclicked)
        ]
        share = self.parameters.entropy_weight
        total = means[0] + share * means[1]
        weight = self.family.conversion.weight * self._balance(of_click, total)
        return (
            *of_click,
            LossTerm(f"clicked_loss_{cvr}", means[0], weight),
            LossTerm(f"entropy_loss_{cvr}", means[1], weight * share),
        )

    def _balance(self, of_click: Tuple[LossTerm, ...], of_conversion: Tensor) -> Tensor:
        """Scalar float32 in [0, largest_balance], a constant: the click loss over that of pCVR.

        Conversions are so rare that their loss is a small part of the sum without it.
        """
        largest = self.parameters.largest_balance
        if not largest:
            return tf.constant(1.0)
        clicks = tf.add_n([term.weight * term.value for term in of_click])
        # As a comparison of products: a loss of 0 has the largest balance.
        is_below = clicks < largest * of_conversion
        safe = tf.where(is_below, of_conversion, tf.ones_like(of_conversion))
        return tf.stop_gradient(tf.where(is_below, clicks / safe, largest))
