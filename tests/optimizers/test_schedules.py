"""Learning rates against numbers by hand."""

from __future__ import annotations

from typing import Any, List, Sequence

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.optimizers.schedules import learning_rate
from easy_esmm.protos.optimizer_pb2 import LearningRate


def rates(text: str, steps: Sequence[int]) -> List[float]:
    config = text_format.Parse(text, LearningRate())
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.placeholder(tf.int64, [])
        rate = learning_rate(config, step)
        assert (rate.dtype, rate.shape.as_list()) == (tf.float32, [])
        return [session.run(rate, {step: s}) for s in steps]


def check(text: str, expected: Any) -> None:
    """`expected`: step -> rate."""
    found = rates(text, list(expected))
    np.testing.assert_allclose(found, list(expected.values()), rtol=1e-6)


def test_constant_rate_does_not_move() -> None:
    check("constant_learning_rate { learning_rate: 0.25 }", {0: 0.25, 10**9: 0.25})


def test_unset_rate_is_the_default_constant() -> None:
    check("", {0: 0.002, 1000: 0.002})


STAIRS = """exponential_decay_learning_rate {
  initial_learning_rate: 1 decay_steps: 10 decay_factor: 0.5 %s }"""


def test_staircase_falls_at_multiples_of_decay_steps() -> None:
    check(STAIRS % "", {0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25, 100: 0.5**10})


def test_without_staircase_it_falls_at_each_step() -> None:
    check(STAIRS % "staircase: false", {0: 1, 5: 0.5**0.5, 10: 0.5, 12: 0.5**1.2})


def test_rate_stops_at_its_minimum() -> None:
    check(STAIRS % "min_learning_rate: 0.3", {10: 0.5, 20: 0.3, 10**6: 0.3})


def test_burn_in_rises_linearly_and_the_decay_counts_from_its_end() -> None:
    text = STAIRS % "burnin_learning_rate: 0.2 burnin_steps: 4"
    # 0.2 + 0.8 s / 4, then 0.5 ^ floor((s - 4) / 10).
    check(text, {0: 0.2, 1: 0.4, 3: 0.8, 4: 1, 13: 1, 14: 0.5, 24: 0.25})


def test_burn_in_without_a_rate_of_its_own_keeps_the_initial_rate() -> None:
    check(STAIRS % "burnin_steps: 4", {0: 1, 3: 1, 4: 1, 13: 1, 14: 0.5})


def test_burn_in_respects_the_minimum() -> None:
    text = STAIRS % "burnin_learning_rate: 0.2 burnin_steps: 4 min_learning_rate: 0.5"
    check(text, {0: 0.5, 1: 0.5, 2: 0.6, 4: 1, 24: 0.5})


@pytest.mark.parametrize("step", [2**24, 2**24 + 1])
def test_borders_are_exact_beyond_the_integers_of_float32(step: int) -> None:
    text = STAIRS.replace("decay_steps: 10", f"decay_steps: {2**24 + 1}")
    check(text % "", {step: 1 if step == 2**24 else 0.5})


def test_defaults_are_those_of_the_schema() -> None:
    text = "exponential_decay_learning_rate {}"
    check(text, {0: 0.002, 3999999: 0.002, 4000000: 0.002 * 0.95})


MANUAL = """manual_step_learning_rate { initial_learning_rate: 0.4 %s
  schedule { step: 4 learning_rate: 0.8 } schedule { step: 10 learning_rate: 0.1 } }"""


def test_manual_rates_hold_from_their_step_on() -> None:
    check(MANUAL % "", {0: 0.4, 3: 0.4, 4: 0.8, 9: 0.8, 10: 0.1, 10**9: 0.1})


def test_manual_rates_with_warm_up_rise_to_the_first_of_the_schedule() -> None:
    # 0.4 + (0.8 - 0.4) s / 4
    check(MANUAL % "warmup: true", {0: 0.4, 1: 0.5, 3: 0.7, 4: 0.8, 9: 0.8, 10: 0.1})


COSINE = "cosine_decay_learning_rate { learning_rate_base: 0.8 total_steps: 100 %s }"


def cosine(step: int, start: int) -> float:
    return float(0.4 * (1 + np.cos(np.pi * (step - start) / (100 - start))))


def test_cosine_falls_from_the_base_to_0() -> None:
    steps = (0, 1, 25, 50, 99, 100)
    check(COSINE % "warmup_steps: 0", {s: cosine(s, 0) for s in steps[:-1]})
    assert rates(COSINE % "warmup_steps: 0", [50, 100, 101, 10**9]) == [
        pytest.approx(0.4),
        pytest.approx(0, abs=1e-12),
        pytest.approx(0, abs=1e-12),
        pytest.approx(0, abs=1e-12),
    ]


def test_cosine_rises_linearly_and_holds_before_it_falls() -> None:
    text = COSINE % "warmup_learning_rate: 0.2 warmup_steps: 10 hold_base_rate_steps: 5"
    # 0.2 + 0.6 s / 10 up to step 10.
    rising = {0: 0.2, 1: 0.26, 9: 0.74, 10: 0.8, 15: 0.8}
    check(text, {**rising, **{s: cosine(s, 15) for s in (16, 40, 99)}})


POLY = """poly_decay_learning_rate { learning_rate_base: 0.9 total_steps: 10 power: %s
  end_learning_rate: 0.1 }"""


@pytest.mark.parametrize("power", [1, 0.5, 2])
def test_polynomial_falls_to_its_end_rate_and_stays_there(power: float) -> None:
    expected = {s: 0.1 + 0.8 * (1 - s / 10) ** power for s in (0, 1, 5, 9, 10)}
    check(POLY % power, {**expected, 11: 0.1, 10**9: 0.1})


def test_transformers_rate_rises_and_then_falls_with_the_root_of_the_step() -> None:
    text = """transformer_learning_rate { learning_rate_base: 2 hidden_size: 64 warmup_steps: 16
      step_scaling_rate: %s }"""
    for scale in (1.0, 0.5):
        number = {s: scale * s + 1 for s in (0, 7, 15, 16, 99, 10**6)}
        warm = (scale * 16) ** -1.5
        expected = {s: 2 / 8 * min(n * warm, n**-0.5) for s, n in number.items()}
        check(text % scale, expected)
    # At its highest, with n = 16: 2 / sqrt(64) / sqrt(16).
    check(text % 1.0, {15: 0.0625})
