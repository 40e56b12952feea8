"""Wide & deep: linear weights beside hidden layers (Cheng et al., DLRS 2016)."""

from __future__ import annotations

from typing import Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tensor
from easy_esmm.layers.factorization import fields
from easy_esmm.models.model import register
from easy_esmm.models.wide_part import WideAndDeepParts


@register("WideAndDeep")
class WideAndDeep(WideAndDeepParts):
    """The sum of both parts, or hidden layers over both side by side."""

    def answer(self, groups: Mapping[str, Group], training: bool) -> Tensor:
        """The answer from the wide weights, summed over features: [batch, wide_output_dim]."""
        wide = tf.reduce_sum(fields(groups["wide"]), axis=1)
        deep = groups["deep"].matrix
        if self.has_final_layers:
            return self.over_parts([wide], deep, training)
        is_single = self.task.tower.num_class == 1
        return (tf.squeeze(wide, axis=1) if is_single else wide) + self.deep_output(deep, training)
