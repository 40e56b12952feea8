"""A calibration: what is done to the logits of one checkpoint, as a record and as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Dict, Mapping, NoReturn, Tuple

import numpy as np

from easy_esmm.calibration.curve import LARGEST, Array, Curve
from easy_esmm.contract import Kind, Tasks
from easy_esmm.errors import UserError

FORMAT = 1
"""Of the file; one of a higher number is refused."""


@dataclass(frozen=True)
class TaskCalibration:
    """Of one task's logit."""

    method: str
    """How the curve was fitted."""
    curve: Curve
    """Of every row; with a field, that of a value of which nothing is known."""
    shifts: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """By text of the field's value: what is added to the curve; 0 for other values."""

    def __call__(self, logit: Array, shift: Any = 0.0) -> Array:
        """Calibrated logits, float64 [rows]; `shift`: of each row, or none."""
        return np.asarray(self.curve(logit) + shift)

    @property
    def is_identity(self) -> bool:
        """Whether every logit stays as it is."""
        return self.curve.is_identity and not any(self.shifts.values())


@dataclass(frozen=True)
class Calibration:
    """Of the probabilities of one checkpoint."""

    tasks: Mapping[str, TaskCalibration]
    """By name, exactly `calibrated_tasks`."""
    field: str = ""
    """Input column whose values have shifts of their own; empty: none."""
    checkpoint: str = ""
    """Digest of the checkpoint that it is of; see `file`."""
    made: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Where it comes from: rows, counts, date, method, scores. For people; nothing reads it."""

    @property
    def words(self) -> str:
        """`ctr platt, ctcvr spline, by 301`."""
        methods = [f"{name} {task.method}".strip() for name, task in self.tasks.items()]
        return ", ".join(methods + ([f"by {self.field}"] if self.field else []))

    def card(self) -> Dict[str, Any]:
        """What a model card tells of it."""
        return {
            "methods": {name: task.method for name, task in self.tasks.items()},
            "field": self.field or None,
            "made": dict(self.made),
        }


def calibrated_tasks(tasks: Tasks) -> Tuple[str, ...]:
    """Names of the tasks whose logits have a curve of their own.

    Of an entire-space model the click and the product, from which the conversion follows; of other
    models every task that predicts a probability. None of a value.
    """
    family = tasks.entire_space
    specs = tasks.specs if family is None else (family.click, family.product)
    return tuple(task.name for task in specs if task.kind is Kind.BINARY)


def to_json(calibration: Calibration) -> str:
    """The text of a file; floats have all their digits."""
    content = {
        "easy_esmm_calibration": FORMAT,
        "checkpoint": calibration.checkpoint,
        "field": calibration.field,
        "tasks": {name: _of_task(task) for name, task in calibration.tasks.items()},
        "made": dict(calibration.made),
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Calibration:
    """The calibration of a file's text.

    Raises:
      UserError: it is none; the message is the reason alone.
    """
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (RecursionError, ValueError) as error:
        raise UserError(f"is no JSON: {error}") from None
    version = content.get("easy_esmm_calibration") if isinstance(content, dict) else None
    if type(version) is not int:
        raise UserError("is no calibration: it has no number under easy_esmm_calibration")
    if version > FORMAT:
        raise UserError(
            f"has format {version}, this version of easy_esmm reads up to {FORMAT}; update it"
        )
    try:
        tasks = {name: _task(name, task) for name, task in content["tasks"].items()}
        return Calibration(
            tasks, str(content["field"]), str(content["checkpoint"]), dict(content["made"])
        )
    except KeyError as error:
        raise UserError(f"lacks {error}") from None
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise UserError(f"is damaged: {error}") from None


def _of_task(task: TaskCalibration) -> Dict[str, Any]:
    curve = task.curve
    return {
        "method": task.method,
        "knots": list(curve.knots),
        "values": list(curve.values),
        "slopes": list(curve.slopes),
        "shifts": dict(task.shifts),
    }


def _task(name: str, content: Any) -> TaskCalibration:
    parts = [tuple(map(_number, content[part])) for part in ("knots", "values", "slopes")]
    curve = Curve(*parts)
    if curve.problem():
        raise UserError(f"has no increasing curve for task '{name}': {curve.problem()}")
    shifts = {str(value): _number(shift) for value, shift in content["shifts"].items()}
    if not all(abs(shift) <= LARGEST for shift in shifts.values()):
        raise UserError(
            f"has shifts of task '{name}' that are no finite numbers of at most {LARGEST:,.0f}"
        )
    return TaskCalibration(str(content["method"]), curve, shifts)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r:.40} is not a number")
    return float(value)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
