"""What the rest of the package relies on in the message of each supported model."""

from __future__ import annotations

import pytest

from easy_esmm.config import models
from easy_esmm.protos.model_pb2 import ModelConfig


@pytest.mark.parametrize("member", sorted(set(models.MODELS.values())))
def test_every_model_has_towers_of_one_of_two_forms_or_a_task(member: str) -> None:
    model = ModelConfig()
    getattr(model, member).l2_regularization = 0.5
    parameters = models.parameters(model)
    assert parameters.l2_regularization == 0.5
    assert models.path(model) == f"model_config.{member}"
    if models.is_entire_space(model):
        parameters.cvr_tower.tower_name, parameters.ctr_tower.tower_name = "cvr", "ctr"
        paths = ["ctr_tower", "cvr_tower"]
        parameters.groups.add().input = "user"
        parameters.ctr_tower.input = "item"
        assert models.groups_read(model) == ["user", "item"]
    elif models.is_single_task(model):
        assert models.tower_paths(model) == [("model_config.task", model.task)]
        return
    else:
        for name in ("ctr", "cvr"):
            parameters.task_towers.add().tower_name = name
        paths = ["task_towers[0]", "task_towers[1]"]
        assert models.groups_read(model) == []
    towers = models.tower_paths(model)
    assert [path for path, _ in towers] == [f"model_config.{member}.{path}" for path in paths]
    assert [tower.tower_name for _, tower in towers] == ["ctr", "cvr"]


def test_a_model_that_is_not_supported_has_no_towers() -> None:
    model = ModelConfig()
    model.dssm.SetInParent()
    assert not models.is_supported(model)
    assert not models.is_entire_space(model)
    assert models.tower_paths(model) == []
    assert models.groups_read(model) == []


def test_model_classes_are_named_as_their_messages() -> None:
    assert models.MODELS["ESMM"] == "esmm"
    assert models.MODELS["SimpleMultiTask"] == "simple_multi_task"
    assert "DSSM" not in models.MODELS
    assert "Foreign" not in models.MODELS
