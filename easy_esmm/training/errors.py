"""What TensorFlow throws, said in the user's words."""

from __future__ import annotations

import contextlib
from typing import Iterator, Optional, Sequence

import tensorflow as tf

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.errors import UserError


def require_files(
    pipeline: Pipeline,
    split: str,
    paths: Optional[str] = None,
    extra_columns: Sequence[str] = (),
) -> None:
    """The third gate: the files against the config, before anything is built.

    Raises:
      ConfigError: a file is missing, empty, or does not hold what the config reads.
    """
    problems = data.check_files(pipeline, split, paths, extra_columns)
    if problems:
        raise ConfigError(problems)


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Turns the failures that a user can cause into `UserError`; others pass unchanged."""
    try:
        yield
    except estimator.NanLossDuringTrainingError as error:
        raise UserError(
            "the loss became NaN; lower the learning rate, set "
            "train_config.gradient_clipping_by_norm, or look for extreme values in the input"
        ) from error
    except tf.errors.OpError as error:
        translated = data.row_error(error)
        if translated is None and isinstance(error, tf.errors.ResourceExhaustedError):
            translated = UserError(f"no space or memory left: {error.message.splitlines()[0]}")
        if translated is None:
            raise
        raise translated from error
