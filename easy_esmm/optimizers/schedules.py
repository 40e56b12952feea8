"""Learning rate schedules, by the name of the config's oneof."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.protos.optimizer_pb2 import (
    ConstantLearningRate,
    CosineDecayLearningRate,
    ExponentialDecayLearningRate,
    LearningRate,
    ManualStepLearningRate,
    PolyDecayLearningRate,
    TransformerLearningRate,
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


def _manual_step(config: ManualStepLearningRate, global_step: Tensor) -> Tensor:
    """The rate of the last entry whose step is reached; with `warmup` linear up to the first."""
    steps = tf.constant([entry.step for entry in config.schedule], tf.int64)
    rates = [config.initial_learning_rate, *(entry.learning_rate for entry in config.schedule)]
    step = tf.cast(global_step, tf.int64)
    rate = tf.gather(tf.constant(rates, tf.float64), tf.math.count_nonzero(step >= steps))
    if config.warmup:
        share = tf.cast(step, tf.float64) / config.schedule[0].step
        rising = rates[0] + (rates[1] - rates[0]) * share
        rate = tf.where(step < config.schedule[0].step, rising, rate)
    return tf.cast(rate, tf.float32)


def _cosine_decay(config: CosineDecayLearningRate, global_step: Tensor) -> Tensor:
    """Linear from the warm-up rate to the base, held there, then half a cosine down to 0.

    Loshchilov and Hutter, SGDR, ICLR 2017, equation 5, without restarts.
    """
    step = tf.cast(global_step, tf.float64)
    base = tf.constant(config.learning_rate_base, tf.float64)
    start = config.warmup_steps + config.hold_base_rate_steps
    # Between the start and the end, where the cosine is 1 and -1.
    share = tf.clip_by_value((step - start) / (config.total_steps - start), 0.0, 1.0)
    rate = 0.5 * base * (1 + tf.cos(math.pi * share))
    if config.warmup_steps > 0:
        low = tf.constant(config.warmup_learning_rate, tf.float64)
        rising = low + (base - low) * (step / config.warmup_steps)
        rate = tf.where(step < config.warmup_steps, rising, rate)
    return tf.cast(rate, tf.float32)


def _poly_decay(config: PolyDecayLearningRate, global_step: Tensor) -> Tensor:
    """end + (base - end) x (1 - step / total_steps) ^ power, and the end rate from then on."""
    step = tf.cast(global_step, tf.float64)
    left = 1 - tf.minimum(step / config.total_steps, 1.0)
    base = tf.constant(config.learning_rate_base, tf.float64)
    rate = config.end_learning_rate + (base - config.end_learning_rate) * left**config.power
    return tf.cast(rate, tf.float32)


def _transformer(config: TransformerLearningRate, global_step: Tensor) -> Tensor:
    """base / sqrt(hidden) x min(n / w^1.5, 1 / sqrt(n)).

    n is step_scaling_rate x step + 1, w is step_scaling_rate x warmup_steps. Vaswani et al.,
    Attention Is All You Need, NeurIPS 2017, equation 3, whose steps count from 1.
    """
    scale = config.step_scaling_rate
    number = tf.cast(global_step, tf.float64) * scale + 1
    rising = number * (scale * config.warmup_steps) ** -1.5
    rate = tf.minimum(rising, tf.math.rsqrt(number))
    return tf.cast(config.learning_rate_base * config.hidden_size**-0.5 * rate, tf.float32)


_SCHEDULES: Dict[str, Callable[[Any, Tensor], Tensor]] = {
    "constant_learning_rate": _constant,
    "exponential_decay_learning_rate": _exponential_decay,
    "manual_step_learning_rate": _manual_step,
    "cosine_decay_learning_rate": _cosine_decay,
    "poly_decay_learning_rate": _poly_decay,
    "transformer_learning_rate": _transformer,
}
