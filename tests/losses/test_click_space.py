"""Samples of clicked rows, and the mean over them, against float64 numpy."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.losses import click_space
from easy_esmm.losses.reduction import Reduction

CLICK = np.array([1.0, 1.0, 0.0, 0.0, 1.0])


def constant(values: Any) -> tf.Tensor:
    return tf.constant(values, tf.float32)


def mean_and_gradient(row_loss: Any, times: Any, weight: Any, **options: Any) -> Tuple[float, Any]:
    losses = constant(row_loss)
    with tf.GradientTape() as tape:
        tape.watch(losses)
        mean = click_space.sampled_mean(losses, constant(times), constant(weight), **options)
    return float(mean), tape.gradient(mean, losses).numpy()


def test_unclicked_rows_join_at_the_rate() -> None:
    probability = click_space.with_unclicked(constant(CLICK), 0.25)
    np.testing.assert_array_equal(probability, [1, 1, 0.25, 0.25, 1])


def test_copies_are_of_conversions_only() -> None:
    times = click_space.with_copies(constant(CLICK), constant([1, 0, 0, 0, 1]), 5)
    np.testing.assert_array_equal(times, [5, 1, 0, 0, 5])


def test_a_clicked_row_is_kept_in_inverse_proportion_to_its_click_rate() -> None:
    # Likely clicks at .2 and .8, an unlikely one below the floor of .1, and two rows not clicked.
    pctr = np.array([0.2, 0.8, 0.5, 0.01, 0.02])
    logit = np.log(pctr / (1 - pctr))
    kept = click_space.after_rejection(constant(CLICK), constant(logit), 0.1)
    np.testing.assert_allclose(kept, [0.1 / 0.2, 0.1 / 0.8, 0, 0, 1], rtol=1e-6)


@pytest.mark.parametrize("logit", [-200.0, -80.0, 80.0, 200.0])
def test_saturated_click_rates_are_kept_with_finite_probability(logit: float) -> None:
    (kept,) = click_space.after_rejection(constant([1.0]), constant([logit]), 0.1).numpy()
    assert kept == pytest.approx(1.0 if logit < 0 else 0.1, rel=1e-6)


def test_rejection_passes_no_gradient_to_the_click_rate() -> None:
    logit = tf.Variable([0.5, -0.5])
    with tf.GradientTape() as tape:
        kept = click_space.after_rejection(tf.ones([2]), logit, 0.1)
        mean = click_space.sampled_mean(constant([1.0, 3.0]), kept, tf.ones([2]))
    assert tape.gradient(mean, logit) is None


def test_rows_are_drawn_below_their_probability_and_never_at_zero() -> None:
    probability, noise = constant([0.3, 0.3, 0.0, 1.0]), constant([0.29, 0.31, 0.0, 0.9999999])
    np.testing.assert_array_equal(click_space.drawn(probability, noise), [1, 0, 0, 1])
    np.testing.assert_array_equal(click_space.drawn(probability, None), probability)


def test_mean_is_over_the_rows_of_the_sample() -> None:
    row_loss, times, weight = [1.0, 2.0, 4.0, 8.0], [1.0, 0.0, 0.5, 3.0], [1.0, 9.0, 2.0, 0.5]
    mean, gradient = mean_and_gradient(row_loss, times, weight)
    # (1 x 1 x 1 + .5 x 2 x 4 + 3 x .5 x 8) / (1 + .5 + 3): the divisor counts rows, no weights
    assert mean == pytest.approx((1 + 4 + 12) / 4.5, rel=1e-6)
    np.testing.assert_allclose(gradient, np.array([1, 0, 1, 1.5]) / 4.5, rtol=1e-6)


def test_a_row_copied_five_times_is_a_row_that_weighs_five() -> None:
    random = np.random.default_rng(1)
    row_loss, times = random.uniform(0, 3, 6), np.array([1, 5, 1, 5, 0, 1])
    weight = random.uniform(0, 2, 6)
    weighed, _ = mean_and_gradient(row_loss, times, weight)
    copied = np.repeat(np.arange(6), times)
    expected, _ = mean_and_gradient(row_loss[copied], np.ones(13), weight[copied])
    assert weighed == pytest.approx(expected, rel=1e-5)


def test_an_empty_sample_costs_nothing() -> None:
    mean, gradient = mean_and_gradient([5.0, 7.0], [0.0, 0.0], [1.0, 1.0])
    assert mean == 0
    np.testing.assert_array_equal(gradient, [0, 0])


def test_sum_is_the_mean_times_the_rows_of_the_batch() -> None:
    total, _ = mean_and_gradient(
        [1.0, 2.0, 4.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0], reduction=Reduction.SUM
    )
    assert total == pytest.approx(3 * 2.5, rel=1e-6)
