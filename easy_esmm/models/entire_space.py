"""The base of the entire-space family: pCTCVR = pCTR x pCVR, learned over all impressions.

    impression -> click -> conversion
        p(click and conversion | x) = p(click | x) * p(conversion | click, x)
              pCTCVR                =     pCTR     *          pCVR

Two towers answer the two factors, and the product is a task by itself: the losses of the CVR tower
are the product's. What a model adds, its trunk below the towers or its way to learn pCVR, is in its
own file.
"""

from __future__ import annotations

from typing import Dict, Mapping, Tuple, cast

import tensorflow as tf

from easy_esmm.contract import (
    EntireSpaceTasks,
    Head,
    Kind,
    TaskSpec,
    Tensor,
    served_outputs,
)
from easy_esmm.losses import entire_space
from easy_esmm.models.multi_task import MultiTask


class EntireSpace(MultiTask):
    """A CTR tower, a CVR tower, their product and the losses of the ESMM paper.

    The losses are the tasks' own: L = l(y, pCTR) + l(y z, pCTCVR) over all impressions (the paper's
    equation 5), or those that the towers name in place of l.
    """

    @property
    def family(self) -> EntireSpaceTasks:
        """The click, the conversion and their product."""
        return cast(EntireSpaceTasks, self.tasks.entire_space)

    @property
    def tower_tasks(self) -> Tuple[TaskSpec, ...]:
        """Clicks and conversions."""
        return self.family.click, self.family.conversion

    def heads(self, outputs: Mapping[str, Tensor]) -> Dict[str, Head]:
        """pCTR, pCVR and their product, or the value's expectation for a regression tower."""
        heads = super().heads(outputs)
        ctr, cvr = (heads[task.name] for task in self.tower_tasks)
        return {**heads, self.family.product.name: self.product(ctr, cvr)}

    def product(self, ctr: Head, cvr: Head) -> Head:
        """pCTCVR = pCTR x pCVR from its closed-form logit; pCTR x value for a value tower."""
        if cvr.logit is None:
            return Head(ctr.prediction * cvr.prediction)
        logit = entire_space.product_logit(ctr.logit, cvr.logit)
        class_logits = None
        if cvr.class_logits is not None:
            clicks = ctr.class_logits
            if clicks is None:
                clicks = entire_space.two_class_logits(ctr.logit)
            class_logits = entire_space.product_class_logits(clicks, cvr.class_logits)
        return Head(tf.sigmoid(logit), logit, class_logits)

    def heads_in_sample(self, heads: Mapping[str, Head], share: float) -> Dict[str, Head]:
        """Of the click, and of the product: a conversion after a click is as likely as before."""
        sampled = super().heads_in_sample(heads, share)
        click, conversion = (task.name for task in self.tower_tasks)
        product = self.product(sampled[click], heads[conversion])
        return {**sampled, self.family.product.name: product}

    def served(self, heads: Mapping[str, Head]) -> Dict[str, Tensor]:
        """Of the product its prediction alone, as in EasyRec."""
        product = self.family.product
        towers = {task.name: heads[task.name] for task in self.tower_tasks}
        name = f"y_{product.name}" if product.kind is Kind.VALUE else f"probs_{product.name}"
        return {**served_outputs(towers), name: heads[product.name].prediction}
