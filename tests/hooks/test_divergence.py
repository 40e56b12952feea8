"""A training that diverges ends with one message, and its last good checkpoint stays the newest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import estimator, v1
from easy_esmm.errors import UserError
from easy_esmm.hooks.divergence import DivergenceHook, FiniteWeights


def trainer(folder: Path, losses: List[float], weights: List[float]) -> Any:
    """An Estimator whose step n has the loss and sets the weight of that number."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        step = v1.train.get_global_step()
        weight = v1.get_variable("tower/weight", [2], initializer=v1.zeros_initializer())
        number = tf.cast(step, tf.int32)
        loss = tf.gather(tf.constant(losses), number) + 0 * tf.reduce_sum(features["x"])
        with tf.control_dependencies([loss]):
            value = tf.stack([0.5, tf.gather(tf.constant(weights), number)])
            update = tf.group(weight.assign(value), step.assign_add(1))
        return estimator.EstimatorSpec(
            mode, loss=loss, train_op=update, training_hooks=[DivergenceHook(loss)]
        )

    return estimator.Estimator(
        model_fn,
        config=estimator.RunConfig(
            str(folder), save_checkpoints_steps=1, log_step_count_steps=None
        ),
    )


def rows() -> Any:
    return tf.data.Dataset.from_tensors({"x": np.float32([1])}).repeat()


def newest(folder: Path) -> int:
    return int(v1.train.latest_checkpoint(str(folder)).rpartition("-")[2])


ADVICE = (
    " became NaN or infinite; lower the learning rate, set "
    "train_config.gradient_clipping_by_norm, or look for extreme values in the input"
)


def test_an_infinite_loss_ends_the_training_at_its_step(tmp_path: Path) -> None:
    model = trainer(tmp_path, [1.0, float("inf"), 1.0], [1.0, 1.0, 1.0])
    with pytest.raises(UserError) as caught:
        model.train(rows, max_steps=3, saving_listeners=[FiniteWeights()])
    assert str(caught.value) == f"the loss{ADVICE}"


@pytest.mark.parametrize("broken", [float("nan"), float("-inf")])
def test_broken_weights_are_not_saved(tmp_path: Path, broken: float) -> None:
    model = trainer(tmp_path, [1.0, 1.0, 1.0], [1.0, broken, 1.0])
    with pytest.raises(UserError) as caught:
        model.train(rows, max_steps=3, saving_listeners=[FiniteWeights()])
    assert str(caught.value) == f"variable tower/weight{ADVICE}"
    assert newest(tmp_path) == 1
    weight = v1.train.load_checkpoint(str(tmp_path)).get_tensor("tower/weight")
    np.testing.assert_array_equal(weight, [0.5, 1.0])


def test_a_finite_training_is_left_alone(tmp_path: Path) -> None:
    model = trainer(tmp_path, [1e38, -1e38], [3e38, 1e-45])
    model.train(rows, max_steps=2, saving_listeners=[FiniteWeights()])
    assert newest(tmp_path) == 2
