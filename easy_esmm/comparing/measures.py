"""The measures of a comparison: metrics under the same names, whatever the towers are called."""

from __future__ import annotations

import math
from typing import Dict, Iterable, Mapping, Tuple

from easy_esmm.comparing import entire_space
from easy_esmm.comparing.measure import HIGHER, LOWER, NEITHER, Group, Measure
from easy_esmm.contract import Tasks, keyed

Metrics = Mapping[str, float]
"""As `training.evaluate` gives them."""

_OF_A_TASK: Tuple[Tuple[str, str, str], ...] = (
    ("auc", "AUC", HIGHER),
    ("log_loss", "log loss", LOWER),
    ("normalized_entropy", "norm. entropy", LOWER),
    ("pcoc", "pred/obs", NEITHER),
    ("ece", "ECE", LOWER),
)
_CHARTED = ("auc", "log_loss", "pcoc")
_UNNAMED = "The task of single-task models"
_NOTE = (
    "pred/obs: mean prediction / observed rate, 1 is calibrated; ECE: expected calibration error."
)


def groups_of(tasks: Iterable[str]) -> Tuple[Group, ...]:
    """The tables of a comparison of models with these tasks; see `metric_suffixes`."""
    others = {
        task: f"Task {task}" if task else _UNNAMED
        for task in tasks
        if task not in entire_space.TASKS
    }
    of_tasks = (
        Group(
            title,
            entire_space.NOTES.get(task, _NOTE),
            tuple(
                Measure(keyed(key, task), name, better, is_charted=key in _CHARTED)
                for key, name, better in _OF_A_TASK
            ),
        )
        for task, title in {**entire_space.TASKS, **others}.items()
    )
    return (*of_tasks, entire_space.TRUTH, entire_space.SELECTION, entire_space.SEESAW)


def metric_suffixes(tasks: Tasks) -> Dict[str, str]:
    """Task in the keys of measures -> suffix of its metrics.

    The tasks of an entire-space model have the same names whatever the towers are called. Those of
    other models have the suffix itself, or the name of the task that they are compared with.
    """
    if tasks.entire_space is not None:
        return entire_space.metric_suffixes(tasks.entire_space)
    suffixes = [task.observed_metric_name for task in tasks]
    return {entire_space.SAME_TASK.get(suffix, suffix): suffix for suffix in suffixes}


def read_measures(metrics: Metrics, suffixes: Mapping[str, str]) -> Dict[str, float]:
    """The measures of one evaluation by key, the seesaw left out; NaN where there is no value.

    Args:
      metrics: of the evaluation.
      suffixes: see `metric_suffixes`.
    """
    found = {
        keyed(key, task): metrics.get(keyed(key, suffix), math.nan)
        for task, suffix in suffixes.items()
        for key, _, _ in _OF_A_TASK
    }
    found.update(entire_space.read(metrics))
    found["gradient_cosine"] = metrics.get("gradient_cosine", math.nan)
    return found
