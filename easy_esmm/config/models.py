"""The models of the schema, and access to the parts that their messages share.

A model is a member of the oneof `model_config.model`; its message has the name of the
`model_class`. Models of the entire-space family have a `ctr_tower` and a `cvr_tower`, other
multi-task models a list of `task_towers`, and single-task models have their only task in
`model_config.task`: labels, metrics and rules need not know which model.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from easy_esmm.config.backbone import graph
from easy_esmm.config.support import is_closed_off
from easy_esmm.protos.esmm_pb2 import ESMM
from easy_esmm.protos.model_pb2 import ModelConfig

_MEMBERS = ModelConfig.DESCRIPTOR.oneofs_by_name["model"].fields

MODELS: Dict[str, str] = {
    **{field.message_type.name: field.name for field in _MEMBERS if not is_closed_off(field)},
    "MultiTowerDIN": "multi_tower",
}
"""Model class -> member of `model_config.model` that holds its parameters."""

FAMILY_TOWERS = ("ctr_tower", "cvr_tower")
"""The towers of an entire-space model."""
TASK_TOWERS = "task_towers"
"""The towers of any other multi-task model."""
NETWORKS = ("groups", "towers", "din_towers")
"""Members of a model that are lists of networks, each of a feature group."""
NAMED_GROUPS: Dict[str, Tuple[str, ...]] = {
    "deepfm": ("wide", "deep", "fm"),
    "wide_and_deep": ("wide", "deep"),
}
"""Member of `model_config.model` -> feature groups that the model reads by names of its own."""
SINGLE_TASK = "model_config.task"
"""Path of the only task of a single-task model."""
BACKBONE = "model_config.backbone"
"""Path of the graph of blocks."""


def is_supported(model: ModelConfig) -> bool:
    """Whether parameters of a supported model are set."""
    return model.WhichOneof("model") in MODELS.values()


def is_entire_space(model: ModelConfig) -> bool:
    """Whether parameters of a model of the entire-space family are set."""
    return is_supported(model) and hasattr(parameters(model), FAMILY_TOWERS[0])


def is_single_task(model: ModelConfig) -> bool:
    """Whether parameters of a model of one task are set."""
    written = parameters(model)
    has_towers = hasattr(written, FAMILY_TOWERS[0]) or hasattr(written, TASK_TOWERS)
    return is_supported(model) and not has_towers


def parameters(model: ModelConfig) -> Any:
    """The message of the model that is set; an empty one where no supported one is."""
    return getattr(model, str(model.WhichOneof("model"))) if is_supported(model) else ESMM()


def path(model: ModelConfig) -> str:
    """Path of `parameters` in the config."""
    return f"model_config.{model.WhichOneof('model')}"


def tower_paths(model: ModelConfig) -> List[Tuple[str, Any]]:
    """(path in the config, message) of each tower that is set; the CTR tower comes first.

    Of a single-task model: of its task.
    """
    if not is_supported(model):
        return []
    if is_single_task(model):
        return [(SINGLE_TASK, model.task)]
    written, at = parameters(model), path(model)
    if is_entire_space(model):
        found = [member for member in FAMILY_TOWERS if written.HasField(member)]
        return [(f"{at}.{member}", getattr(written, member)) for member in found]
    return [(f"{at}.{TASK_TOWERS}[{n}]", tower) for n, tower in enumerate(written.task_towers)]


def own_input(tower: Any) -> str:
    """The feature group that the tower alone reads; empty where it reads what other towers do."""
    return str(getattr(tower, "input", ""))


def groups_read(model: ModelConfig) -> List[str]:
    """Names of the feature groups that blocks, networks or towers read by name, each once.

    Empty where the only feature group goes straight to all towers.
    """
    if model.HasField("backbone"):
        return list(graph.groups_read(model.backbone))
    written = parameters(model)
    named = [network.input for member in NETWORKS for network in getattr(written, member, ())]
    existing = [group.group_name for group in model.feature_groups]
    own = NAMED_GROUPS.get(str(model.WhichOneof("model")), ())
    named += [name for name in own if name in existing]
    named += [own_input(tower) for _, tower in tower_paths(model)]
    return [name for name in dict.fromkeys(named) if name]
