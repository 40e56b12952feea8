"""Turns the exceptions of TensorFlow into one-line errors for the user."""

from __future__ import annotations

import contextlib
import re
from typing import Callable, Iterator, Optional, Sequence

import tensorflow as tf

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.data import FilesOrFrame
from easy_esmm.errors import UserError
from easy_esmm.hooks.divergence import diverged

_OF_THE_SYSTEM = {
    tf.errors.ResourceExhaustedError: "no space or memory left",
    tf.errors.PermissionDeniedError: "a path cannot be read or written",
}
_RESTORING = re.compile(r"\b(RestoreV2|checkpoint_initializer)")
_ENCODING = re.compile(r"encode/([^/\s]+)/")
_IN_FUNCTION = re.compile(r"\{\{function_node encode_(\w+?)_(Assert|cond)")
"""An operation inside a branch, which TensorFlow may run as a function: its name has no scope."""


def require_files(
    pipeline: Pipeline,
    split: str,
    rows: Optional[FilesOrFrame] = None,
    extra_columns: Sequence[str] = (),
) -> None:
    """The third gate: the files against the config, before anything is built.

    Raises:
      ConfigError: a file is missing, empty, or does not hold what the config reads.
    """
    problems = data.check_files(pipeline, split, rows, extra_columns)
    if problems:
        raise ConfigError(problems)


@contextlib.contextmanager
def user_errors(locate: Optional[Callable[[], Optional[UserError]]] = None) -> Iterator[None]:
    """Turns the failures that a user can cause into `UserError`; others pass unchanged.

    `locate` looks for the cell that a feature could not read, of which TensorFlow's error tells
    neither file nor line.
    """
    try:
        yield
    except estimator.NanLossDuringTrainingError as error:
        raise diverged("the loss") from error
    except tf.errors.OpError as error:
        translated = data.row_error(error)
        if translated is None:
            of_feature = _feature_error(error)
            translated = (locate() if of_feature and locate else None) or of_feature
        translated = translated or _checkpoint_error(error)
        if translated is None and type(error) in _OF_THE_SYSTEM:
            translated = UserError(
                f"{_OF_THE_SYSTEM[type(error)]}: {error.message.splitlines()[0]}"
            )
        if translated is None:
            raise
        raise translated from error


def _feature_error(error: tf.errors.OpError) -> Optional[UserError]:
    """A cell that a feature cannot read: its operations stand in the scope `encode/<feature>`."""
    match = _ENCODING.search(_node(error)) or _branch_of_feature(error)
    if match is None:
        return None
    return UserError(
        f"feature {match.group(1)}: a value cannot be read: {_found(error.message)}\n"
        "see its feature_type, separator and kv_separator, or fix the rows"
    )


def _branch_of_feature(error: BaseException) -> Optional[re.Match[str]]:
    """The name of the branch in which an operation of a feature failed.

    Only the error that the session got first tells it, not the one that the session makes of it.
    """
    cause: Optional[BaseException] = error
    while isinstance(cause, tf.errors.OpError):
        match = _IN_FUNCTION.search(cause.message)
        if match is not None:
            return match
        cause = cause.__context__
    return None


def _checkpoint_error(error: tf.errors.OpError) -> Optional[UserError]:
    """A file of a checkpoint that is truncated or missing."""
    if not _RESTORING.search(_node(error)):
        return None
    return UserError(
        f"a checkpoint cannot be read: {_found(error.message)}; its files are damaged: use another "
        "one, by --checkpoint_path where there is that flag"
    )


def _node(error: tf.errors.OpError) -> str:
    """Name of the operation that failed, or a text that holds it."""
    name: str = error.node_def.name if error.node_def is not None else error.message
    return name


def _found(message: str) -> str:
    """The error of the operation: the text before the node, without where it was built."""
    lines = [line.strip() for line in message.split("[[{{node")[0].splitlines() if line.strip()]
    return lines[-1] if lines else message
