"""Losses of late conversions against float64 numpy: values, gradients, and where they lead."""

from __future__ import annotations

from typing import Any, Callable, Dict, Sequence, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.contract import ConversionTimes
from easy_esmm.losses import delayed_feedback
from easy_esmm.losses.entire_space import product_logit

LOGITS = np.array([-80.0, -15.0, -3.0, -0.2, 0.0, 2.0, 15.0, 80.0])


def sigmoid(x: Any) -> Any:
    return np.exp(-np.logaddexp(0.0, -x))


def times_of(
    conversion: Any, delay: Any, elapsed: Any, since_start: Any = np.inf
) -> ConversionTimes:
    shaped = np.broadcast_arrays(conversion, delay, elapsed, since_start)
    return ConversionTimes(*(tf.constant(array, tf.float32) for array in shaped))


def value_and_gradients(
    loss: Callable[..., Any], logits: Sequence[Any], times: ConversionTimes
) -> Tuple[Any, ...]:
    variables = [tf.constant(logit, tf.float32) for logit in logits]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        value = loss(*variables, times)
    return (value.numpy(), *(g.numpy() for g in tape.gradient(value, variables)))


def exponential_delay_in_float64(
    c: Any, log_rate: Any, z: Any, delay: Any, elapsed: Any
) -> Tuple[Any, Any, Any]:
    """The likelihood of the docstring and its derivatives by c and log lambda.

    Not observed: -log(1 - G F) = log(1 + e^c) - log(1 + e^(c - s)), s = lambda e, without the
    difference: with u = e^c (1 - e^-s) / (1 + e^(c - s)) it is log(1 + u).
    """
    rate = np.exp(log_rate)
    observed = np.logaddexp(0, -c) - log_rate + rate * delay
    s = rate * elapsed
    log_u = c + np.log(-np.expm1(-s)) - np.logaddexp(0, c - s)
    none = np.logaddexp(0, log_u)
    # d/dc: sigmoid(c) - sigmoid(c - s) = u (1 - G) / (1 + u) x ..., written without the difference:
    by_c = np.exp(np.log(-np.expm1(-s)) + c - np.logaddexp(0, c) - np.logaddexp(0, c - s))
    by_log_rate = s * sigmoid(c - s)
    return (
        np.where(z, observed, none),
        np.where(z, -sigmoid(-c), by_c),
        np.where(z, rate * delay - 1, by_log_rate),
    )


@pytest.mark.parametrize("z", [0.0, 1.0])
def test_the_delay_model_is_right_at_extreme_logits_and_times(z: float) -> None:
    c, log_rate, elapsed = (
        grid.ravel() for grid in np.meshgrid(LOGITS, [-8.0, -1.0, 0.0, 3.0], np.logspace(-4, 5, 19))
    )
    # Such as rate x time stays within 1e-6 .. 1e6.
    inside = np.abs(log_rate + np.log(elapsed)) < np.log(1e6)
    c, log_rate, elapsed = (np.float32(x[inside]) for x in (c, log_rate, elapsed))
    delay = np.float32(0.3) * elapsed
    expected = exponential_delay_in_float64(
        *(np.float64(x) for x in (c, log_rate)), z > 0, np.float64(delay), np.float64(elapsed)
    )
    found = value_and_gradients(
        delayed_feedback.exponential_delay, (c, log_rate), times_of(z, delay, elapsed)
    )
    assert len(c) > 500
    for mine, exact in zip(found, expected):
        assert np.all(np.isfinite(mine))
        np.testing.assert_allclose(mine, exact, rtol=2e-5, atol=1e-35)


def test_a_row_of_the_moment_of_the_cut_says_nothing() -> None:
    found = value_and_gradients(
        delayed_feedback.exponential_delay, ([5.0, -5.0], [2.0, 60.0]), times_of(0.0, 0.0, 0.0)
    )
    np.testing.assert_allclose(found, 0.0, atol=1e-10)


def test_rates_beyond_all_measure_stay_finite() -> None:
    times = times_of([0.0, 1.0, 0.0, 1.0], [0.0, 1e4, 0.0, 1e4], 1e5)
    found = value_and_gradients(
        delayed_feedback.exponential_delay, ([80.0, 80.0, -80.0, -80.0], [1e3, 1e3, -1e3, -1e3]),
        times,
    )  # fmt: skip
    assert np.all(np.isfinite(found))


