"""Figures and their standard errors, by hand and by resampling."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.calibration.probability import log_loss, sigmoid
from easy_esmm.calibration.scores import mean, scores

RANDOM = np.random.default_rng(1)


def test_predicted_over_observed_log_loss_and_calibration_error_by_hand() -> None:
    # Probabilities .5, .5, .25; two of the rows in one bin of equal logits.
    logit, label = np.log([1.0, 1.0, 1 / 3]), np.array([1.0, 0.0, 0.0])
    found = scores(logit, label, np.array([1.0, 1.0, 2.0]))
    assert found.ratio.value == pytest.approx(1.5)  # (.5 + .5 + 2 x .25) / 1
    assert found.log_loss.value == pytest.approx((2 * np.log(2) - 2 * np.log(0.75)) / 4)
    assert found.calibration_error.value == pytest.approx(2 * 0.25 / 4)


def test_bins_of_the_calibration_error_have_equal_weight_and_weighted_gaps() -> None:
    # Two rows of .5 whose gaps are .5 and -.5, of weights 3 and 1.
    found = scores(np.zeros(2), np.array([0.0, 1.0]), np.array([3.0, 1.0]))
    assert found.calibration_error.value == pytest.approx((3 * 0.5 - 0.5) / 4)
    # The first two of three logits have a fifteenth of the weight: one bin, whose gaps cancel.
    logit, label = np.array([-0.01, 0.01, 1.0]), np.array([0.0, 1.0, 1.0])
    found = scores(logit, label, np.array([1.0, 1.0, 28.0]))
    assert found.calibration_error.value == pytest.approx(
        28 * sigmoid(np.array(-1.0)) / 30, abs=1e-9
    )


def test_the_cross_entropy_is_exact_in_the_tails() -> None:
    np.testing.assert_allclose(log_loss(np.array([80.0, -80.0]), np.array([0.0, 1.0])), 80.0)
    np.testing.assert_allclose(log_loss(np.array([80.0]), np.array([1.0])), np.exp(-80.0))


@pytest.mark.parametrize("figure", ["ratio", "log_loss", "calibration_error"])
def test_the_standard_error_is_the_spread_over_samples(figure: str) -> None:
    found = []
    for _ in range(400):
        logit = RANDOM.normal(-2, 1, 4_000)
        label = (RANDOM.random(len(logit)) < sigmoid(logit - 0.5)).astype(float)
        found.append(getattr(scores(logit, label, np.ones(4_000)), figure))
    values = np.array([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(values.std(), rel=0.15)


def test_the_standard_error_of_a_weighted_mean_by_hand() -> None:
    found = mean(np.array([1.0, 3.0]), np.array([1.0, 3.0]))
    assert found.value == pytest.approx(2.5)
    assert found.error == pytest.approx(np.hypot(1 * 1.5, 3 * 0.5) / 4)


def test_rows_of_one_cluster_count_as_one_observation() -> None:
    values = RANDOM.normal(0, 1, 500)
    alone = mean(values, np.ones(500))
    doubled = np.repeat(values, 2)
    together = mean(doubled, np.ones(1_000), np.repeat(np.arange(500), 2))
    assert together.error == pytest.approx(alone.error, rel=1e-12)
    assert mean(doubled, np.ones(1_000)).error == pytest.approx(alone.error / np.sqrt(2), rel=1e-12)
