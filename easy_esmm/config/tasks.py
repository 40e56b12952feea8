"""Turns the towers of a resolved config into task specifications.

`task_specs` is the one place that turns towers into tasks; what comes after reads the tasks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional, Tuple

from easy_esmm.config import models
from easy_esmm.config.tower_losses import predicts_value, tower_losses
from easy_esmm.contract import (
    EntireSpaceTasks,
    Kind,
    Tasks,
    TaskSpaceWeights,
    TaskSpec,
)
from easy_esmm.protos.model_pb2 import ModelConfig

PRODUCT = "ctcvr"
"""Name of an entire-space model's task of click and conversion."""
MASKED = "masked"


def task_specs(model: ModelConfig) -> Tasks:
    """The tasks of a model whose towers are set and resolved (names, labels, metrics)."""
    if models.is_entire_space(model):
        return _entire_space(model)
    return Tasks(tuple(_independent(tower, path) for path, tower in models.tower_paths(model)))


def _independent(tower: Any, path: str) -> TaskSpec:
    """A question of its own; with a strict task space it is measured twice, as in EasyRec."""
    spec = _spec(tower, path, f"{tower.tower_name}_tower", tower_losses(tower))
    is_strict = spec.task_space is not None and spec.task_space.is_strict
    return replace(spec, inside_metric_name=_masked(spec.name)) if is_strict else spec


def _masked(name: str) -> str:
    """Suffix of metrics over the rows on which a label is observed."""
    return f"{name}_{MASKED}" if name else MASKED


def _entire_space(model: ModelConfig) -> Tasks:
    """Clicks, conversions, and their product, which the losses of the CVR tower are about."""
    (ctr_path, ctr_tower), (cvr_path, cvr_tower) = models.tower_paths(model)
    ctr_losses, cvr_losses = (
        tower_losses(tower, is_entire_space=True) for tower in (ctr_tower, cvr_tower)
    )
    condition, scope = ctr_tower.label_name, "cvr_tower"
    click = _spec(ctr_tower, ctr_path, "ctr_tower", ctr_losses)
    product = _spec(cvr_tower, cvr_path, scope, cvr_losses, name=PRODUCT, condition=condition)
    conversion = _spec(cvr_tower, cvr_path, scope, (), condition=condition, is_masked=True)
    return Tasks((click, product, conversion), EntireSpaceTasks(click, conversion, product))


def _spec(
    tower: Any,
    path: str,
    scope: str,
    losses: Tuple[Any, ...],
    *,
    name: str = "",
    condition: Optional[str] = None,
    is_masked: bool = False,
) -> TaskSpec:
    name = name or tower.tower_name
    indicator = tower.task_space_indicator_label
    return TaskSpec(
        name=name,
        label=tower.label_name,
        kind=Kind.VALUE if predicts_value(tower) else Kind.BINARY,
        losses=losses,
        weight=tower.weight,
        metrics=tuple(tower.metrics_set),
        metric_name=_masked(name) if is_masked else name,
        tower=tower,
        path=path,
        scope=scope,
        condition=condition,
        is_masked=is_masked,
        uses_sample_weight=tower.use_sample_weight,
        task_space=TaskSpaceWeights(
            indicator, tower.in_task_space_weight, tower.out_task_space_weight
        )
        if indicator
        else None,
    )
