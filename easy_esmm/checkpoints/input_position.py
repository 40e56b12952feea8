"""Saves the position of the training input with each checkpoint, and restores it with it.

`input.ckpt-STEP` is written before `model.ckpt-STEP`: a complete model has its position, wherever a
process was killed. The position holds what the input has buffered. Our own code, since TensorFlow's
CheckpointInputPipelineHook restores its newest file whatever the step of the model, and raises an
error where the input is another one or the file is corrupt.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import Any, List

import tensorflow as tf
from absl import logging

from easy_esmm.atomic_file import atomic_write
from easy_esmm.compat import v1

_BASENAME = "input.ckpt"
_ENDED = "input.ended"
_FILE = re.compile(r"(input(?:-\d+)?\.ckpt|input\.ended)-(\d+)(\..*)?")
"""Files of a position, of any trainer of a cluster: what it is, and its step."""
_FAIL_ON_STATE_ELSEWHERE = 2  # ExternalStatePolicy.POLICY_FAIL
_CANNOT_BE_SAVED = (
    tf.errors.FailedPreconditionError,
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
)
# What TensorFlow's reader and its operation throw at a damaged file.
_CANNOT_BE_READ = (IndexError, RuntimeError, ValueError, tf.errors.OpError)


def has_ended(model_dir: str, step: int, identity: str) -> bool:
    """Whether this input was at its end at that step of the training."""
    try:
        with open(_ended(model_dir, step), encoding="utf-8") as file:
            return file.read() == identity
    except FileNotFoundError:
        return False


def forget_ends(model_dir: str) -> None:
    """Lets the next training start its input over where an earlier one has ended."""
    for name in os.listdir(model_dir):
        if name.startswith(f"{_ENDED}-"):
            os.remove(os.path.join(model_dir, name))


class InputPosition(v1.train.SessionRunHook):  # type: ignore[misc]
    """Hook that restores the position before the first step; `listener` saves it.

    A new session of the same training goes on with the batch after the last one of the checkpoint.
    It starts the input over where no position of that step is there, or where the input is another.
    When the input is at its end as training is, a file `input.ended-STEP` takes the place of its
    position: going on means another pass.
    """

    def __init__(self, model_dir: str, identity: str, trainer: int = 0) -> None:
        """`identity` tells one input from another; `trainer` numbers those of a cluster."""
        self._model_dir = model_dir
        self._identity = identity
        self._basename = _basename(trainer)
        self._has_run = False
        self._can_be_saved = True
        self._context: Any = None
        self.listener = _Listener(self)

    def __repr__(self) -> str:
        return "InputPosition()"

    def begin(self) -> None:
        self._has_run = False
        self._path = v1.placeholder(tf.string, [])
        iterators: List[Any] = v1.get_collection("iterators")
        raw = tf.raw_ops
        readers = {op for i in iterators for op in i.consumers() if op.type == "IteratorGetNext"}
        self._next = list(readers)
        makers = {op for i in iterators for op in i.consumers() if op.type == "MakeIterator"}
        self._restart = list(makers)
        states = [
            raw.SerializeIterator(
                resource_handle=iterator, external_state_policy=_FAIL_ON_STATE_ELSEWHERE
            )
            for iterator in iterators
        ]
        names = [f"iterator_{number}" for number in range(len(iterators))]
        self._save = raw.SaveV2(
            prefix=self._path,
            tensor_names=[*names, "identity"],
            shape_and_slices=[""] * (len(names) + 1),
            tensors=[*states, tf.constant(self._identity)],
        )
        restored = raw.RestoreV2(
            prefix=self._path,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            dtypes=[tf.variant] * len(names),
        )
        self._restore = tf.group(
            *(
                raw.DeserializeIterator(resource_handle=iterator, serialized=state)
                for iterator, state in zip(iterators, restored)
            )
        )

    def before_run(self, run_context: Any) -> None:
        # Not after_create_session: the hook that initialises the iterator may come later.
        if not self._has_run:
            self.start(run_context.session, _global_step(run_context.session))

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._context = run_context

    def end(self, session: Any) -> None:
        was_stopped = self._context is not None and self._context.stop_requested
        if not was_stopped or self._is_at_end(session):
            self.mark_end(_global_step(session))

    def start(self, session: Any, step: int) -> None:
        """Sets the input of a session that has read nothing to its position at `step`."""
        self._has_run = True
        if step:
            self._go_on(session, step)

    def go_back(self, session: Any, step: int) -> None:
        """As `start`, of a session that has read rows already."""
        session.run(self._restart)
        self.start(session, step)

    def mark_end(self, step: int) -> None:
        """Says that the input, of all trainers, is at its end at `step`, in place of positions."""
        with open(_ended(self._model_dir, step), "w", encoding="utf-8") as file:
            file.write(self._identity)
        for name in os.listdir(self._model_dir):
            match = _FILE.fullmatch(name)
            if match and match.group(1) != _ENDED and int(match.group(2)) == step:
                os.remove(os.path.join(self._model_dir, name))

    def save(self, session: Any, step: int) -> None:
        """Writes the position that belongs to `step`, unless no batch of this session was read."""
        if not self._has_run or not self._can_be_saved:
            return
        try:
            session.run(self._save, {self._path: self._file(step)})
        except _CANNOT_BE_SAVED as error:
            self._can_be_saved = False
            logging.warning(
                "the position of this input cannot be saved, so that --continue_train starts it "
                "over: %s",
                error.message.splitlines()[0],
            )

    def carry_over(self, trainer: int, step: int, to_step: int) -> None:
        """Keeps, for `to_step`, the position at `step` of a worker that is not there now.

        When it comes back it goes on from there. One that was never there has none.
        """
        old, new = (
            os.path.join(self._model_dir, f"{_basename(trainer)}-{at}") for at in (step, to_step)
        )
        if step == to_step or not os.path.exists(f"{old}.index"):
            return
        name = os.path.basename(old)
        parts = [part for part in os.listdir(self._model_dir) if part.startswith(f"{name}.")]
        for part in sorted(parts):  # the data come before the index, by which it counts as there
            suffix = part[len(name) :]
            with atomic_write(f"{new}{suffix}") as unfinished:
                shutil.copyfile(f"{old}{suffix}", unfinished)

    def drop_old(self) -> None:
        """Removes the positions, of all trainers, whose models are gone."""
        for name in os.listdir(self._model_dir):
            match = _FILE.fullmatch(name)
            if match and not self._is_there(f"model.ckpt-{match.group(2)}.index"):
                os.remove(os.path.join(self._model_dir, name))

    def _go_on(self, session: Any, step: int) -> None:
        file = self._file(step)
        if not os.path.exists(f"{file}.index"):
            logging.info(
                "input: begins at its first row: step %s has no position, as after a whole pass",
                f"{step:,}",
            )
            return
        try:
            identity = v1.train.NewCheckpointReader(file).get_tensor("identity").decode()
            if identity != self._identity:
                logging.warning(
                    "input: starts over: the files, columns or settings of the input, or the "
                    "version of easy_esmm, are not those of the checkpoint"
                )
                return
            session.run(self._restore, {self._path: file})
        except _CANNOT_BE_READ as error:
            # Among them OutOfRangeError, which would pass for the end of the input.
            text = str(error).splitlines()[0]
            logging.warning("input: starts over: %s cannot be read: %s", file, text)
            return
        logging.info("input: goes on from its position at step %s", f"{step:,}")

    def _is_at_end(self, session: Any) -> bool:
        """Whether another batch would be none; reads it, so that no step may follow."""
        try:
            session.run(self._next)
        except tf.errors.OutOfRangeError:
            return True
        except tf.errors.OpError:
            return False  # a bad row, which the training that goes on has to name
        return False

    def _file(self, step: int) -> str:
        return os.path.join(self._model_dir, f"{self._basename}-{step}")

    def _is_there(self, name: str) -> bool:
        return os.path.exists(os.path.join(self._model_dir, name))


def _basename(trainer: int) -> str:
    return f"input-{trainer}.ckpt" if trainer else _BASENAME


def _global_step(session: Any) -> int:
    return int(session.run(v1.train.get_global_step()))


def _ended(model_dir: str, step: int) -> str:
    return os.path.join(model_dir, f"{_ENDED}-{step}")


class _Listener(v1.train.CheckpointSaverListener):  # type: ignore[misc]
    def __init__(self, position: InputPosition) -> None:
        self._position = position

    def before_save(self, session: Any, global_step_value: int) -> None:
        self._position.save(session, int(global_step_value))

    def after_save(self, session: Any, global_step_value: int) -> None:
        self._position.drop_old()
