"""The entire-space family: its models, and the parts that the parameters of each of them have.

Every message of the family has the fields `groups`, `ctr_tower`, `cvr_tower` and
`l2_regularization`, so that labels, metrics, rules and tables need not know which model it is.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from easy_esmm.protos.esmm_pb2 import ESMM
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.tower_pb2 import TaskTower

MODELS: Dict[str, str] = {
    "ESMM": "esmm",
    "ESMM_MMoE": "esmm_mmoe",
    "ESMM_PLE": "esmm_ple",
    "ESMM_AITM": "esmm_aitm",
    "ESCM2": "escm2",
    "DCMT": "dcmt",
    "ClickSpace": "click_space",
    "Division": "division",
}
"""Model class -> member of `model_config.model` that holds its parameters."""

TOWERS = ("ctr_tower", "cvr_tower")

WITH_EXPERTS = ("esmm_mmoe", "esmm_ple")
"""Members of `model_config.model` whose towers read experts, never a feature group of their own."""


WITH_TRANSFER = ("esmm_aitm",)
"""Members of `model_config.model` with layers of their own between the towers."""


def is_entire_space(model: ModelConfig) -> bool:
    """Whether parameters of a model of the family are set."""
    return model.WhichOneof("model") in MODELS.values()


def parameters(model: ModelConfig) -> Any:
    """The message of the model that is set; an empty one where none of the family is."""
    return getattr(model, str(model.WhichOneof("model"))) if is_entire_space(model) else ESMM()


def path(model: ModelConfig) -> str:
    """Path of `parameters` in the config."""
    return f"model_config.{model.WhichOneof('model')}"


def towers(model: ModelConfig) -> Tuple[TaskTower, TaskTower]:
    """The CTR tower and the CVR tower."""
    written = parameters(model)
    return written.ctr_tower, written.cvr_tower


def groups_read(model: ModelConfig) -> List[str]:
    """Names of the feature groups that networks or towers read by name, each once.

    Empty where the only feature group goes straight to both towers.
    """
    named = [network.input for network in parameters(model).groups]
    named += [tower.input for tower in towers(model)]
    return [name for name in dict.fromkeys(named) if name]
