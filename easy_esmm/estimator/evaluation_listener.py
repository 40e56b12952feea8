"""Evaluates each new checkpoint of a training on one machine, and runs the exporters."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional

import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.kept_evaluation import KeptEvaluation
from easy_esmm.hooks.stop import StopEvaluation
from easy_esmm.signals import Stop


class EvaluationListener(v1.train.CheckpointSaverListener):  # type: ignore[misc]
    """Evaluates after each save. An evaluation that fails is told, and training goes on.

    In the place of `tf.estimator.train_and_evaluate`, in which a bad row of the evaluation input
    ends the training.
    """

    def __init__(
        self,
        estimator: Any,
        eval_spec: Any,
        stop: Stop,
        locate: Callable[[], Optional[UserError]],
    ) -> None:
        """Evaluates as for `train_and_evaluate`; for `locate` see `user_errors`.

        `stop` ends an evaluation, and leaves out the last one.
        """
        self._estimator, self._spec = estimator, eval_spec
        self._evaluation = KeptEvaluation(
            estimator, eval_spec.input_fn, eval_spec.steps, eval_spec.name
        )
        self._stop, self._locate = stop, locate
        self._tried: Optional[int] = None
        self._failures = 0

    def after_save(self, session: Any, global_step_value: int) -> None:
        if global_step_value:  # not first values
            self.evaluate(int(global_step_value))

    def end(self, session: Any, global_step_value: int) -> None:
        if global_step_value and self._stop.received is None:
            self.evaluate(int(global_step_value))

    def evaluate(self, step: int) -> None:
        """Evaluates the checkpoint of a step, unless that was tried before."""
        if step == self._tried:
            return
        self._tried = step
        try:
            with user_errors(self._locate):
                self._evaluate(step)
        except (UserError, tf.errors.OpError) as error:
            self._failures += 1
            logging.warning(
                "the evaluation of step %s failed, and training goes on: %s", f"{step:,}", error
            )

    def log_summary(self) -> None:
        """Logs a warning where an evaluation has failed, and what rows were skipped."""
        if self._failures:
            logging.warning("%d evaluations failed; see above", self._failures)
        self._spec.input_fn.skipped.log_summary()

    def _evaluate(self, step: int) -> None:
        spec, trainer = self._spec, self._estimator
        checkpoint = os.path.join(trainer.model_dir, f"model.ckpt-{step}")
        result = self._evaluation.evaluate(checkpoint, [StopEvaluation(self._stop)])
        for exporter in spec.exporters:
            exporter.export(
                trainer,
                os.path.join(trainer.model_dir, "export", exporter.name),
                checkpoint,
                result,
                False,
            )
