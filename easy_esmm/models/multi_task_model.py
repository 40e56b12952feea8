"""Towers over a graph of blocks that the config describes."""

from __future__ import annotations

from typing import Dict, Mapping

from easy_esmm.contract import Group, Tensor
from easy_esmm.models.model import register
from easy_esmm.models.related_towers import RelatedTowers


@register("MultiTaskModel")
class MultiTaskModel(RelatedTowers):
    """What lies below the towers is the backbone's to say."""

    def tower_inputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """The backbone's output for each tower, or the one that all read: [batch, width]."""
        outputs = self.shared_input(groups, training)
        if isinstance(outputs, list):
            return dict(zip(self.towers, outputs))
        return dict.fromkeys(self.towers, outputs)
