"""How a model of the entire-space family learns from a log whose conversions come late.

Each way is a loss of the product in the place of its cross entropy, and the towers that it needs
besides. The formulas are in `losses.delayed_feedback`.
"""

from __future__ import annotations

import math
from typing import Callable, Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.contract import ConversionTimes, Tensor
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.losses import delayed_feedback as losses
from easy_esmm.losses.entire_space import product_logit
from easy_esmm.models.counterfactual import conversion_prior, head
from easy_esmm.protos.delayed_feedback_pb2 import DelayedFeedback
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.tower_pb2 import Head, TaskTower

RowLosses = Dict[str, Tensor]
"""By name of the loss, float32 [batch]; the product's is called ''."""

DELAY, DELAYED_POSITIVE, FAKE_NEGATIVE = "delay", "delayed_positive", "fake_negative"
"""Towers, and auxiliary outputs [batch]: log lambda without its start, and log odds per click."""


class LateConversions:
    """A way to learn the rate of conversions from those that a log holds."""

    def __init__(self, config: DelayedFeedback) -> None:
        self._config = config

    def heads(self) -> Mapping[str, Head]:
        """The towers that it needs, by name."""
        return {}

    def row_losses(
        self, click: Tensor, product: Tensor, towers: Mapping[str, Tensor], times: ConversionTimes
    ) -> RowLosses:
        """The losses of the rows.

        Args:
          click: the CTR tower's logit, [batch].
          product: the logit of click and conversion, [batch].
          towers: what each of `heads` gives, [batch].
          times: of the rows.
        """
        raise NotImplementedError


class WaitingWindow(LateConversions):
    """Old impressions alone."""

    def row_losses(
        self, click: Tensor, product: Tensor, towers: Mapping[str, Tensor], times: ConversionTimes
    ) -> RowLosses:
        window = self._config.waiting_window.window_days
        return {"": losses.waiting_window(product, times, window)}


class FakeNegativeWeighted(LateConversions):
    """A stream of negatives, and of positives as they come."""

    def row_losses(
        self, click: Tensor, product: Tensor, towers: Mapping[str, Tensor], times: ConversionTimes
    ) -> RowLosses:
        return {"": losses.fake_negative_weighted(product, times)}


class DelayModel(LateConversions):
    """Conversion and exponential delay."""

    def heads(self) -> Mapping[str, Head]:
        return {DELAY: self._config.delay_model.delay_tower}

    def row_losses(
        self, click: Tensor, product: Tensor, towers: Mapping[str, Tensor], times: ConversionTimes
    ) -> RowLosses:
        log_rate = towers[DELAY] - math.log(self._config.delay_model.first_mean_days)
        return {"": losses.exponential_delay(product, log_rate, times)}


class ElapsedTimeSampling(LateConversions):
    """A stream after a short wait, weighted by two further towers.

    Their answers are per click, and times pCTR per impression; they do not teach the CTR tower.
    """

    def heads(self) -> Mapping[str, Head]:
        config = self._config.elapsed_time_sampling
        return {
            DELAYED_POSITIVE: config.delayed_positive_tower,
            FAKE_NEGATIVE: config.fake_negative_tower,
        }

    def row_losses(
        self, click: Tensor, product: Tensor, towers: Mapping[str, Tensor], times: ConversionTimes
    ) -> RowLosses:
        config = self._config.elapsed_time_sampling
        ages = config.window_days, config.mature_days
        delayed, fake = (
            product_logit(tf.stop_gradient(click), towers[name]) for name in self.heads()
        )
        return {
            "": losses.elapsed_time_sampling(product, delayed, fake, times, config.window_days),
            DELAYED_POSITIVE: losses.delayed_positive(delayed, times, *ages),
            FAKE_NEGATIVE: losses.fake_negative(fake, times, *ages),
        }


_WAYS: Dict[str, Callable[[DelayedFeedback], LateConversions]] = {
    "waiting_window": WaitingWindow,
    "fake_negative_weighted": FakeNegativeWeighted,
    "delay_model": DelayModel,
    "elapsed_time_sampling": ElapsedTimeSampling,
}


def late_conversions(config: ModelConfig) -> Optional[LateConversions]:
    """The configured way; None for a log that is taken as it is."""
    kind = config.delayed_feedback.WhichOneof("loss")
    return None if kind is None else _WAYS[kind](config.delayed_feedback)


def make_towers(
    late: Optional[LateConversions], cvr_tower: TaskTower, product_dtype: tf.DType
) -> Dict[str, TowerLayers]:
    """By name; they read what the CVR tower reads.

    Late conversions are a part of all: their rate starts at that of all, where it is known.
    """
    prior = conversion_prior(cvr_tower)
    heads = {} if late is None else late.heads()
    return {
        name: head(
            config, cvr_tower, f"{name}_tower", product_dtype, None if name == DELAY else prior
        )
        for name, config in heads.items()
    }


def is_new(times: ConversionTimes) -> Tensor:
    """float32 [batch]: 1 for rows that no earlier training has read."""
    return tf.cast(times.since_start > 0, tf.float32)
