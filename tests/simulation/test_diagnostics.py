"""Diagnostics against planted truth, checked by hand and by brute force over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.errors import UserError
from easy_esmm.simulation.diagnostics import compare_with_truth
from easy_esmm.simulation.truth import Truth


def _pairwise_auc(score, positive, negative):
    """Sum over all pairs of positive_i * negative_j * [s_i > s_j, or 1/2 if equal]."""
    wins = (score[:, None] > score) + 0.5 * (score[:, None] == score)
    return float(positive @ wins @ negative / (positive.sum() * negative.sum()))


def _truth(click, conversion, pctr, pcvr):
    click, conversion = np.array(click, np.int8), np.array(conversion, np.int8)
    pctr, pcvr = np.array(pctr), np.array(pcvr)
    return Truth(
        np.arange(len(click)), click, conversion, pctr, pcvr, pcvr, pctr * pcvr, conversion
    )


def test_the_truth_compared_with_itself_has_no_regret_and_no_bias():
    random = np.random.default_rng(8)
    pctr, pcvr = random.random(300) / 2, random.random(300) / 3
    click = random.random(300) < pctr
    truth = _truth(click, click & (random.random(300) < pcvr), pctr, pcvr)
    result = compare_with_truth(truth, pctr, pcvr, pctr * pcvr)
    assert result["truth/cvr_regret"] == 0
    assert result["truth/cvr_mean_absolute_error"] == 0
    for name in ("cvr", "ctr", "ctcvr"):
        assert result[f"truth/{name}_bias_ratio"] == 1
        assert result[f"truth/{name}_auc_all"] == result[f"truth/{name}_auc_all_optimum"]
    assert result["truth/cvr_log_bias"] == 0
    assert result["truth/selection_ratio_model"] == result["truth/selection_ratio"]
    assert result["truth/cvr_auc_click_space"] == result["truth/cvr_auc_click_space_optimum"]


def test_every_diagnostic_of_four_impressions_by_hand():
    truth = _truth([1, 1, 0, 0], [1, 0, 0, 0], [0.5, 0.5, 0.25, 0.25], [0.4, 0.2, 0.1, 0.1])
    pcvr = np.array([0.2, 0.4, 0.2, 0.4])
    pctr = np.array([0.25, 0.5, 0.25, 0.5])
    result = compare_with_truth(truth, pctr, pcvr, pctr * pcvr)
    true = truth.pcvr_do
    expected = {
        "truth/impressions": 4,
        "truth/clicks": 2,
        "truth/conversions": 1,
        "truth/cvr_auc_all": _pairwise_auc(pcvr, true, 1 - true),
        "truth/cvr_auc_all_optimum": _pairwise_auc(true, true, 1 - true),
        "truth/cvr_mean_absolute_error": (0.2 + 0.2 + 0.1 + 0.3) / 4,
        "truth/cvr_bias_ratio": 0.3 / 0.2,
        "truth/cvr_bias_ratio_clicked": 0.3 / 0.3,
        "truth/cvr_bias_ratio_unclicked": 0.3 / 0.1,
        "truth/cvr_log_bias": np.log(1.5),
        "truth/selection_ratio": 0.3 / 0.2,
        "truth/selection_ratio_model": 0.3 / 0.3,
        "truth/cvr_auc_click_space": _pairwise_auc(pcvr, truth.pctcvr, truth.pctr - truth.pctcvr),
        "truth/cvr_auc_masked_optimum": 1.0,
        "truth/auc_ctr_optimum": 1.0,
        "truth/auc_ctcvr_optimum": 1.0,
        "truth/ctr_auc_all": _pairwise_auc(pctr, truth.pctr, 1 - truth.pctr),
        "truth/ctr_bias_ratio": 0.375 / 0.375,
        "truth/ctcvr_bias_ratio": (0.05 + 0.2 + 0.05 + 0.2) / (0.2 + 0.1 + 0.025 + 0.025),
    }
    for name, value in expected.items():
        assert result[name] == pytest.approx(value, abs=1e-12), name
    assert result["truth/cvr_regret"] == pytest.approx(
        expected["truth/cvr_auc_all_optimum"] - expected["truth/cvr_auc_all"], abs=1e-12
    )


def test_doubled_predictions_show_as_bias_and_not_as_regret():
    truth = _truth([1, 0, 0], [0, 0, 0], [0.3, 0.2, 0.1], [0.3, 0.2, 0.1])
    result = compare_with_truth(truth, truth.pctr, 2 * truth.pcvr_do, truth.pctcvr)
    assert result["truth/cvr_bias_ratio"] == pytest.approx(2)
    assert result["truth/cvr_log_bias"] == pytest.approx(np.log(2))
    assert result["truth/cvr_regret"] == 0


def test_what_needs_a_click_is_nan_without_one():
    truth = _truth([0, 0], [0, 0], [0.1, 0.2], [0.1, 0.2])
    result = compare_with_truth(truth, truth.pctr, truth.pcvr_do, truth.pctcvr)
    for name in ("cvr_bias_ratio_clicked", "selection_ratio", "cvr_auc_masked_optimum"):
        assert np.isnan(result[f"truth/{name}"]), name
    assert np.isnan(result["truth/auc_ctr_optimum"])
    assert result["truth/cvr_bias_ratio_unclicked"] == 1
    assert result["truth/cvr_auc_all"] > 0.5


def test_predictions_of_another_length_are_refused():
    truth = _truth([0, 1], [0, 0], [0.1, 0.2], [0.1, 0.2])
    with pytest.raises(UserError, match=r"pcvr: predictions of shape \(3,\) for 2 impressions"):
        compare_with_truth(truth, truth.pctr, np.zeros(3), truth.pctcvr)
