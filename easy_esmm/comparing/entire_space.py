"""The measures that only entire-space models have, and the texts of their tasks."""

from __future__ import annotations

import math
from typing import Dict, Mapping

from easy_esmm.comparing.measure import HIGHER, LOWER, NEITHER, Group, Measure
from easy_esmm.contract import EntireSpaceTasks

TASKS: Dict[str, str] = {
    "ctr": "CTR: clicks, over all impressions",
    "cvr_clicked": "CVR: conversions, over clicked impressions only",
    "ctcvr": "CTCVR: clicks with conversion, over all impressions",
}
"""Titles of the tasks of entire-space models."""

SAME_TASK = {"cvr_masked": "cvr_clicked"}
"""Suffix of a task's metrics in another model -> the task that it is compared with."""

SHORT = {"ctr": "CTR", "cvr_clicked": "CVR clicked", "ctcvr": "CTCVR"}
"""Their names in lines of progress."""

NOTES = {
    "cvr_clicked": "A model may be best here and wrong where nobody clicked.",
    "ctcvr": "The observed labels of the whole space.",
}

TRUTH = Group(
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


def metric_suffixes(family: EntireSpaceTasks) -> Dict[str, str]:
    """Task -> suffix of its metrics in a model of the family."""
    of_family = (family.click, family.conversion, family.product)
    return {task: spec.metric_name for task, spec in zip(TASKS, of_family)}


def read(metrics: Mapping[str, float]) -> Dict[str, float]:
    """Measures of pCVR where nobody clicked by key; NaN, or nothing of a truth, where unknown."""
    clicked, everywhere = (metrics.get(f"mean_pcvr_{part}", math.nan) for part in _PARTS)
    found = {"selection_ratio": clicked / everywhere if everywhere > 0 else math.nan}
    for key, name in _OF_THE_TRUTH.items():
        if name in metrics:
            found[key] = metrics[name]
    if "truth_cvr_log_bias" in found:
        found["truth_cvr_abs_log_bias"] = abs(found.pop("truth_cvr_log_bias"))
    return found


_PARTS = ("clicked", "all")
_OF_THE_TRUTH = {
    "truth_cvr_auc": "truth/cvr_auc_all",
    "truth_cvr_regret": "truth/cvr_regret",
    "truth_cvr_bias": "truth/cvr_bias_ratio",
    "truth_cvr_log_bias": "truth/cvr_log_bias",
    "truth_selection_ratio": "truth/selection_ratio",
}
