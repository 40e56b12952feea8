"""Random numbers depend on seed, place and step, and on nothing else."""

from __future__ import annotations

from typing import List

import numpy as np
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.layers import noise

SHAPE = (50, 40)


def drawn(seed: int, start: int = 0, steps: int = 1) -> List[np.ndarray]:
    """Float32 [2, 50, 40] a step: two draws of one graph, which starts at step `start`."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(seed)
        step = v1.train.get_or_create_global_step()
        numbers = tf.stack([noise.uniform(SHAPE), noise.uniform(SHAPE)])
        session.run(v1.global_variables_initializer())
        session.run(step.assign(start))
        found = []
        for _ in range(steps):
            found.append(session.run(numbers))
            session.run(step.assign_add(1))
    return found


def test_a_session_that_starts_later_draws_what_the_first_would_have_drawn() -> None:
    whole = drawn(seed=1, steps=4)
    np.testing.assert_array_equal(drawn(seed=1, start=2, steps=2), whole[2:])


def test_seeds_places_and_steps_have_numbers_of_their_own() -> None:
    draws = [*np.concatenate(drawn(seed=1, steps=2)), drawn(seed=2)[0][0]]
    correlations = np.corrcoef([draw.ravel() for draw in draws])
    # 2,000 numbers: a correlation deviates from 0 by 1 / sqrt(2000) = .022.
    assert np.abs(correlations - np.eye(5)).max() < 0.1


def test_numbers_are_uniform_from_minval_to_1() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        numbers = session.run(noise.uniform([20_000], minval=0.5))
    assert 0.5 <= numbers.min() < 0.501
    assert 0.999 < numbers.max() < 1
    # The deciles hold a tenth each; one deviates by sqrt(.1 x .9 / 20000) = .002.
    share, _ = np.histogram(numbers, bins=10, range=(0.5, 1))
    np.testing.assert_allclose(share / 20_000, 0.1, atol=0.01)
