"""How entire-space models are shown: their tasks, clicks and conversions, and the planted truth."""

from __future__ import annotations

import math
from typing import List, Mapping, Tuple

from easy_esmm.contract import EntireSpaceTasks
from easy_esmm.reporting.drawing.formats import count, percent
from easy_esmm.reporting.shown_task import ShownTask
from easy_esmm.reporting.text_table import number

VALUE_NOTE = (
    "The CVR tower predicts a value, not a probability: log loss, curves, reliability and slices "
    "are shown for clicks alone."
)
TRUTH = {
    "truth/cvr_auc_all": "CVR AUC over all impressions, against the planted rates",
    "truth/cvr_regret": "regret: the best possible AUC minus that",
    "truth/cvr_bias_ratio": "bias ratio: mean pCVR / mean true CVR, all impressions",
}
"""Metrics of the planted truth that a page shows."""


def shown(family: EntireSpaceTasks) -> List[ShownTask]:
    """CTR, CVR on clicked rows, CTCVR."""
    rows, clicks, conversions = (
        f"count/{what}" for what in ("impressions", "clicks", "conversions")
    )
    return [
        ShownTask(
            family.click,
            *("CTR, all impressions", "", "clicks"),
            *(rows, clicks, "truth/auc_ctr_optimum"),
        ),
        ShownTask(
            family.conversion,
            *("CVR, clicked rows", "value of a click, clicked rows", "conversions"),
            *(clicks, conversions, "truth/cvr_auc_masked_optimum"),
        ),
        ShownTask(
            family.product,
            *("CTCVR, all impressions", "value of an impression", "conversions"),
            *(rows, conversions, "truth/auc_ctcvr_optimum"),
        ),
    ]


def counts(metrics: Mapping[str, float]) -> List[Tuple[str, str]]:
    """(number, text) of clicks and of conversions."""
    impressions, clicks, conversions = (
        metrics.get(f"count/{what}", math.nan) for what in ("impressions", "clicks", "conversions")
    )
    return [
        (count(clicks), f"clicks, {share(clicks, impressions)} of the impressions"),
        (count(conversions), f"conversions, {share(conversions, clicks)} of the clicks"),
    ]


def share(part: float, whole: float) -> str:
    """In per cent; `none` of nothing."""
    return percent(part / whole) if whole else "none"


def mean_line(metrics: Mapping[str, float]) -> str:
    """The mean pCVR, or value, over all impressions and on both sides of the click."""
    what, key = ("pCVR", "mean_pcvr") if "mean_pcvr_all" in metrics else ("value", "mean_value")
    means = [number(metrics.get(f"{key}_{part}")) for part in ("all", "clicked", "unclicked")]
    return (
        f"mean {what}: {means[0]} over all impressions, {means[1]} clicked, {means[2]} not clicked"
    )


def truth_line(metrics: Mapping[str, float]) -> str:
    """The CVR over all impressions against the planted truth."""
    auc, optimum, regret, bias = (
        number(metrics.get(f"truth/{name}"))
        for name in ("cvr_auc_all", "cvr_auc_all_optimum", "cvr_regret", "cvr_bias_ratio")
    )
    return (
        f"against the planted truth, CVR over all impressions: AUC {auc} (optimum {optimum}, "
        f"regret {regret})\nbias ratio {bias}: mean pCVR / mean true CVR over all impressions"
    )
