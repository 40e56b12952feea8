"""The measures of a comparison: metrics under the same names, whatever the towers are called."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, Iterable, Mapping, Tuple

from easy_esmm.contract import Tasks

Metrics = Mapping[str, float]
"""As `training.evaluate` gives them."""

HIGHER, LOWER, NEITHER = "higher", "lower", ""


@dataclass(frozen=True)
class Measure:
    """A column of a table."""

    key: str
    title: str
    better: str = NEITHER
    """HIGHER or LOWER, or NEITHER where a value of its own is right (1 for a ratio)."""
    is_difference: bool = False
    """Whether a single value is a difference already, to be compared with 0."""
    is_charted: bool = False
    """Whether a page draws the intervals of its differences."""
    is_compared: bool = True
    """Whether a difference from the reference has a meaning."""


@dataclass(frozen=True)
class Group:
    """A table: some measures that belong together."""

    title: str
    note: str
    measures: Tuple[Measure, ...]


TASKS: Dict[str, str] = {
    "ctr": "CTR: clicks, over all impressions",
    "cvr_clicked": "CVR: conversions, over clicked impressions only",
    "ctcvr": "CTCVR: clicks with conversion, over all impressions",
}
"""Titles of the tasks of entire-space models."""

_SAME = {"cvr_masked": "cvr_clicked"}

_OF_A_TASK: Tuple[Tuple[str, str, str], ...] = (
    ("auc", "AUC", HIGHER),
    ("log_loss", "log loss", LOWER),
    ("normalized_entropy", "norm. entropy", LOWER),
    ("pcoc", "pred/obs", NEITHER),
    ("ece", "ECE", LOWER),
)
_CHARTED = ("auc", "log_loss", "pcoc")
_TASK_NOTES = {
    "ctr": "pred/obs: mean prediction / observed rate, 1 is calibrated; ECE: expected calibration "
    "error.",
    "cvr_clicked": "A model may be best here and wrong where nobody clicked.",
    "ctcvr": "The observed labels of the whole space.",
}

ENTIRE_SPACE = Group(
    "CVR over all impressions, against the planted truth",
    "Not measurable on a log. Regret: the AUC of the true rates minus the model's; bias: mean pCVR "
    "/ mean true rate, 1 is right; |ln bias| is 0 then.",
    (
        Measure("truth_cvr_auc", "AUC", HIGHER),
        Measure("truth_cvr_regret", "regret", LOWER, is_charted=True),
        Measure("truth_cvr_bias", "bias", NEITHER, is_charted=True),
        Measure("truth_cvr_abs_log_bias", "|ln bias|", LOWER, is_charted=True),
    ),
)

SELECTION = Group(
    "Independence priority: how much likelier clicked impressions are to convert",
    "Mean pCVR of clicked impressions / of all. A model that takes conversion to be independent of "
    "the click has a ratio of 1.",
    (
        Measure("selection_ratio", "by the model"),
        Measure("truth_selection_ratio", "planted", is_compared=False),
    ),
)

SEESAW = Group(
    "Seesaw: AUC minus that of single-task models of the same seed",
    "Below 0: the task lost by sharing. Cosine: of the gradients of the click loss and of the "
    "others on the tables that both read; below 0 they pull against each other.",
    (
        Measure("seesaw_ctr", "CTR", HIGHER, is_difference=True, is_charted=True),
        Measure("seesaw_cvr_clicked", "CVR, clicked", HIGHER, is_difference=True, is_charted=True),
        Measure("seesaw_ctcvr", "CTCVR", HIGHER, is_difference=True, is_charted=True),
        Measure("gradient_cosine", "cosine", is_compared=False),
    ),
)


def groups_of(tasks: Iterable[str]) -> Tuple[Group, ...]:
    """The tables of a comparison of models with these tasks; see `metric_suffixes`."""
    titles = {**TASKS, **{task: f"Task {task}" for task in tasks if task not in TASKS}}
    of_tasks = (
        Group(
            title,
            _TASK_NOTES.get(task, ""),
            tuple(
                Measure(f"{key}_{task}", name, better, is_charted=key in _CHARTED)
                for key, name, better in _OF_A_TASK
            ),
        )
        for task, title in titles.items()
    )
    return (*of_tasks, ENTIRE_SPACE, SELECTION, SEESAW)


def metric_suffixes(tasks: Tasks) -> Dict[str, str]:
    """Task in the keys of measures -> suffix of its metrics.

    The tasks of an entire-space model are `ctr`, `cvr_clicked` and `ctcvr` whatever the towers are
    called. Those of other models have the suffix itself, but for `cvr_masked`, which is compared
    with `cvr_clicked`.
    """
    family = tasks.entire_space
    if family is None:
        suffixes = [task.masked_metric_name or task.metric_name for task in tasks]
        return {_SAME.get(suffix, suffix): suffix for suffix in suffixes}
    of_family = (family.click, family.conversion, family.product)
    return {task: spec.metric_name for task, spec in zip(TASKS, of_family)}


def read_measures(metrics: Metrics, suffixes: Mapping[str, str]) -> Dict[str, float]:
    """The measures of one evaluation by key, the seesaw left out; NaN where there is no value.

    Args:
      metrics: of the evaluation.
      suffixes: see `metric_suffixes`.
    """
    found = {
        f"{key}_{task}": metrics.get(f"{key}_{suffix}", math.nan)
        for task, suffix in suffixes.items()
        for key, _, _ in _OF_A_TASK
    }
    clicked, everywhere = (metrics.get(f"mean_pcvr_{part}", math.nan) for part in _PARTS)
    found["selection_ratio"] = clicked / everywhere if everywhere > 0 else math.nan
    for key, name in _OF_THE_TRUTH.items():
        if name in metrics:
            found[key] = metrics[name]
    if "truth_cvr_log_bias" in found:
        found["truth_cvr_abs_log_bias"] = abs(found.pop("truth_cvr_log_bias"))
    found["gradient_cosine"] = metrics.get("gradient_cosine", math.nan)
    return found


_PARTS = ("clicked", "all")
_OF_THE_TRUTH = {
    "truth_cvr_auc": "truth/cvr_auc_all",
    "truth_cvr_regret": "truth/cvr_regret",
    "truth_cvr_bias": "truth/cvr_bias_ratio",
    "truth_cvr_log_bias": "truth/cvr_log_bias",
    "truth_selection_ratio": "truth/selection_ratio",
}
