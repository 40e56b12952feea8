"""Losses on rows of which a share of the negatives was dropped, for answers as of all rows.

A positive (a clicked row) is in the sample with probability 1, a negative with probability w. With
p = sigmoid(a) the probability of a click among all rows, the one in the sample is
    p' = p / (p + w (1 - p)),        a' = log(p' / (1 - p')) = a - ln w,
and what is conditional on a click is the same in both: pCVR is untouched, and
    p(click and conversion | x, sample) = p' pCVR.
Cross entropies of these two are taken with the probabilities of the sample: they are proper there,
so that a, which is what predictions are of, is the log odds among all rows. Subtracting ln w from
negative answers at serving is the same correction of a model that was trained without it.

Any other loss of rows is weighted by the rows that each stands for (Horvitz and Thompson, 1952):
its sum over the sample is in expectation its sum over all rows, only noisier.
"""

from __future__ import annotations

import math

import tensorflow as tf

from easy_esmm.contract import Head, Labels, NegativeSampling, Tensor
from easy_esmm.losses.reduction import at_least_one, rows_in


def sampling_of(label: Tensor, share: float) -> NegativeSampling:
    """The sampling of a batch by its labels [batch], of which a negative's is 0."""
    return NegativeSampling(share, tf.where(label > 0, 1.0, 1.0 / share))


def in_sample(head: Head, share: float) -> Head:
    """The first task's answer as it is in the sample: log odds less ln w, which is added."""
    offset = -math.log(share)
    logit: Tensor = head.logit
    logit += offset
    class_logits = None
    if head.class_logits is not None:
        class_logits = head.class_logits + tf.constant([0.0, offset])
    return Head(tf.sigmoid(logit), logit, class_logits)


def importance_weighted(weight: Tensor, labels: Labels) -> Tensor:
    """Float32 [batch]: `weight` times the rows that each row stands for."""
    return weight if labels.sampling is None else weight * labels.sampling.importance


def in_proportion(mean: Tensor, labels: Labels) -> Tensor:
    """`mean` times the rows of the whole data that a row of the batch stands for on average.

    For what does not grow as negatives are dropped: means over clicked rows, and weights that add
    up to 1. Losses that are means over the rows of the batch grow, as positives are more of them;
    this way the terms of an objective stay in the proportion that they have on all rows.
    """
    if labels.sampling is None:
        return mean
    importance = labels.sampling.importance
    return mean * tf.reduce_sum(importance) / at_least_one(rows_in(importance))
