"""Turns the exceptions of TensorFlow into one-line errors for the user."""

from __future__ import annotations

import contextlib
import re
from typing import Callable, Iterator, Optional

import tensorflow as tf

from easy_esmm import data
from easy_esmm.checkpoints.folder import instead_of
from easy_esmm.compat import estimator, v1
from easy_esmm.disk import disk_error
from easy_esmm.errors import UserError
from easy_esmm.hooks.divergence import diverged

_OF_THE_SYSTEM = {
    tf.errors.ResourceExhaustedError: "no space or memory left",
    tf.errors.PermissionDeniedError: "a path cannot be read or written",
}
_RESTORING = re.compile(r"\b(RestoreV2|checkpoint_initializer)")
_CHECKPOINT = re.compile(r"[^\s:;,'\"]*/model\.ckpt-\d+")
_ENCODING = re.compile(r"encode/([^/\s]+)/")
_IN_FUNCTION = re.compile(r"\{\{function_node encode_(\w+?)_(Assert|cond)")
"""An operation inside a branch, which TensorFlow may run as a function: its name has no scope."""


@contextlib.contextmanager
def user_errors(
    locate: Optional[Callable[[], Optional[UserError]]] = None, checkpoint: str = ""
) -> Iterator[None]:
    """Turns the failures that a user can cause into `UserError`; others pass unchanged.

    `locate` looks for the cell that a feature could not read, of which TensorFlow's error tells
    neither file nor line. `checkpoint` is what is restored, which not every error tells.
    """
    try:
        yield
    except estimator.NanLossDuringTrainingError as error:
        raise diverged("the loss") from error
    except ValueError as error:  # of the Saver, which tells nothing else apart
        named = _CHECKPOINT.search(str(error))
        if named is None or v1.train.checkpoint_exists(named[0]):
            raise
        raise _removed(named[0]) from error
    except RuntimeError as error:  # of the writer of TensorBoard's events
        translated = disk_error(str(error))
        if translated is None:
            raise
        raise translated from error
    except tf.errors.OpError as error:
        translated = data.row_error(error)
        if translated is None:
            of_feature = _feature_error(error)
            translated = (locate() if of_feature and locate else None) or of_feature
        translated = translated or _checkpoint_error(error, checkpoint)
        translated = translated or disk_error(error.message)
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


def _checkpoint_error(error: tf.errors.OpError, checkpoint: str) -> Optional[UserError]:
    """A file of a checkpoint that is truncated, damaged or missing."""
    if not _RESTORING.search(_node(error)):
        return None
    damage = f"a checkpoint cannot be read: {_found(error.message)}"
    named = _CHECKPOINT.search(error.message)
    path = named[0] if named else checkpoint
    if not path:
        return UserError(f"{damage}; use another one, by --checkpoint_path")
    if not v1.train.checkpoint_exists(path):
        return _removed(path)
    return UserError(f"{path} is damaged: {damage}.\n{instead_of(path)}")


def _removed(checkpoint: str) -> UserError:
    return UserError(
        f"{checkpoint} was removed while it was read, as by a training that goes on: run this "
        "again, or raise its train_config.keep_checkpoint_max"
    )


def _node(error: tf.errors.OpError) -> str:
    """Name of the operation that failed, or a text that holds it."""
    name: str = error.node_def.name if error.node_def is not None else error.message
    return name


def _found(message: str) -> str:
    """The error of the operation: the text before the node, without where it was built."""
    lines = [line.strip() for line in message.split("[[{{node")[0].splitlines() if line.strip()]
    return lines[-1] if lines else message
