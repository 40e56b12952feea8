"""The quotient pCVR = pCTCVR / pCTR, as log odds (DIVISION: Ma et al., SIGIR 2018).

Two networks may contradict each other: where pCTCVR is not below pCTR the quotient is no
probability, and it is capped just below 1.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor

LARGEST = 1.0 - 1e-6
"""The cap of the quotient: float32 tells it from 1, and its log odds are 13.8."""

LARGEST_LOGIT = math.log(LARGEST / (1.0 - LARGEST))


def quotient_logit(ctcvr_logit: Tensor, ctr_logit: Tensor) -> Tensor:
    """Log odds of min(sigmoid(ctcvr_logit) / sigmoid(ctr_logit), `LARGEST`); any shape, float32.

    With r = (1 + e^-a) / (1 + e^-c), a the CTR and c the CTCVR logit, 1 - r = (e^-c - e^-a) /
    (1 + e^-c), so that for c < a

        log(r / (1 - r)) = log(1 + e^-a) + c - log(1 - e^(c-a))

    It rises with r, so it ranks rows as the quotient does; capped rows are tied.
    """
    # At c = a and above, e^(c-a) is held just below 1: the last summand is then 87 or so, the
    # others add up to more than 0, and the cap applies.
    distance = tf.maximum(ctr_logit - ctcvr_logit, np.finfo(np.float32).tiny)
    # c + log(1 + e^-a), without the difference of two large numbers for a negative a.
    difference = ctcvr_logit - tf.minimum(ctr_logit, 0.0)
    numerator = difference + tf.math.log1p(tf.exp(-tf.abs(ctr_logit)))
    return tf.minimum(numerator - tf.math.log(-tf.math.expm1(-distance)), LARGEST_LOGIT)


def is_capped(quotient: Tensor) -> Tensor:
    """1 where `quotient_logit` has reached the cap, else 0; float32."""
    return tf.cast(quotient >= LARGEST_LOGIT, tf.float32)
