"""The entire-space product pCTCVR = pCTR x pCVR, as log odds (Ma et al., SIGIR 2018, eq. 2).

The cross entropy of the product is then `pointwise.cross_entropy` of an ordinary logit, and nothing
has to be clipped.
"""

from __future__ import annotations

from typing import Any, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor


def product_logit(ctr_logit: Tensor, cvr_logit: Tensor) -> Tensor:
    """Log odds of sigmoid(ctr_logit) x sigmoid(cvr_logit); shape and dtype of the arguments.

    From 1/(p r) - 1 = e^-a + e^-b + e^-(a+b) follows c = -logsumexp(-a, -b, -a-b).
    """
    return tf.custom_gradient(_value_and_gradient)(ctr_logit, cvr_logit)


def product_class_logits(ctr_classes: Tensor, cvr_classes: Tensor) -> Tensor:
    """Logits of "not converted" and "converted", from those of the two towers; [batch, 2] each.

    A click y and a conversion z have the unnormalised weight e^(a_y + b_z). Converted is y = z = 1;
    the three other cases are not converted, and their weights add up. The difference of the two is
    `product_logit` of the towers' log odds.
    """
    a, b = ctr_classes[:, :, tf.newaxis], cvr_classes[:, tf.newaxis, :]
    cases = tf.reshape(a + b, [-1, 4])
    return tf.stack([tf.reduce_logsumexp(cases[:, :3], axis=1), cases[:, 3]], axis=1)


def two_class_logits(logit: Tensor) -> Tensor:
    """float32 [batch, 2] from [batch]: the logits 0 and `logit`, of the same probability."""
    return tf.stack([tf.zeros_like(logit), logit], axis=1)


def _value_and_gradient(ctr_logit: Tensor, cvr_logit: Tensor) -> Tuple[Tensor, Any]:
    neither = -ctr_logit - cvr_logit
    largest = tf.maximum(tf.maximum(-ctr_logit, -cvr_logit), neither)
    total = tf.exp(-ctr_logit - largest) + tf.exp(-cvr_logit - largest) + tf.exp(neither - largest)

    def gradient(upstream: Tensor) -> Tuple[Tensor, Tensor]:
        return upstream * _slope(ctr_logit, cvr_logit), upstream * _slope(cvr_logit, ctr_logit)

    return -(largest + tf.math.log(total)), gradient


def _slope(logit: Tensor, other: Tensor) -> Tensor:
    """dc/dlogit = (1 - p) / (1 - p r) = 1 / (1 + e^a (1 - r)) = sigmoid(softplus(b) - a).

    Automatic differentiation of logsumexp would do up to +-40. Beyond, one of the two exponentials
    that make up the slope drops below float32's smallest number before the other: at +-80 the
    gradient of the loss was off by up to 4e-4 for a positive and 2e-2 for a negative, against 1e-5
    in this form.
    """
    return tf.sigmoid(tf.math.softplus(other) - logit)
