"""pCVR as the quotient of two networks: a baseline of the ESMM paper (Ma et al., SIGIR 2018)."""

from __future__ import annotations

import dataclasses
from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.contract import Head, Labels, Outputs, RowMean, TaskSpec, Tensor
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.losses import quotient
from easy_esmm.models.entire_space import EntireSpace
from easy_esmm.models.model import register
from easy_esmm.protos.tower_pb2 import TaskTower


@register("Division")
class Division(EntireSpace):
    """pCTR and pCTCVR, each learned on all impressions by a tower of its own; pCVR divides them.

    The losses are those of the family: the second tower's logit is the product's logit c itself.
    """

    def make_tower(self, task: TaskSpec) -> TowerLayers:
        """The second tower starts at the rate of the product."""
        if task is self.family.click:
            return super().make_tower(task)
        started = TaskTower()
        started.CopyFrom(task.tower)
        started.label_prior = _prior(self.family.click.tower) * _prior(task.tower)
        return super().make_tower(dataclasses.replace(task, tower=started))

    def heads(self, outputs: Mapping[str, Tensor]) -> Dict[str, Head]:
        """The answers from the logits a of pCTR and c of pCTCVR, [batch] each.

        pCTCVR is the second tower's answer as it stands, also where pCVR is capped and the product
        of the other two is less.
        """
        ctr, cvr = (task.name for task in self.tower_tasks)
        ctr_logit, product_logit = outputs[ctr], outputs[cvr]
        cvr_logit = quotient.quotient_logit(product_logit, ctr_logit)
        logits = {ctr: ctr_logit, cvr: cvr_logit, self.family.product.name: product_logit}
        return {name: Head(tf.sigmoid(logit), logit) for name, logit in logits.items()}

    def heads_in_sample(self, heads: Mapping[str, Head], share: float) -> Dict[str, Head]:
        """Of the click alone: the product's tower knows nothing of pCTR, on which it depends."""
        sampled = super().heads_in_sample(heads, share)
        click = self.family.click.name
        return {click: sampled[click]}

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """`division/capped_share`: of all impressions, those where the quotient was capped."""
        is_capped = quotient.is_capped(outputs.heads[self.family.conversion.name].logit)
        return {"division/capped_share": RowMean(is_capped, labels.weight)}


def _prior(tower: TaskTower) -> float:
    """Rate at which the tower's answer starts: one half where none is configured."""
    return float(tower.label_prior) if tower.HasField("label_prior") else 0.5
