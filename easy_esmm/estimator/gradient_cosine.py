"""Measures the cosine of two tasks' gradients at a checkpoint, on rows of the training."""

from __future__ import annotations

from easy_esmm import data
from easy_esmm.config import Pipeline
from easy_esmm.estimator import checkpoint_fit as checkpoints
from easy_esmm.estimator.bad_cells import validator_of
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.evaluation.gradients import Gradients


def gradient_cosine(pipeline: Pipeline, batches: int) -> float:
    """The mean of `Gradients` over batches of the training rows, at the newest checkpoint.

    NaN where the towers share no table, or where one of the losses has no gradient.
    """
    config = pipeline.config
    gradients = Gradients()
    input_fn = data.input_fn(
        config, "train", seed=config.train_config.random_seed, validator=validator_of(config)
    )
    with user_errors():
        make_estimator(config, gradients=gradients).evaluate(
            input_fn,
            steps=batches,
            checkpoint_path=checkpoints.newest(config.model_dir),
            name="gradients",
        )
    return gradients.mean()
