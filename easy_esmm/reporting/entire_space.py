"""How entire-space models are shown: their tasks, clicks and conversions, and the planted truth."""

from __future__ import annotations

import math
from dataclasses import replace
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
            title="CTR, all impressions",
            value_title="",
            events="clicks",
            rows=rows,
            positives=clicks,
            optimum="truth/auc_ctr_optimum",
        ),
        ShownTask(
            family.conversion,
            title="CVR, clicked rows",
            value_title="value of a click, clicked rows",
            events="conversions",
            rows=clicks,
            positives=conversions,
            optimum="truth/cvr_auc_masked_optimum",
        ),
        ShownTask(
            family.product,
            title="CTCVR, all impressions",
            value_title="value of an impression",
            events="conversions",
            rows=rows,
            positives=conversions,
            optimum="truth/auc_ctcvr_optimum",
        ),
    ]


def by_common_pctr(family: EntireSpaceTasks, metrics: Mapping[str, float]) -> List[ShownTask]:
    """CTCVR with a pCTR that is common to several models, where the evaluation was given one."""
    if "auc_ctcvr_common_pctr" not in metrics:
        return []
    product = replace(family.product, metric_name="ctcvr_common_pctr")
    *_, own = shown(family)
    return [replace(own, spec=product, title="CTCVR, common pCTR", optimum="")]


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


def warnings(metrics: Mapping[str, float]) -> List[str]:
    """A sentence on conversions without a click, where there are any."""
    orphans = metrics.get("count/orphan_conversions", 0)
    if not orphans > 0:
        return []
    return [f"{orphans:,.0f} rows claim a conversion without a click: they count as none."]


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
