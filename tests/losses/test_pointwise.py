"""Row losses and their reduction against numpy, and what happens to batches without anything."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.losses import pointwise
from easy_esmm.losses.pointwise import Reduction


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


LABEL = float32([1, 0, 0, 1])
LOGIT = float32([0.0, 2.0, -1.0, -3.0])
WEIGHT = float32([1.0, 2.0, 0.0, 0.5])
MASK = float32([1, 0, 1, 1])
# log(1 + e^x) by hand for the four rows: x = -0, 2, -1, 3.
ROW_LOSS = np.log1p(np.exp([0.0, 2.0, -1.0, 3.0]))


def value_and_gradient(loss: Callable[[Any], Any], logit: Any) -> Tuple[Any, Any]:
    """In graph mode, as training does it."""
    with tf.Graph().as_default():
        x = tf.constant(logit)
        scalar = loss(x)
        (gradient,) = tf.gradients(scalar, [x])
        with v1.Session() as session:
            result: Tuple[Any, Any] = session.run((scalar, gradient))
            return result


def test_cross_entropy_is_that_of_the_probability() -> None:
    probability = 1 / (1 + np.exp(-LOGIT.astype(np.float64)))
    expected = -LABEL * np.log(probability) - (1 - LABEL) * np.log(1 - probability)
    np.testing.assert_allclose(pointwise.cross_entropy(LABEL, LOGIT), expected, rtol=1e-6)
    np.testing.assert_allclose(expected, ROW_LOSS, rtol=1e-12)


def test_cross_entropy_of_a_share_lies_between_those_of_the_classes() -> None:
    logit = tf.constant([1.5])
    both = [float(pointwise.cross_entropy(label, logit)[0]) for label in (0.0, 1.0)]
    mixed = float(pointwise.cross_entropy(0.25, logit)[0])
    assert mixed == pytest.approx(0.75 * both[0] + 0.25 * both[1], rel=1e-6)


LOGITS = float32([-80, -15, -3, -1e-3, 0, 1e-3, 3, 15, 80])


def test_soft_cross_entropy_and_its_gradient_keep_the_digits_of_a_label_near_1() -> None:
    labels = np.repeat(LOGITS, len(LOGITS))
    logits = np.tile(LOGITS, len(LOGITS))
    value, gradient = value_and_gradient(
        lambda x: tf.reduce_sum(pointwise.soft_cross_entropy(labels, x)), logits
    )
    t, x = labels.astype(np.float64), logits.astype(np.float64)
    label, other = 1 / (1 + np.exp(-t)), 1 / (1 + np.exp(t))
    expected = label * np.logaddexp(0, -x) + other * np.logaddexp(0, x)
    np.testing.assert_allclose(pointwise.soft_cross_entropy(labels, logits), expected, rtol=2e-6)
    assert value == pytest.approx(expected.sum(), rel=1e-6)
    slope = other / (1 + np.exp(-x)) - label / (1 + np.exp(x))
    size = label / (1 + np.exp(x)) + other / (1 + np.exp(-x))
    # A difference: relative to what it is one of.
    assert np.max(np.abs(gradient - slope) / size) < 1e-6


def test_soft_labels_are_constants() -> None:
    with tf.Graph().as_default():
        label, logit = tf.constant(LOGITS), tf.constant(LOGITS[::-1])
        loss = pointwise.soft_cross_entropy(label, logit)
        assert tf.gradients(loss, [label]) == [None]


def test_entropy_and_its_gradient_keep_their_digits() -> None:
    value, gradient = value_and_gradient(lambda x: tf.reduce_sum(pointwise.entropy(x)), LOGITS)
    x = LOGITS.astype(np.float64)
    size, rarer = np.abs(x), 1 / (1 + np.exp(np.abs(x)))
    expected = np.log1p(np.exp(-size)) + size * rarer
    np.testing.assert_allclose(pointwise.entropy(LOGITS), expected, rtol=1e-6)
    assert float(pointwise.entropy(tf.constant([0.0]))[0]) == pytest.approx(np.log(2))
    assert value == pytest.approx(expected.sum(), rel=1e-6)
    np.testing.assert_allclose(gradient, -x * rarer * (1 - rarer), rtol=1e-6)


def test_gradient_of_a_well_ranked_positive_is_small_but_not_lost() -> None:
    logit = float32([10, 15, 18, 30, 80])
    loss, gradient = value_and_gradient(
        lambda x: tf.reduce_sum(pointwise.cross_entropy(tf.ones_like(x), x)), logit
    )
    expected = -1 / (1 + np.exp(logit.astype(np.float64)))
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)
    np.testing.assert_allclose(loss, np.log1p(np.exp(-logit.astype(np.float64))).sum(), rtol=1e-6)


def test_gradient_at_logit_zero_is_one_half() -> None:
    for label, expected in ((1.0, -0.5), (0.0, 0.5)):
        loss = partial(pointwise.cross_entropy, label)
        _, gradient = value_and_gradient(loss, float32([0]))
        assert gradient == [expected]


def test_mean_divides_by_rows_not_by_weights() -> None:
    value = pointwise.mean_cross_entropy(LABEL, LOGIT, WEIGHT)
    np.testing.assert_allclose(value, (WEIGHT * ROW_LOSS).sum() / 4, rtol=1e-6)


def test_sum_is_the_weighted_sum() -> None:
    value = pointwise.mean_cross_entropy(LABEL, LOGIT, WEIGHT, Reduction.SUM)
    np.testing.assert_allclose(value, (WEIGHT * ROW_LOSS).sum(), rtol=1e-6)


def test_a_weight_of_two_is_the_row_met_twice() -> None:
    twice = [0, 1, 1, 3]
    once = pointwise.mean_cross_entropy(
        LABEL[[0, 1, 3]], LOGIT[[0, 1, 3]], float32([1, 2, 1]), Reduction.SUM
    )
    repeated = pointwise.mean_cross_entropy(
        LABEL[twice], LOGIT[twice], np.ones(4, np.float32), Reduction.SUM
    )
    np.testing.assert_allclose(once, repeated, rtol=1e-6)


def test_masked_mean_divides_by_the_rows_inside() -> None:
    value = pointwise.masked_mean_cross_entropy(LABEL, LOGIT, MASK, WEIGHT)
    np.testing.assert_allclose(value, (MASK * WEIGHT * ROW_LOSS).sum() / 3, rtol=1e-6)


def test_masked_loss_ignores_rows_outside() -> None:
    moved = np.where(MASK == 0, float32(77), LOGIT)
    ones = np.ones(4, np.float32)
    assert float(pointwise.masked_mean_cross_entropy(LABEL, LOGIT, MASK, ones)) == float(
        pointwise.masked_mean_cross_entropy(LABEL, moved, MASK, ones)
    )


def test_squared_errors_by_hand() -> None:
    label, value = float32([1, 2, 3]), float32([3, 2, 2])  # squares 4, 0, 1
    weight, mask = float32([1, 1, 2]), float32([1, 1, 0])
    assert float(pointwise.mean_squared_error(label, value, weight)) == pytest.approx(2.0)
    assert float(pointwise.mean_squared_error(label, value, weight, Reduction.SUM)) == 6.0
    assert float(pointwise.masked_mean_squared_error(label, value, mask, weight)) == 2.0


@pytest.mark.parametrize("rows", [1, 3])
def test_a_batch_without_clicks_teaches_the_masked_loss_nothing(rows: int) -> None:
    zeros, ones = np.zeros(rows, np.float32), np.ones(rows, np.float32)
    for loss in (pointwise.masked_mean_cross_entropy, pointwise.masked_mean_squared_error):
        masked = partial(loss, ones, mask=zeros, weight=ones)
        value, gradient = value_and_gradient(masked, np.full(rows, 80, np.float32))
        assert value == 0
        np.testing.assert_array_equal(gradient, zeros)


def test_a_batch_of_clicks_only_is_the_plain_mean() -> None:
    ones = np.ones(4, np.float32)
    masked = pointwise.masked_mean_cross_entropy(LABEL, LOGIT, ones, ones)
    np.testing.assert_allclose(masked, ROW_LOSS.mean(), rtol=1e-6)
    np.testing.assert_allclose(masked, pointwise.mean_cross_entropy(LABEL, LOGIT, ones), rtol=1e-7)


def test_one_row_with_an_extreme_logit_has_a_finite_loss_and_gradient() -> None:
    for logit, label in ((80.0, 0.0), (-80.0, 1.0)):
        loss = partial(pointwise.mean_cross_entropy, float32([label]), weight=float32([1]))
        value, gradient = value_and_gradient(loss, float32([logit]))
        assert value == pytest.approx(80.0)
        assert gradient == pytest.approx([np.sign(logit)])


@pytest.mark.parametrize(
    ("loss", "largest"),
    [(pointwise.mean_cross_entropy, 1e30), (pointwise.mean_squared_error, 1e15)],
)
def test_outputs_as_large_as_the_module_says_have_finite_losses_and_gradients(
    loss: Any, largest: float
) -> None:
    outputs = np.tile(float32([largest, -largest]), 10_000)
    weight, label = np.ones_like(outputs), np.repeat(float32([0, 1]), 10_000)
    value, gradient = value_and_gradient(partial(loss, label, weight=weight), outputs)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_an_empty_batch_costs_nothing() -> None:
    none = np.zeros(0, np.float32)
    assert float(pointwise.mean_cross_entropy(none, none, none)) == 0.0
    assert float(pointwise.masked_mean_cross_entropy(none, none, none, none)) == 0.0
