"""Weights of losses, as written and learned, against the formula of Kendall et al. in float64."""

from __future__ import annotations

from typing import Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import LossTerm
from easy_esmm.estimator.loss_weights import weigh
from easy_esmm.protos.model_pb2 import ModelConfig

LOSSES = {"entropy": 0.7, "squares": 3.0}
ROWS = 5


def weighed(
    text: str, start: Dict[str, float], learns_first: bool = False
) -> Tuple[List[float], Dict[str, float], Dict[str, float]]:
    """Contributions, gradients by each log variance, learned weights; `start`: log variances."""
    config = text_format.Parse(text, ModelConfig())
    with tf.Graph().as_default(), v1.Session() as session:
        terms = [
            LossTerm("entropy", tf.constant(0.7), 0.5, learns_weight=learns_first),
            LossTerm("squares", tf.constant(3.0), 2.0, is_squared_error=True),
        ]
        losses = weigh(config, terms, tf.zeros([ROWS]))
        variables = {v.op.name: v for v in v1.trainable_variables()}
        total = tf.add_n([loss.contribution for loss in losses])
        gradients = dict(zip(variables, tf.gradients(total, list(variables.values()))))
        for name, value in start.items():
            session.run(variables[name].assign(value))
        learned = {
            loss.name: loss.learned_weight for loss in losses if loss.learned_weight is not None
        }
        contributions = session.run([loss.contribution for loss in losses])
        return contributions, session.run(gradients), session.run(learned)


def test_fixed_weights_multiply_their_losses_and_make_no_variable() -> None:
    contributions, gradients, learned = weighed("", {})
    np.testing.assert_allclose(contributions, [0.5 * 0.7, 2.0 * 3.0], rtol=1e-6)
    assert not gradients
    assert not learned


@pytest.mark.parametrize(("reduction", "rows"), [("MEAN", 1), ("SUM", ROWS)])
def test_learned_weights_are_those_of_the_likelihood(reduction: str, rows: int) -> None:
    text = f"loss_weight_strategy: Uncertainty loss_reduction: {reduction}"
    s, t = 0.4, -1.1
    names = [f"loss_weight/{name}/log_variance" for name in LOSSES]
    contributions, gradients, learned = weighed(text, dict(zip(names, (s, t))))
    # Weight x (e^-s L + s / 2); a squared error has half of e^-s.
    expected = [
        0.5 * (np.exp(-s) * 0.7 + rows * s / 2),
        2.0 * (np.exp(-t) * 3.0 / 2 + rows * t / 2),
    ]
    np.testing.assert_allclose(contributions, expected, rtol=1e-6)
    by_s = 0.5 * (-np.exp(-s) * 0.7 + rows / 2)
    by_t = 2.0 * (-np.exp(-t) * 3.0 / 2 + rows / 2)
    np.testing.assert_allclose([gradients[name] for name in names], [by_s, by_t], rtol=1e-5)
    assert learned == pytest.approx({"entropy": 0.5 * np.exp(-s), "squares": np.exp(-t)}, rel=1e-6)


def test_the_optimum_of_a_squared_errors_log_variance_is_its_logarithm() -> None:
    name = "loss_weight/squares/log_variance"
    _, gradients, _ = weighed(
        "loss_weight_strategy: Uncertainty",
        {name: np.log(3.0), "loss_weight/entropy/log_variance": 0.0},
    )
    assert gradients[name] == pytest.approx(0.0, abs=1e-6)


def test_one_loss_may_learn_its_weight_alone() -> None:
    name = "loss_weight/entropy/log_variance"
    contributions, gradients, learned = weighed("", {name: 0.0}, learns_first=True)
    np.testing.assert_allclose(contributions, [0.5 * 0.7, 2.0 * 3.0], rtol=1e-6)
    assert list(gradients) == [name]
    assert learned == {"entropy": 0.5}
