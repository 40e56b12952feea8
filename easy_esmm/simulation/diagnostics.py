"""Compares predictions with the planted truth, which no real log holds; numpy alone.

The entire-space AUC uses true probabilities as weights: an impression counts p as a positive and
1 - p as a negative. It is the expected AUC over redrawn labels (up to the ratio of expectations),
so it carries no label noise, and its largest value, the Bayes optimum, is that of p itself.
"""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
from numpy.typing import NDArray

from easy_esmm.errors import UserError
from easy_esmm.rank_statistics import weighted_auc
from easy_esmm.simulation.truth import Truth

FloatArray = NDArray[np.float64]


def compare_with_truth(
    truth: Truth, pctr: NDArray[Any], pcvr: NDArray[Any], pctcvr: NDArray[Any]
) -> Dict[str, float]:
    """Diagnostics of predicted probabilities [rows] beside the planted ones.

    Counts
      truth/impressions, truth/clicks, truth/conversions
    Conversion rate over the entire space, against p(conversion | do(click), x)
      truth/cvr_auc_all            weighted AUC of pCVR over all impressions
      truth/cvr_auc_all_optimum    the same for the true rate: no score ranks better
      truth/cvr_regret             optimum - model; 0 is perfect, negative is impossible
      truth/cvr_mean_absolute_error        mean |pCVR - true rate| over all impressions
      truth/cvr_bias_ratio         mean pCVR / mean true rate over all impressions; 1 is unbiased
      truth/cvr_bias_ratio_clicked, truth/cvr_bias_ratio_unclicked     the same on those rows
      truth/cvr_log_bias           ln of cvr_bias_ratio: symmetric, 0 is unbiased
      truth/selection_ratio        mean true rate over clicked / over all: the planted selection
      truth/selection_ratio_model  the same for pCVR
    Conversion rate on clicked rows, against p(conversion | click, x)
      truth/cvr_auc_click_space, truth/cvr_auc_click_space_optimum     weighted AUC over all
          impressions with the weight p(click | x): the clicked space without label noise
      truth/cvr_auc_masked_optimum     AUC of the true rate against the labels of the clicked rows
    Click, and click with conversion, over the entire space
      truth/ctr_auc_all, truth/ctr_auc_all_optimum, truth/ctcvr_auc_all, truth/ctcvr_auc_all_optimum
          weighted AUC by p(click | x), by p(click and conversion | x)
      truth/auc_ctr_optimum, truth/auc_ctcvr_optimum       AUC of the true rate against the labels
      truth/ctr_bias_ratio, truth/ctcvr_bias_ratio         mean prediction / mean true rate

    The optima against observed labels may be passed by luck, by about the AUC's standard error.
    A value without any row or any label of one class is NaN. Raises UserError on unequal lengths.
    """
    pctr, pcvr, pctcvr = (
        _checked(truth, name, values)
        for name, values in (("pctr", pctr), ("pcvr", pcvr), ("pctcvr", pctcvr))
    )
    return {
        "truth/impressions": float(len(truth)),
        "truth/clicks": float(truth.click.sum()),
        "truth/conversions": float(truth.conversion.sum()),
        **_entire_space(truth, pcvr),
        **_clicked_space(truth, pcvr),
        **_clicks_and_both(truth, pctr, pctcvr),
    }


def _entire_space(truth: Truth, pcvr: FloatArray) -> Dict[str, float]:
    true, is_clicked = truth.pcvr_do, truth.click > 0
    model, optimum = weighted_auc(pcvr, true, 1 - true), weighted_auc(true, true, 1 - true)
    bias = _mean(pcvr) / _mean(true)
    return {
        "truth/cvr_auc_all": model,
        "truth/cvr_auc_all_optimum": optimum,
        "truth/cvr_regret": optimum - model,
        "truth/cvr_mean_absolute_error": _mean(np.abs(pcvr - true)),
        "truth/cvr_bias_ratio": bias,
        "truth/cvr_bias_ratio_clicked": _mean(pcvr[is_clicked]) / _mean(true[is_clicked]),
        "truth/cvr_bias_ratio_unclicked": _mean(pcvr[~is_clicked]) / _mean(true[~is_clicked]),
        "truth/cvr_log_bias": float(np.log(bias)) if bias > 0 else float("nan"),
        "truth/selection_ratio": _mean(true[is_clicked]) / _mean(true),
        "truth/selection_ratio_model": _ratio(_mean(pcvr[is_clicked]), _mean(pcvr)),
    }


def _clicked_space(truth: Truth, pcvr: FloatArray) -> Dict[str, float]:
    both, click_only = truth.pctcvr, truth.pctr - truth.pctcvr
    is_clicked = truth.click > 0
    conversion = truth.conversion[is_clicked]
    return {
        "truth/cvr_auc_click_space": weighted_auc(pcvr, both, click_only),
        "truth/cvr_auc_click_space_optimum": weighted_auc(truth.pcvr_click, both, click_only),
        "truth/cvr_auc_masked_optimum": weighted_auc(
            truth.pcvr_click[is_clicked], conversion, 1 - conversion
        ),
    }


def _clicks_and_both(truth: Truth, pctr: FloatArray, pctcvr: FloatArray) -> Dict[str, float]:
    result = {}
    for name, prediction, true, label in (
        ("ctr", pctr, truth.pctr, truth.click),
        ("ctcvr", pctcvr, truth.pctcvr, truth.conversion),
    ):
        result[f"truth/{name}_auc_all"] = weighted_auc(prediction, true, 1 - true)
        result[f"truth/{name}_auc_all_optimum"] = weighted_auc(true, true, 1 - true)
        result[f"truth/auc_{name}_optimum"] = weighted_auc(true, label, 1 - label)
        result[f"truth/{name}_bias_ratio"] = _mean(prediction) / _mean(true)
    return result


def _checked(truth: Truth, name: str, values: NDArray[Any]) -> FloatArray:
    array: FloatArray = np.asarray(values, dtype=np.float64)
    if array.shape != (len(truth),):
        raise UserError(
            f"{name}: predictions of shape {array.shape} for {len(truth)} impressions in the truth "
            "file: the truth must belong to exactly the evaluated files"
        )
    return array


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
