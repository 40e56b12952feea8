"""Counts and means of entire-space models: clicks, conversions, pCVR where nobody clicked."""

from __future__ import annotations

from typing import Dict

import tensorflow as tf

from easy_esmm.contract import EntireSpaceTasks, Kind, Labels, Outputs
from easy_esmm.metrics.streaming import Metric, row_counts, row_means


def counts_and_means(
    family: EntireSpaceTasks, outputs: Outputs, labels: Labels
) -> Dict[str, Metric]:
    """Metrics by key; means are float64, NaN where there is no valid row.

    Counts of rows (int64, not weighted): count/impressions, count/clicks, count/conversions,
    count/orphan_conversions (rows that claim a conversion without a click).

    Means over impressions: mean_pctr, mean_pctcvr and mean_pcvr_all, mean_pcvr_clicked,
    mean_pcvr_unclicked (for a value tower mean_pctr, mean_expected_value, mean_value_all, ...).
    """
    click, conversion = labels[family.click.name], labels[family.conversion.name]
    counts = row_counts(
        {
            "count/impressions": tf.ones_like(click.value),
            "count/clicks": click.value,
            "count/conversions": tf.not_equal(conversion.value, 0),
            "count/orphan_conversions": conversion.violates_condition,
        }
    )
    pctr, factor, product = (
        outputs.heads[task.name].prediction
        for task in (family.click, family.conversion, family.product)
    )
    is_value = family.conversion.kind is Kind.VALUE
    name, product_name = ("value", "expected_value") if is_value else ("pcvr", "pctcvr")
    everywhere, clicked = labels.weight, conversion.weight
    means = row_means(
        {
            "mean_pctr": (pctr, everywhere),
            f"mean_{product_name}": (product, everywhere),
            f"mean_{name}_all": (factor, everywhere),
            f"mean_{name}_clicked": (factor, clicked),
            f"mean_{name}_unclicked": (factor, everywhere - clicked),
        }
    )
    return {**counts, **means}
