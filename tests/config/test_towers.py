"""The entire-space family: what the rest of the package relies on in each of its models."""

from __future__ import annotations

import pytest

from easy_esmm.config import towers
from easy_esmm.protos.model_pb2 import ModelConfig


@pytest.mark.parametrize("member", sorted(set(towers.MODELS.values())))
def test_every_model_of_the_family_has_two_towers_and_what_is_below_them(member: str) -> None:
    model = ModelConfig()
    getattr(model, member).l2_regularization = 0.5
    parameters = towers.parameters(model)
    assert parameters.l2_regularization == 0.5
    parameters.ctr_tower.tower_name, parameters.cvr_tower.tower_name = "ctr", "cvr"
    assert [tower.tower_name for tower in towers.towers(model)] == ["ctr", "cvr"]
    assert towers.path(model) == f"model_config.{member}"
    parameters.groups.add().input = "user"
    parameters.ctr_tower.input = "item"
    assert towers.groups_read(model) == ["user", "item"]


def test_a_model_outside_the_family_has_empty_towers() -> None:
    model = ModelConfig()
    model.mmoe.l2_regularization = 0.5
    assert not towers.is_entire_space(model)
    assert [tower.tower_name for tower in towers.towers(model)] == ["", ""]
    assert towers.groups_read(model) == []
