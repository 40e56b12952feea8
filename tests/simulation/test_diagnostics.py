"""Diagnostics against planted truth, checked by hand and by brute force over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.errors import UserError
from easy_esmm.simulation.diagnostics import auc_standard_error, compare_with_truth, weighted_auc
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


def test_auc_by_hand_counts_a_tie_one_half():
    # pairs (positive, negative): (.2, .1) won, (.2, .2) tied, (.9, .1) and (.9, .2) won: 3.5 of 4
    auc = weighted_auc(np.array([0.1, 0.2, 0.2, 0.9]), [0, 0, 1, 1], [1, 1, 0, 0])
    assert auc == 3.5 / 4


@pytest.mark.parametrize("levels", [2, 7, 1000])
def test_weighted_auc_is_the_weighted_share_of_ordered_pairs(levels):
    random = np.random.default_rng(levels)
    score = random.integers(0, levels, 300) / levels
    positive, negative = random.random(300), random.random(300) ** 3
    expected = _pairwise_auc(score, positive, negative)
    assert weighted_auc(score, positive, negative) == pytest.approx(expected, abs=1e-13)


def test_auc_of_a_constant_score_is_one_half_and_of_the_reverse_the_complement():
    random = np.random.default_rng(3)
    score, p = random.normal(size=500), random.random(500)
    assert weighted_auc(np.zeros(500), p, 1 - p) == pytest.approx(0.5, abs=1e-14)
    forward = weighted_auc(score, p, 1 - p)
    assert weighted_auc(-score, p, 1 - p) == pytest.approx(1 - forward, abs=1e-13)


def test_auc_is_exact_at_rates_of_one_in_a_million():
    # one positive above all but one of a million negatives
    score = np.arange(1_000_001, dtype=np.float64)
    label = np.zeros(1_000_001)
    label[-2] = 1
    assert weighted_auc(score, label, 1 - label) == pytest.approx(1 - 1e-6, abs=1e-15)


def test_auc_without_a_class_or_with_a_nan_score_is_nan():
    assert np.isnan(weighted_auc(np.array([0.1, 0.2]), [1, 1], [0, 0]))
    assert np.isnan(weighted_auc(np.array([0.1, 0.2]), [0, 0], [1, 1]))
    assert np.isnan(weighted_auc(np.array([np.nan, 0.2]), [1, 0], [0, 1]))
    assert np.isnan(weighted_auc(np.array([]), [], []))


def test_no_score_ranks_better_than_the_probability_itself():
    random = np.random.default_rng(4)
    logit = random.normal(-3, 1.2, 2000)
    p = 1 / (1 + np.exp(-logit))
    optimum = weighted_auc(p, p, 1 - p)
    for noise in (0.01, 0.1, 1.0):
        assert weighted_auc(logit + noise * random.normal(size=2000), p, 1 - p) < optimum


def test_standard_error_is_delongs_over_all_pairs():
    random = np.random.default_rng(5)
    label = random.random(400) < 0.2
    score = np.round(random.normal(size=400) + label, 1)  # rounded: with ties
    wins = (score[label][:, None] > score[~label]) + 0.5 * (score[label][:, None] == score[~label])
    variance = wins.mean(1).var(ddof=1) / label.sum() + wins.mean(0).var(ddof=1) / (~label).sum()
    assert auc_standard_error(score, label) == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_standard_error_is_the_spread_of_the_auc_over_repeated_samples():
    random = np.random.default_rng(6)
    aucs, errors = [], []
    for _ in range(400):
        label = np.repeat([1, 0], [40, 300])
        score = random.normal(size=340) + label
        aucs.append(weighted_auc(score, label, 1 - label))
        errors.append(auc_standard_error(score, label))
    # the deviation of 400 values is known to 3.5 %
    assert np.mean(errors) == pytest.approx(np.std(aucs), rel=0.12)


def test_standard_error_with_weight_zero_leaves_rows_out_and_ignores_a_common_factor():
    random = np.random.default_rng(7)
    label, score = random.integers(0, 2, 200), random.normal(size=200)
    keep = random.random(200) < 0.6
    expected = auc_standard_error(score[keep], label[keep])
    assert auc_standard_error(score, label, keep) == pytest.approx(expected, rel=1e-12)
    assert auc_standard_error(score, label, 5.0 * keep) == pytest.approx(expected, rel=1e-12)


def test_standard_error_of_a_single_positive_is_nan():
    assert np.isnan(auc_standard_error(np.array([0.1, 0.2, 0.3]), np.array([1, 0, 0])))
    assert np.isnan(auc_standard_error(np.array([0.1, 0.2]), np.array([0, 0])))


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
