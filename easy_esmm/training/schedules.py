"""Learning rates over the steps, by the name of the config's oneof."""

from __future__ import annotations

from typing import Any, Callable, Dict

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.protos.optimizer_pb2 import (
    ConstantLearningRate,
    ExponentialDecayLearningRate,
    LearningRate,
)


def learning_rate(config: LearningRate, global_step: Tensor) -> Tensor:
    """float32 scalar: the rate of the update that turns step `global_step` into the next.

    Args:
      global_step: integer scalar, 0 at the first update.
    """
    kind = config.WhichOneof("learning_rate")
    if kind is None:
        return _constant(ConstantLearningRate(), global_step)
    return _SCHEDULES[kind](getattr(config, kind), global_step)


def _constant(config: ConstantLearningRate, global_step: Tensor) -> Tensor:
    del global_step
    return tf.constant(config.learning_rate, tf.float32)


def _exponential_decay(config: ExponentialDecayLearningRate, global_step: Tensor) -> Tensor:
    """Linear from the burn-in rate to the initial, then initial x factor ^ (steps / decay_steps).

    The steps of the decay count from the end of the burn-in. Computed in float64: at step 2^24 a
    float32 no longer tells one step from the next.
    """
    step = tf.cast(global_step, tf.float64)
    initial = tf.constant(config.initial_learning_rate, tf.float64)
    periods = (step - config.burnin_steps) / config.decay_steps
    if config.staircase:
        periods = tf.floor(periods)
    rate = initial * tf.pow(tf.constant(config.decay_factor, tf.float64), periods)
    if config.burnin_steps > 0:
        rate = tf.where(step < config.burnin_steps, _burn_in(config, initial, step), rate)
    return tf.cast(tf.maximum(rate, config.min_learning_rate), tf.float32)


def _burn_in(config: ExponentialDecayLearningRate, initial: Tensor, step: Tensor) -> Tensor:
    if config.burnin_learning_rate == 0:
        return initial
    start = tf.constant(config.burnin_learning_rate, tf.float64)
    return start + (initial - start) * (step / config.burnin_steps)


_SCHEDULES: Dict[str, Callable[[Any, Tensor], Tensor]] = {
    "constant_learning_rate": _constant,
    "exponential_decay_learning_rate": _exponential_decay,
}
