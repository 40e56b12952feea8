"""The quotient's log odds against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.losses import quotient


def in_numpy(ctcvr_logit: Any, ctr_logit: Any) -> Any:
    """log(r / (1 - r)) from r = p_c / p_a, with 1 - r from the difference of the inverse odds."""
    c, a = np.asarray(ctcvr_logit, np.float64), np.asarray(ctr_logit, np.float64)
    log_ratio = np.logaddexp(0, -a) - np.logaddexp(0, -c)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_rest = -c + np.log(-np.expm1(np.minimum(c - a, 0))) - np.logaddexp(0, -c)
    return np.where(c < a, np.minimum(log_ratio - log_rest, quotient.LARGEST_LOGIT), np.inf)


def ours(ctcvr_logit: Any, ctr_logit: Any) -> Any:
    c, a = (tf.constant(logit, tf.float32) for logit in (ctcvr_logit, ctr_logit))
    return quotient.quotient_logit(c, a).numpy()


def test_the_logit_is_that_of_the_quotient_of_probabilities() -> None:
    # .02 / .1 = .2 and .3 / .4 = .75
    pctcvr, pctr = np.array([0.02, 0.3]), np.array([0.1, 0.4])
    logit = ours(np.log(pctcvr / (1 - pctcvr)), np.log(pctr / (1 - pctr)))
    np.testing.assert_allclose(logit, [np.log(0.2 / 0.8), np.log(0.75 / 0.25)], rtol=1e-5)


@pytest.mark.parametrize("reach", [1.0, 15.0, 80.0])
def test_the_logit_agrees_with_float64(reach: float) -> None:
    random = np.random.default_rng(2)
    a, c = random.uniform(-reach, reach, [2, 20_000]).astype(np.float32)
    expected = np.minimum(in_numpy(c, a), quotient.LARGEST_LOGIT)
    np.testing.assert_allclose(ours(c, a), expected, rtol=2e-6, atol=2e-6)


def test_nearly_equal_logits_keep_their_digits() -> None:
    a = np.full(4, -3.0, np.float32)
    c = a - np.array([1e-1, 1e-2, 1e-3, 1e-4], np.float32)
    np.testing.assert_allclose(ours(c, a), in_numpy(c, a), rtol=1e-5)


def test_a_quotient_of_one_or_more_is_capped_just_below_one() -> None:
    logit = ours([0.0, 1.0, 80.0, 80.0, -80.0], [0.0, 0.0, -80.0, 80.0, -80.0])
    np.testing.assert_array_equal(logit, np.full(5, np.float32(quotient.LARGEST_LOGIT)))
    np.testing.assert_allclose(1 - tf.sigmoid(logit), 1e-6, rtol=0.05)  # float32 near 1
    np.testing.assert_array_equal(quotient.is_capped(logit), np.ones(5))
    np.testing.assert_array_equal(quotient.is_capped(ours([-1.0], [0.0])), [0])


def test_rows_are_ranked_by_the_quotient() -> None:
    random = np.random.default_rng(3)
    a = random.uniform(-6, 2, 400).astype(np.float32)
    c = a - random.uniform(0.1, 6, 400).astype(np.float32)
    a64, c64 = a.astype(np.float64), c.astype(np.float64)
    ratio = (1 + np.exp(-a64)) / (1 + np.exp(-c64))
    ascending = ours(c, a)[np.argsort(ratio)]
    assert np.diff(ascending).min() > -1e-5
    assert ascending[-1] - ascending[0] > 1