def test_the_product_of_the_towers_learns_through_the_delay_model() -> None:
    """d/da and d/db of -log(1 - p r F) are p r F (1 - p) / (1 - p r F) and the like."""
    a, b, log_rate, elapsed = np.float64([0.4, -1.0]), np.float64([-2.0, 3.0]), -1.0, 2.0
    found = value_and_gradients(
        lambda x, y, times: delayed_feedback.exponential_delay(
            product_logit(x, y), tf.constant([log_rate] * 2), times
        ),
        (a, b),
        times_of([0.0, 0.0], 0.0, elapsed),
    )
    seen = sigmoid(a) * sigmoid(b) * (1 - np.exp(-np.exp(log_rate) * elapsed))
    np.testing.assert_allclose(found[0], -np.log(1 - seen), rtol=1e-6)
    np.testing.assert_allclose(found[1], seen / (1 - seen) * sigmoid(-a), rtol=2e-6)
    np.testing.assert_allclose(found[2], seen / (1 - seen) * sigmoid(-b), rtol=2e-6)


# Four rows 10 days before the cut, and one of 2 days; conversions after half a day and three. The
# fourth was clicked before the new rows begin.
TIMES = times_of(
    [1.0, 1.0, 0.0, 1.0, 0.0],
    [0.5, 3.0, 0.0, 3.0, 0.0],
    [10.0, 10.0, 10.0, 10.0, 2.0],
    [5.0, 5.0, 5.0, -2.5, 30.0],
)
C = np.array([-1.0, 0.5, -2.0, 1.5, 0.3])
G = sigmoid(C)


def test_the_waiting_window_takes_old_rows_and_conversions_inside_it() -> None:
    value, by_c = value_and_gradients(
        lambda c, times: delayed_feedback.waiting_window(c, times, 2.5), (C,), TIMES
    )
    label, is_old = np.array([1, 0, 0, 0, 0]), np.array([1, 1, 1, 1, 0])
    expected = -is_old * (label * np.log(G) + (1 - label) * np.log(1 - G))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(by_c, is_old * (G - label), rtol=1e-6)


def test_the_ends_of_the_window_belong_to_it() -> None:
    times = times_of([1.0], [7.0], [7.0])
    value, _ = value_and_gradients(
        lambda c, t: delayed_feedback.waiting_window(c, t, 7.0), (np.zeros(1),), times
    )
    np.testing.assert_allclose(value, np.log(2), rtol=1e-6)


def test_fake_negatives_enter_once_and_conversions_add_a_positive() -> None:
    """The fourth row was clicked 2.5 days before the new rows begin, and converted after 3."""
    value, by_c = value_and_gradients(delayed_feedback.fake_negative_weighted, (C,), TIMES)
    positive, negative = np.array([1, 1, 0, 1, 0]), np.array([1, 1, 1, 0, 1])
    expected = -(1 + G) * (positive * np.log(G) + (1 - G) * negative * np.log(1 - G))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    # The weights are constants.
    slope = (1 + G) * (1 - G) * (G * negative - positive)
    np.testing.assert_allclose(by_c, slope, rtol=2e-6)


def test_elapsed_time_sampling_weighs_by_both_towers() -> None:
    delayed, fake = np.array([-3.0, 0.0, 1.0, -1.0, 2.0]), np.array([0.5, -2.0, 0.0, 1.0, -9.0])
    value, by_c, *others = _with_towers(delayed, fake)
    stream, real = 1 + sigmoid(delayed), 1 - sigmoid(fake)
    # With a window of 2.2 days the fourth row entered .3 days before the new rows begin, and the
    # last, two days old, has not yet.
    positive, negative = np.array([1, 1, 0, 1, 0]), np.array([0, 1, 1, 0, 0])
    expected = -stream * (positive * np.log(G) + real * negative * np.log(1 - G))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(by_c, stream * (real * negative * G - positive * (1 - G)), rtol=1e-6)
    assert others == [None, None]


def _with_towers(delayed: Any, fake: Any) -> Tuple[Any, ...]:
    variables = [tf.constant(x, tf.float32) for x in (C, delayed, fake)]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        value = delayed_feedback.elapsed_time_sampling(*variables, TIMES, 2.2)
    by_c, *others = tape.gradient(value, variables)
    return (value.numpy(), by_c.numpy(), *others)


