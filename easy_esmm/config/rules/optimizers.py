"""Rules across fields: optimizers and their learning rates."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Tuple

from easy_esmm.config.rules.constraints import OneOf
from easy_esmm.config.rules.report import Report
from easy_esmm.config.support import is_closed_off
from easy_esmm.protos.optimizer_pb2 import (
    CosineDecayLearningRate,
    ExponentialDecayLearningRate,
    LearningRate,
    ManualStepLearningRate,
    Optimizer,
)

_OPTIMIZERS = "train_config.optimizer_config"
_MUCH = 0.01
"""Share of first values in an average that is worth a note."""


def check_optimizers(report: Report) -> None:
    """One optimizer for everything or two, each with its learning rate."""
    optimizers = report.config.train_config.optimizer_config
    if not optimizers:
        hint = (
            "optimizer_config { lazy_adam_optimizer { learning_rate "
            "{ constant_learning_rate { learning_rate: 0.001 } } } } is a good start"
        )
        report.refuse(_OPTIMIZERS, "must be set", None, hint)
    if len(optimizers) > 2:
        rule = (
            "must be one optimizer, or two: the first for embedding tables, the second for the rest"
        )
        report.refuse(f"{_OPTIMIZERS}[2]", rule, str(len(optimizers)))
    for number, optimizer in enumerate(optimizers):
        path = f"{_OPTIMIZERS}[{number}]"
        member = optimizer.WhichOneof("optimizer")
        if member is None:
            report.refuse(path, f"must hold {_members(Optimizer, 'optimizer')}")
        elif not is_closed_off(optimizer.DESCRIPTOR.fields_by_name[member]):
            _check_rate(report, getattr(optimizer, member), f"{path}.{member}")
        _note_slow_average(report, optimizer, path)
        if number and optimizer.HasField("embedding_learning_rate_multiplier"):
            value = f"{optimizer.embedding_learning_rate_multiplier:g}"
            rule = "must stand in the first optimizer, which is for the embedding tables"
            report.refuse(f"{path}.embedding_learning_rate_multiplier", rule, value)


def _note_slow_average(report: Report, optimizer: Optimizer, path: str) -> None:
    """An average that is still made of first values when training ends."""
    steps, decay = report.config.train_config.num_steps, optimizer.moving_average_decay
    if not optimizer.use_moving_average or not steps or not 0 < decay < 1:
        return
    left = decay**steps
    if left > _MUCH:
        enough = math.ceil(math.log(_MUCH) / math.log(decay))
        text = (
            f"of the first values {left:.0%} are left in the averages after {steps:,} steps; "
            f"{_MUCH:.0%} after {enough:,}"
        )
        report.note(f"{path}.moving_average_decay", text)


def _members(message: Any, oneof: str) -> str:
    """The supported members of a oneof, in words."""
    fields = message.DESCRIPTOR.oneofs_by_name[oneof].fields
    return OneOf(tuple(field.name for field in fields if not is_closed_off(field))).words()


def _check_rate(report: Report, parameters: Any, path: str) -> None:
    rate = parameters.learning_rate
    member = rate.WhichOneof("learning_rate")
    if member is None:
        rule = f"must hold {_members(LearningRate, 'learning_rate')}"
        report.refuse(f"{path}.learning_rate", rule)
        return
    schedule, at = getattr(rate, member), f"{path}.learning_rate.{member}"
    for name in _REQUIRED.get(member, ()):
        if not schedule.HasField(name):
            report.refuse(f"{at}.{name}", "must be set")
    if member in _CHECKS:
        _CHECKS[member](report, schedule, at)


def _check_exponential(report: Report, decay: ExponentialDecayLearningRate, path: str) -> None:
    if decay.min_learning_rate > decay.initial_learning_rate > 0:
        rule = f"must not be greater than initial_learning_rate, {decay.initial_learning_rate:g}"
        report.refuse(f"{path}.min_learning_rate", rule, f"{decay.min_learning_rate:g}")


def _check_manual(report: Report, manual: ManualStepLearningRate, path: str) -> None:
    if not manual.schedule:
        hint = "for one rate throughout, use constant_learning_rate"
        report.refuse(f"{path}.schedule", "must hold at least one entry", None, hint)
    for number in range(1, len(manual.schedule)):
        before, step = manual.schedule[number - 1].step, manual.schedule[number].step
        if step <= before:
            rule = f"must be greater than the step before it, {before}"
            report.refuse(f"{path}.schedule[{number}].step", rule, str(step))


def _check_cosine(report: Report, cosine: CosineDecayLearningRate, path: str) -> None:
    start = cosine.warmup_steps + cosine.hold_base_rate_steps
    if start >= cosine.total_steps > 0:
        rule = f"must be greater than warmup_steps + hold_base_rate_steps, {start}"
        report.refuse(f"{path}.total_steps", rule, str(cosine.total_steps))
    if cosine.warmup_steps and cosine.warmup_learning_rate > cosine.learning_rate_base > 0:
        rule = f"must not be greater than learning_rate_base, {cosine.learning_rate_base:g}"
        report.refuse(f"{path}.warmup_learning_rate", rule, f"{cosine.warmup_learning_rate:g}")


_REQUIRED: Dict[str, Tuple[str, ...]] = {
    "poly_decay_learning_rate": ("learning_rate_base", "total_steps", "power"),
    "transformer_learning_rate": ("learning_rate_base", "hidden_size", "warmup_steps"),
}
"""Fields without a default."""

_CHECKS: Dict[str, Callable[[Report, Any, str], None]] = {
    "exponential_decay_learning_rate": _check_exponential,
    "manual_step_learning_rate": _check_manual,
    "cosine_decay_learning_rate": _check_cosine,
}
