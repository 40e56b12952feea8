"""Losses of click and conversion together where conversions are still to come.

G = sigmoid(c) = pCTR x pCVR is the rate of clicks that convert *some day*; a log that was cut holds
the conversions that came before. All functions return the losses of the rows, float32 [batch], over
all impressions: an impression without a click is one without a conversion, and its time stands for
that of the click. `c` is the product's logit (`entire_space.product_logit`); a model learns both
factors through it, as ESMM does.

Values and gradients are finite, and right to 2e-5, for logits within +-80 and rates x times from
1e-6 to 1e6.
"""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.contract import ConversionTimes, Tensor
from easy_esmm.losses.entire_space import product_logit
from easy_esmm.losses.pointwise import cross_entropy, softplus

LARGEST_LOG_RATE = 60.0
"""Rates beyond are held here: times of a thousand years still give finite sums."""
_SHORTEST, _LONGEST = 1e-30, 1e30
"""Of rate x time."""


def waiting_window(logit: Tensor, times: ConversionTimes, window: float) -> Tensor:
    """Cross entropy of "converted within the window", of impressions that are as old; else 0.

    Young impressions are left out with or without a click, so that what is left is a sample of all:
    the minimum is G = p(click, conversion within the window). What comes later is lost.
    """
    is_old = tf.cast(times.elapsed >= window, tf.float32)
    return is_old * cross_entropy(_within(times, window), logit)


def fake_negative_weighted(logit: Tensor, times: ConversionTimes) -> Tensor:
    """Importance-weighted stream without a wait (FNW: Ktena et al., RecSys 2019, section 4.2).

    Every impression enters as a negative, and a conversion adds a positive when it comes; a row
    holds both. With t the share of impressions that convert some day the stream has t / (1 + t)
    positives, and the weights of truth against stream are 1 + G and (1 - G)(1 + G), constants:

        positive  (1 + G) (-log G)        negative  (1 - G)(1 + G) (-log(1 - G))

    Where the stream holds as many positives as its impressions will ever have, t (1 + G) / G =
    1 + G, so that the minimum is G = t. Of a single log with a cut it holds the observed ones only,
    with a rate o < t: the minimum is then G = o, no better than taking the log as it is.
    """
    rate, rest = _constants(logit)
    return (1.0 + rate) * (_arrived(times, 0.0) * softplus(-logit)) + (1.0 + rate) * rest * (
        _enters(times, 0.0) * softplus(logit)
    )


def exponential_delay(logit: Tensor, log_rate: Tensor, times: ConversionTimes) -> Tensor:
    """-log likelihood of a conversion and its delay, or of none yet (DFM: Chapelle, KDD 2014).

    Chapelle's is of clicks; here it is of impressions. A delay d has the density lambda e^(-lambda
    d), and e is the time from the click to the cut:

        observed       -log G - log lambda + lambda d
        not observed   -log(1 - G F),  F = 1 - e^(-lambda e) the share that has come by then

    The second holds with and without a click: nothing was observed unless the row was clicked,
    converts some day, and has done so already, which is a product of three probabilities. Its log
    odds are the product's of c and of F, log(e^(lambda e) - 1), so that nothing underflows.

    Args:
      logit: c, [batch].
      log_rate: log lambda, lambda per day, [batch].
      times: of the rows.
    """
    log_rate = tf.clip_by_value(log_rate, -LARGEST_LOG_RATE, LARGEST_LOG_RATE)
    observed = softplus(-logit) - log_rate + tf.exp(log_rate) * times.delay
    is_none = softplus(product_logit(logit, _log_odds_of_arrival(log_rate, times.elapsed)))
    return times.conversion * observed + (1.0 - times.conversion) * is_none


def elapsed_time_sampling(
    logit: Tensor,
    delayed_logit: Tensor,
    fake_logit: Tensor,
    times: ConversionTimes,
    window: float,
) -> Tensor:
    """Importance-weighted stream after a wait (ES-DFM: Yang et al., AAAI 2021, equation 11).

    An impression enters when it is `window` old, as a positive if it has converted by then; a later
    conversion adds a positive when it comes. Weights of truth against stream, constants:

        positive  1 + p_dp        negative  (1 + p_dp) p_rn

    p_dp = p(converts later than the window | x), p_rn = p(never converts | not within the window,
    x). Taken from the paper: sampling, weights, and two binary classifiers for them. Not taken: the
    classifiers are no networks of their own but towers, and all three are of impressions. As of
    `fake_negative_weighted`, conversions after the cut are missing from a single log.

    Args:
      logit: c, [batch].
      delayed_logit: log odds of p_dp, [batch]; without gradient here.
      fake_logit: log odds of 1 - p_rn, [batch]; without gradient here.
      times: of the rows.
      window: days.
    """
    stream = 1.0 + tf.stop_gradient(tf.sigmoid(delayed_logit))
    real = tf.stop_gradient(tf.sigmoid(-fake_logit))
    enters, in_time = _enters(times, window), _within(times, window)
    positive = enters * in_time + _arrived(times, window)
    negative = enters * (1.0 - in_time)
    return stream * (positive * softplus(-logit) + real * negative * softplus(logit))


def delayed_positive(logit: Tensor, times: ConversionTimes, window: float, age: float) -> Tensor:
    """Cross entropy of "converted later than the window", of impressions of that age; else 0."""
    is_mature = tf.cast(times.elapsed >= age, tf.float32)
    return is_mature * cross_entropy(_later(times, window), logit)


def fake_negative(logit: Tensor, times: ConversionTimes, window: float, age: float) -> Tensor:
    """As `delayed_positive`, of impressions without a conversion within the window alone."""
    is_negative = 1.0 - _within(times, window)
    return is_negative * delayed_positive(logit, times, window, age)


def _within(times: ConversionTimes, window: float) -> Tensor:
    return times.conversion * tf.cast(times.delay <= window, tf.float32)


def _later(times: ConversionTimes, window: float) -> Tensor:
    return times.conversion * tf.cast(times.delay > window, tf.float32)


def _enters(times: ConversionTimes, window: float) -> Tensor:
    """1 where an impression became `window` old among the new rows, and before the cut."""
    is_new = times.since_start + window > 0
    return tf.cast(is_new & (times.elapsed >= window), tf.float32)


def _arrived(times: ConversionTimes, window: float) -> Tensor:
    """The conversions later than `window` that came since the new rows begin."""
    is_new = times.since_start + times.delay > 0
    return _later(times, window) * tf.cast(is_new, tf.float32)


def _constants(logit: Tensor) -> Tuple[Tensor, Tensor]:
    return tf.stop_gradient(tf.sigmoid(logit)), tf.stop_gradient(tf.sigmoid(-logit))


def _log_odds_of_arrival(log_rate: Tensor, elapsed: Tensor) -> Tensor:
    """log(e^s - 1) for s = rate x elapsed, the log odds of 1 - e^-s."""
    scaled = tf.clip_by_value(tf.exp(log_rate) * elapsed, _SHORTEST, _LONGEST)
    # Not log(expm1(s)), which overflows from s = 88 on.
    return scaled + tf.math.log(-tf.math.expm1(-scaled))
