"""Propensity weights against float64 numpy, and that no gradient passes them."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.losses import propensity
from easy_esmm.losses.propensity import Clip

NEVER = Clip(floor=1e-30)


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


def value_and_gradient(function: Callable[[Any], Any], x: Any) -> Tuple[Any, Any]:
    point = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = function(point)
    none = tf.UnconnectedGradients.ZERO
    return value.numpy(), tape.gradient(value, point, unconnected_gradients=none).numpy()


@pytest.mark.parametrize("clip", [NEVER, Clip(), Clip(0.1), Clip(0.03, 0.5), Clip(0.2, 0.2)])
def test_weights_are_the_inverse_of_the_clipped_probability(clip: Clip) -> None:
    logit = float32(np.linspace(-80, 80, 4001))
    probability = 1 / (1 + np.exp(-logit.astype(np.float64)))
    expected = 1 / np.clip(probability, clip.floor, clip.cap)
    value = propensity.inverse(logit, clip).numpy()
    # float32's exponential is off by its argument's last bit: 80 x 2^-24 = 5e-6.
    np.testing.assert_allclose(value, np.maximum(expected, 1), rtol=6e-6)
    clipped = (probability < clip.floor) | (probability > clip.cap)
    np.testing.assert_array_equal(propensity.is_clipped(logit, clip), clipped)


def test_weights_by_hand() -> None:
    # Odds 1, 1/9, 1/99: probabilities .5, .1 and .01, the last one below the floor of .03.
    logit = float32(-np.log([1, 9, 99]))
    np.testing.assert_allclose(propensity.inverse(logit, Clip()), [2, 10, 1 / 0.03], rtol=1e-6)
    np.testing.assert_array_equal(propensity.is_clipped(logit, Clip()), [0, 0, 1])
    capped = Clip(0.03, 0.25)
    np.testing.assert_allclose(propensity.inverse(logit, capped), [4, 10, 1 / 0.03], rtol=1e-6)
    np.testing.assert_array_equal(propensity.is_clipped(logit, capped), [1, 0, 1])


def test_a_floor_of_a_tenth_makes_rare_clicks_all_alike() -> None:
    # Click probabilities between .01 and .09: after the paper's floor nothing tells them apart.
    probability = np.linspace(0.01, 0.09, 9)
    logit = float32(np.log(probability / (1 - probability)))
    np.testing.assert_allclose(propensity.inverse(logit, Clip(0.1)), np.full(9, 10), rtol=1e-6)
    assert np.ptp(propensity.inverse(logit, Clip(0.03))) > 20


def test_propensities_that_underflow_weigh_what_the_floor_allows() -> None:
    logit = float32([-3e38, -200, 200, 3e38])
    np.testing.assert_allclose(propensity.inverse(logit, Clip(0.01)), [100, 100, 1, 1], rtol=1e-6)
    np.testing.assert_array_equal(propensity.is_clipped(logit, Clip(0.01)), [1, 1, 0, 0])


def test_estimates_of_a_mean_divide_by_all_rows() -> None:
    mask, weight = float32([0, 1, 1, 0]), float32([7, 2, 10, 9])
    np.testing.assert_allclose(propensity.mean_weights(mask, weight), [0, 0.5, 2.5, 0])


def test_self_normalised_weights_add_up_to_one() -> None:
    mask, weight = float32([0, 1, 1, 0]), float32([7, 2, 6, 9])
    np.testing.assert_allclose(propensity.self_normalized(mask, weight), [0, 0.25, 0.75, 0])


@pytest.mark.parametrize("weights", [propensity.mean_weights, propensity.self_normalized])
def test_without_a_row_inside_every_weight_is_zero(weights: Callable[..., Any]) -> None:
    np.testing.assert_array_equal(weights(float32([0, 0]), float32([5, 1e30])), [0, 0])
    assert weights(float32([]), float32([])).shape == (0,)


def test_a_million_of_the_largest_weights_have_a_finite_sum() -> None:
    mask = np.ones(1_000_000, np.float32)
    weight = propensity.inverse(-80 * mask, NEVER).numpy()
    assert weight[0] == pytest.approx(1e30)
    np.testing.assert_allclose(propensity.self_normalized(mask, weight).numpy(), 1e-6, rtol=1e-3)


def test_no_weight_passes_a_gradient_on() -> None:
    logit, mask = float32([-2, 0, 1]), float32([1, 0, 1])
    value, gradient = value_and_gradient(lambda x: propensity.inverse(x, Clip()), logit)
    assert np.ptp(value) > 1  # it does depend on the logit
    np.testing.assert_array_equal(gradient, np.zeros(3))
    for weights in (propensity.mean_weights, propensity.self_normalized):
        # Squared: the sum of self-normalised weights is constant, and so is without a gradient.
        of_weight = value_and_gradient(lambda x, w=weights: w(mask, x) ** 2, float32([1, 2, 3]))
        np.testing.assert_array_equal(of_weight[1], np.zeros(3))
        of_mask = value_and_gradient(lambda x, w=weights: w(x, float32([1, 2, 3])) ** 2, mask)
        np.testing.assert_array_equal(of_mask[1], np.zeros(3))
