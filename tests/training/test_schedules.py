"""Learning rates against numbers by hand."""

from __future__ import annotations

from typing import Any, List, Sequence

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.protos.optimizer_pb2 import LearningRate
from easy_esmm.training.schedules import learning_rate


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
