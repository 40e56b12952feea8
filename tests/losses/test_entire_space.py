"""The CTCVR logit against float64 numpy: value, loss and gradients, to the last finite logit."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.compat import v1
from easy_esmm.losses.entire_space import product_logit
from easy_esmm.losses.pointwise import cross_entropy


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


PAIRS = 200_000
SMALLEST = float(np.finfo(np.float32).tiny)

# Largest relative errors of float32: range -> (loss for label 0, loss for label 1, gradients).
BOUNDS = {
    1: (1e-6, 8e-7, 1e-6),
    5: (1.5e-6, 8e-7, 1.5e-6),
    15: (2.1e-6, 8e-7, 3e-6),
    40: (5e-6, 3e-6, 6e-6),
    80: (8e-6, 4e-6, 1e-5),
}


def sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def reference(a: Any, b: Any, label: float) -> Tuple[Any, Any, Any]:
    """Loss and its derivatives by a and b, in float64.

    Label 1: -log(p r) and -(1 - p). Label 0: -log(1 - p r) and p r (1 - p) / (1 - p r).
    """
    negatives = np.stack([-a, -b, -a - b])
    largest = negatives.max(axis=0)
    c = -(largest + np.log(np.exp(negatives - largest).sum(axis=0)))
    if label == 1:
        return softplus(-a) + softplus(-b), -sigmoid(-a), -sigmoid(-b)
    odds = np.exp(c)  # p r / (1 - p r)
    return np.log1p(odds), odds * sigmoid(-a), odds * sigmoid(-b)


def eagerly(a: Any, b: Any, label: float) -> Tuple[Any, Any, Any]:
    x, y = tf.constant(a), tf.constant(b)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        loss = cross_entropy(label, product_logit(x, y))
    by_a, by_b = tape.gradient(loss, [x, y])
    return loss.numpy(), by_a.numpy(), by_b.numpy()


def in_a_graph(a: Any, b: Any, label: float) -> Tuple[Any, Any, Any]:
    with tf.Graph().as_default():
        x, y = tf.constant(a), tf.constant(b)
        loss = cross_entropy(tf.constant(label), product_logit(x, y))
        by_a, by_b = tf.gradients(loss, [x, y])
        with v1.Session() as session:
            values: Tuple[Any, Any, Any] = session.run((loss, by_a, by_b))
            return values


MODES: Dict[str, Callable[[Any, Any, float], Tuple[Any, Any, Any]]] = {
    "eager": eagerly,
    "graph": in_a_graph,
}


def largest_relative_error(value: Any, truth: Any) -> float:
    """Where float32 holds the truth; below its smallest number only a tiny value is right."""
    holds = np.abs(truth) > SMALLEST
    assert np.all(np.abs(value[~holds]) <= SMALLEST)
    return float(np.max(np.abs(value[holds] - truth[holds]) / np.abs(truth[holds])))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reach", BOUNDS)
def test_loss_and_gradients_keep_their_digits(mode: str, reach: int) -> None:
    generator = np.random.default_rng(reach)
    a, b = generator.uniform(-reach, reach, (2, PAIRS)).astype(np.float32)
    for label in (0, 1):
        loss, by_a, by_b = MODES[mode](a, b, float(label))
        truth = reference(a.astype(np.float64), b.astype(np.float64), float(label))
        assert largest_relative_error(loss, truth[0]) <= BOUNDS[reach][label]
        assert largest_relative_error(by_a, truth[1]) <= BOUNDS[reach][2]
        assert largest_relative_error(by_b, truth[2]) <= BOUNDS[reach][2]
        assert (loss >= 0).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_positive_that_both_towers_deny_still_pulls_with_full_force(mode: str) -> None:
    # p r = e^-30 = 9e-14: on a product clipped at 1e-7 this gradient is exactly 0.
    loss, by_a, by_b = MODES[mode](float32([-15]), float32([-15]), 1.0)
    # -log(p r) = 2 softplus(15) = 30.0000006; the derivative is -(1 - p) = -sigmoid(15).
    np.testing.assert_allclose(loss, [2 * softplus(15.0)], rtol=3e-7)
    np.testing.assert_allclose([by_a[0], by_b[0]], [-sigmoid(15.0)] * 2, rtol=3e-7)


@pytest.mark.parametrize("mode", MODES)
def test_the_four_corners_have_the_gradients_of_the_formula(mode: str) -> None:
    a = float32([80, 80, -80, -80])
    b = float32([80, -80, 80, -80])
    for label in (0.0, 1.0):
        values = MODES[mode](a, b, label)
        truths = reference(a.astype(np.float64), b.astype(np.float64), label)
        for value, truth in zip(values, truths):
            assert np.isfinite(value).all()
            assert largest_relative_error(value, truth) <= 1e-5


def test_two_undecided_towers_give_one_quarter() -> None:
    # p = r = 1/2: p r = 1/4, log odds -log 3.
    value = product_logit(tf.constant([0.0]), tf.constant([0.0])).numpy()
    np.testing.assert_allclose(value, [-np.log(3.0)], rtol=1e-7)


def test_a_certain_click_leaves_the_conversion_logit() -> None:
    value = product_logit(tf.fill([3], 80.0), tf.constant([-7.0, 0.5, 9.0])).numpy()
    np.testing.assert_allclose(value, [-7.0, 0.5, 9.0], rtol=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.floats(-80, 80, width=32), st.floats(-80, 80, width=32))
def test_the_product_is_symmetric_and_below_both_factors(a: float, b: float) -> None:
    value = product_logit(tf.constant(a), tf.constant(b)).numpy()
    assert value == product_logit(tf.constant(b), tf.constant(a)).numpy()
    assert value <= min(a, b) + 1e-6 * (1 + abs(min(a, b)))


def test_logits_far_beyond_any_model_stay_finite() -> None:
    extreme = float32([-1e4, -200, 200, 1e4])
    a, b = (part.ravel() for part in np.meshgrid(extreme, extreme))
    for label in (0.0, 1.0):
        for value in in_a_graph(a, b, label):
            assert np.isfinite(value).all()
