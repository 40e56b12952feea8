"""EasyRec's MultiTowerDIN: MultiTower with attentions over histories beside its towers."""

from __future__ import annotations

from typing import Dict, Mapping

from easy_esmm.contract import Group, Tensor
from easy_esmm.models.model import register
from easy_esmm.models.multi_tower import MultiTower


@register("MultiTowerDIN")
class MultiTowerDIN(MultiTower):
    """logit = final_dnn([dnn_g(norm(x_g)) of each group g, attended histories and keys]).

    What an attention appends is all that there is in its group (`config.resolve`).
    """

    def tower_outputs(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Tensor]:
        """As of MultiTower, and of each of `din_towers` the attended history and the key."""
        attended = {tower.input: groups[tower.input].matrix for tower in self.parameters.din_towers}
        return {**super().tower_outputs(groups, training), **attended}
