"""Turns the towers of a resolved config into task specifications.

`task_specs` is the one place that turns towers into tasks; what comes after reads the tasks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Optional, Tuple

from easy_esmm.config import models
from easy_esmm.config.tower_losses import losses_of_towers, predicts_share, predicts_value
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
    paths, towers = zip(*models.tower_paths(model)) if models.tower_paths(model) else ((), ())
    specs: List[TaskSpec] = []
    for path, tower, losses in zip(paths, towers, losses_of_towers(towers)):
        before = tuple(spec.name for spec in specs[-1:])
        specs.append(_independent(tower, path, losses, before))
    return Tasks(tuple(specs))


def _independent(
    tower: Any, path: str, losses: Tuple[Any, ...], before: Tuple[str, ...]
) -> TaskSpec:
    """A question of its own; with a strict task space it is measured twice, as in EasyRec.

    `before`: name of the tower before it, if there is one.
    """
    spec = _spec(tower, path, f"{tower.tower_name}_tower", losses)
    earlier = tuple(getattr(tower, "relation_tower_names", ())) or before
    is_strict = spec.task_space is not None and spec.task_space.is_strict
    inside = _masked(spec.name) if is_strict else None
    return replace(spec, earlier=earlier, inside_metric_name=inside)


def _masked(name: str) -> str:
    """Suffix of metrics over the rows on which a label is observed."""
    return f"{name}_{MASKED}" if name else MASKED


def _entire_space(model: ModelConfig) -> Tasks:
    """Clicks, conversions, and their product, which the losses of the CVR tower are about."""
    (ctr_path, ctr_tower), (cvr_path, cvr_tower) = models.tower_paths(model)
    ctr_losses, cvr_losses = losses_of_towers([ctr_tower, cvr_tower], is_entire_space=True)
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
    return TaskSpec(
        name=name,
        label=tower.label_name,
        kind=Kind.VALUE if predicts_value(tower) else Kind.BINARY,
        is_share=predicts_share(tower),
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
        task_space=_task_space(tower),
    )


def _task_space(tower: Any) -> Optional[TaskSpaceWeights]:
    weights = tower.in_task_space_weight, tower.out_task_space_weight
    if tower.task_space_indicator_label:
        return TaskSpaceWeights(tower.task_space_indicator_label, *weights)
    if tower.task_space_indicator_name:
        value = tower.task_space_indicator_value
        return TaskSpaceWeights(tower.task_space_indicator_name, *weights, value)
    return None
