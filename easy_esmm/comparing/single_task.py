"""Finds the single-task models among the configs, with which the seesaw is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from easy_esmm.config import models, walk
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.escm2_pb2 import ESCM2
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.tower_pb2 import Head

_TASKS_OF: Dict[str, Tuple[str, ...]] = {
    "ClickSpace": ("ctr", "cvr_clicked"),
    "Division": ("ctcvr",),
}
"""Model class -> tasks that it learns apart from others, where each tower has its own input."""

_OF_SAMPLES = {"unclicked_rate", "positive_copies", "rejection_floor"}
"""Fields of AMAN, OVERSAMPLING and UNBIAS, which BASE leaves at their defaults."""

_HOW: Dict[str, str] = {
    "ctr": "BASE (model_class ClickSpace, towers with separate inputs)",
    "cvr_clicked": "BASE (model_class ClickSpace, towers with separate inputs)",
    "ctcvr": "DIVISION (model_class Division, towers with separate inputs)",
}


@dataclass(frozen=True)
class SingleTasks:
    """The single-task models of a comparison."""

    by_task: Mapping[str, str]
    """Task -> name of the config."""
    notes: Tuple[str, ...]
    """Lines of text about what is missing, or not quite comparable."""


def tasks_of(model: ModelConfig) -> Tuple[str, ...]:
    """Tasks (`ctr`, `cvr_clicked`, `ctcvr`) for which this is a single-task model; often none."""
    inputs = [models.own_input(tower) for _, tower in models.tower_paths(model)]
    is_shared = len(set(inputs)) < len(inputs) or not all(inputs)
    if is_shared or _changes_sample(models.parameters(model)):
        return ()
    return _TASKS_OF.get(model.model_class, ())


def _changes_sample(parameters: Any) -> bool:
    """Whether it is a baseline that learns from other rows than those of its task."""
    return any(
        field.name in _OF_SAMPLES and value != field.default_value
        for field, value in parameters.ListFields()
    )


def find_single_tasks(configs: Mapping[str, PipelineConfig]) -> SingleTasks:
    """The first single-task model of each task, among configs by name."""
    by_task: Dict[str, str] = {}
    for name, config in configs.items():
        for task in tasks_of(config.model_config):
            by_task.setdefault(task, name)
    missing = dict.fromkeys(how for task, how in _HOW.items() if task not in by_task)
    notes = []
    if missing:
        notes.append(f"seesaw: for all three tasks add {' and '.join(missing)} to --configs")
    for single in dict.fromkeys(by_task.values()):
        for name, config in configs.items():
            differing = _budget_differences(config, configs[single])
            if name not in by_task.values() and differing:
                text = ", ".join(differing)
                notes.append(f"seesaw: {name} and {single} differ in {text}: no equal budget")
    return SingleTasks(by_task, tuple(notes))


def seesaw(
    values: Mapping[str, Mapping[int, Mapping[str, float]]], by_task: Mapping[str, str]
) -> Dict[str, Dict[int, Dict[str, float]]]:
    """`seesaw_<task>` by config and seed: AUC minus the single-task model's of the same seed.

    Args:
      values: measures by config and seed.
      by_task: as in `SingleTasks`; its configs get no value for their own task.
    """
    found: Dict[str, Dict[int, Dict[str, float]]] = {}
    for name, by_seed in values.items():
        for seed, measures in by_seed.items():
            for task, single in by_task.items():
                base = values.get(single, {}).get(seed)
                if base is not None and name != single:
                    own_auc = measures.get(f"auc_{task}", math.nan)
                    difference = own_auc - base[f"auc_{task}"]
                    own = found.setdefault(name, {}).setdefault(seed, {})
                    own[f"seesaw_{task}"] = difference
    return found


def _budget_differences(one: PipelineConfig, other: PipelineConfig) -> Sequence[str]:
    """Names of what should be equal and is not: hidden or transfer layers, batches, steps..."""
    of_one, of_other = _networks(one.model_config), _networks(other.model_config)
    differing = [
        f"hidden_units of {path}"
        for path in dict.fromkeys([*of_one, *of_other])
        if of_one.get(path) != of_other.get(path)
    ]
    return differing + [what for what, read in _BUDGET.items() if read(one) != read(other)]


def _networks(model: ModelConfig) -> Dict[str, List[int]]:
    """Path below the model's parameters -> hidden layers: towers, groups, experts, heads."""
    parameters = models.parameters(model)
    found = {
        setting.path: list(setting.value.hidden_units)
        for setting in walk.settings(parameters)
        if isinstance(setting.value, DNN)
    }
    for field in parameters.DESCRIPTOR.fields:
        if field.message_type is Head.DESCRIPTOR:
            path, dnn = f"{field.name}.dnn", parameters.cvr_tower.dnn
            found.setdefault(path, list(dnn.hidden_units))
    if isinstance(parameters, ESCM2) and parameters.estimator != ESCM2.DR:
        found.pop("imputation_tower.dnn")  # without a part in the model
    return found


_BUDGET: Dict[str, Callable[[PipelineConfig], Any]] = {
    "batch_size": lambda config: config.data_config.batch_size,
    "num_epochs": lambda config: config.data_config.num_epochs,
    "num_steps": lambda config: config.train_config.num_steps,
    "the layers that transfer": lambda config: _transfers(config.model_config),
}


def _transfers(model: ModelConfig) -> bool:
    hands_over = model.HasField("ddpo") and model.ddpo.causal_transfer
    return bool(model.HasField("esmm_aitm") or hands_over)
