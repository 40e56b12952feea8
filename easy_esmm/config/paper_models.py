"""Derives the models of the ESMM paper's table 2 from a config of its ESMM (SIGIR 2018)."""

from __future__ import annotations

from typing import Callable, Dict

from easy_esmm.protos.model_pb2 import ModelConfig

UNCLICKED_RATE = 0.1
POSITIVE_COPIES = 5
REJECTION_FLOOR = 0.02
"""What the paper leaves open: it searched rates .1, .2, .5 and 1 and copies 2, 3, 5 and 10, and
names no winner; the floor is half of Ali-CCP's click rate."""

_CLICKS, _CONVERSIONS = "ctr", "cvr"


def is_of_the_paper(esmm: ModelConfig) -> bool:
    """Whether it is an ESMM of one feature group that goes straight to both towers, no backbone.

    And without what the paper does not have: a CVR loss on clicked rows, a link of the logits.
    """
    parameters = esmm.esmm
    has_own_inputs = parameters.ctr_tower.input or parameters.cvr_tower.input
    has_more = parameters.click_masked_cvr_weight or parameters.ctr_logit_link
    return (
        esmm.WhichOneof("model") == "esmm"
        and len(esmm.feature_groups) == 1
        and not parameters.groups
        and not has_own_inputs
        and not has_more
        and not esmm.HasField("backbone")
    )


def paper_models(esmm: ModelConfig) -> Dict[str, ModelConfig]:
    """The paper's models by their names there, in the order of its table.

    All have the features, towers and penalties of `esmm`, for which `is_of_the_paper` holds. All
    but ESMM itself have separate embeddings: the feature group twice, each with its own tables.
    """
    return {name: make(esmm) for name, make in _MAKERS.items()}


def _base(esmm: ModelConfig, **sample: float) -> ModelConfig:
    model = _separate(esmm, "ClickSpace", "click_space")
    for name, value in sample.items():
        setattr(model.click_space, name, value)
    return model


def _same(esmm: ModelConfig) -> ModelConfig:
    model = ModelConfig()
    model.CopyFrom(esmm)
    return model


def _separate(esmm: ModelConfig, model_class: str, member: str) -> ModelConfig:
    """Another model with the same towers, each with a feature group of its own."""
    model = _same(esmm)
    group = model.feature_groups[0]
    other = model.feature_groups.add()
    other.CopyFrom(group)
    group.group_name, other.group_name = _CLICKS, _CONVERSIONS
    model.model_class = model_class
    parameters = getattr(model, member)
    parameters.SetInParent()
    parameters.ctr_tower.CopyFrom(esmm.esmm.ctr_tower)
    parameters.cvr_tower.CopyFrom(esmm.esmm.cvr_tower)
    parameters.l2_regularization = esmm.esmm.l2_regularization
    parameters.ctr_tower.input, parameters.cvr_tower.input = _CLICKS, _CONVERSIONS
    return model


_MAKERS: Dict[str, Callable[[ModelConfig], ModelConfig]] = {
    "BASE": _base,
    "AMAN": lambda esmm: _base(esmm, unclicked_rate=UNCLICKED_RATE),
    "OVERSAMPLING": lambda esmm: _base(esmm, positive_copies=POSITIVE_COPIES),
    "UNBIAS": lambda esmm: _base(esmm, rejection_floor=REJECTION_FLOOR),
    "DIVISION": lambda esmm: _separate(esmm, "Division", "division"),
    "ESMM-NS": lambda esmm: _separate(esmm, "ESMM", "esmm"),
    "ESMM": _same,
}

NAMES = tuple(_MAKERS)
"""The names of the models, in the order of the paper's table."""