def test_the_towers_of_the_weights_learn_from_mature_rows() -> None:
    value, _ = value_and_gradients(
        lambda c, times: delayed_feedback.delayed_positive(c, times, 2.5, 10.0), (C,), TIMES
    )
    label, is_mature = np.array([0, 1, 0, 1, 0]), np.array([1, 1, 1, 1, 0])
    expected = -is_mature * (label * np.log(G) + (1 - label) * np.log(1 - G))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    value, _ = value_and_gradients(
        lambda c, times: delayed_feedback.fake_negative(c, times, 2.5, 10.0), (C,), TIMES
    )
    np.testing.assert_allclose(value, expected * np.array([0, 1, 1, 1, 0]), rtol=1e-6)


def _planted(rows: int = 100_000) -> Tuple[ConversionTimes, float, Dict[str, float]]:
    """Impressions of one rate G = .3 over 30 days, exponential delays of mean 6, cut at day 30."""
    random = np.random.default_rng(5)
    rate, mean = 0.3, 6.0
    clicked = random.uniform(0, 30, rows)
    delay = random.exponential(mean, rows)
    is_observed = (random.random(rows) < rate) & (clicked + delay <= 30)
    times = times_of(is_observed, np.where(is_observed, delay, 0), 30 - clicked, clicked - 10)
    shares = {"observed": float(is_observed.mean()), "within 7": rate * -np.expm1(-7 / mean)}
    return times, rate, shares


def _missing(rate: float) -> float:
    """Share of the conversions of days 10 to 30 that are of clicks before day 0."""
    return float(rate * 6 / 20 * np.exp(-10 / 6) * (1 - np.exp(-20 / 6)))


def _minimum(loss: Callable[[Any, ConversionTimes], Any], times: ConversionTimes) -> float:
    """The rate at which the summed gradient by a common logit is 0, by bisection."""
    low, high = -6.0, 6.0
    for _ in range(20):
        middle = (low + high) / 2
        rows = np.full(times.elapsed.shape, middle)
        _, slope = value_and_gradients(loss, (rows,), times)
        low, high = (middle, high) if np.sum(slope, dtype=np.float64) < 0 else (low, middle)
    return float(sigmoid(low))


def test_the_delay_model_finds_the_rate_of_all_conversions() -> None:
    times, rate, shares = _planted()
    found = _minimum(
        lambda c, t: delayed_feedback.exponential_delay(
            c, tf.fill(c.shape, np.float32(-np.log(6.0))), t
        ),
        times,
    )
    assert found == pytest.approx(rate, abs=0.006)
    assert shares["observed"] < 0.25


def test_the_waiting_window_finds_the_rate_inside_the_window() -> None:
    times, _, shares = _planted()
    found = _minimum(lambda c, t: delayed_feedback.waiting_window(c, t, 7.0), times)
    assert found == pytest.approx(shares["within 7"], abs=0.006)


def test_a_stream_of_fake_negatives_finds_nearly_all_and_one_log_what_it_holds() -> None:
    """Days 10 to 30 hold the conversions of earlier clicks in the place of those still to come."""
    times, rate, shares = _planted()
    stream = _minimum(delayed_feedback.fake_negative_weighted, times)
    assert stream == pytest.approx(rate - _missing(rate), abs=0.006)
    one_log = times_of(times.conversion, times.delay, times.elapsed)
    found = _minimum(delayed_feedback.fake_negative_weighted, one_log)
    assert found == pytest.approx(shares["observed"], abs=0.003)


def test_elapsed_time_sampling_finds_the_rate_with_the_right_weights() -> None:
    """p_dp = G e^(-1 / 6), 1 - p_rn = p_dp / (1 - G + p_dp).

    The conversions of clicks before day 0 are missing here too: from the positives alone.
    """
    times, rate, _ = _planted()
    delayed = rate * np.exp(-1 / 6)
    fake = delayed / (1 - rate + delayed)
    logits = [np.log(p / (1 - p)) for p in (delayed, fake)]
    found = _minimum(
        lambda c, t: delayed_feedback.elapsed_time_sampling(
            c, *(tf.fill(c.shape, float(logit)) for logit in logits), t, 1.0
        ),
        times,
    )
    came = rate - _missing(rate)
    assert found == pytest.approx(came / (came + 1 - rate), abs=0.006)
