"""What the trainers of a cluster tell each other, in variables on a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

import numpy as np
import tensorflow as tf

from easy_esmm.compat import v1

POLL_SECONDS = 0.01
"""Between two looks at the variables."""
PATIENCE_SECONDS = 600.0
"""How long the trainers wait for each other while nothing at all happens."""
SHORT_PATIENCE_SECONDS = 10.0
"""How long for one that may be gone."""

RUN, HOLD, SAVE = range(3)
"""A command is counted up; modulo 3 it is one of these."""
STOP_NOW, OVER, INTERRUPTED = 1, 2, 3
"""Values of `State.stop`; 0 while training goes on."""
ABSENT = -1
"""The answer of a trainer that is not there."""
TRAINING, ENDED, AT_END = range(3)
"""Values of `State.progress`."""

_SERVER = "/job:ps/task:0"
_GENERATION, _SAVED, _COMMAND, _STEP, _STOP = range(5)


@dataclass(frozen=True)
class State:
    """What the variables on the server hold."""

    generation: int
    """Another number each time that the chief has initialised or restored the variables."""
    saved: int
    """Step of the newest checkpoint; 0 before the first after a start from nothing."""
    command: int
    step: int
    """Of the checkpoint that is being saved."""
    stop: int
    answers: Any
    """[trainers]: the command that each has answered last; -1: it is not there."""
    progress: Any
    """[trainers]: whether each is training, has ended, or is at the end of its input."""
    global_step: int

    @property
    def kind(self) -> int:
        """What the command is."""
        return self.command % 3

    def has_moved_since(self, before: State) -> bool:
        """Whether anything has happened between the two."""
        return (
            before.global_step != self.global_step
            or before.command != self.command
            or bool(np.any(before.answers != self.answers))
            or bool(np.any(before.progress != self.progress))
        )


class SharedState:
    """The variables, in one trainer's graph. No checkpoint holds them."""

    def __init__(self, trainers: int, trainer: int, global_step: Any) -> None:
        self.trainer, self.trainers = trainer, trainers
        self._global_step = global_step
        with tf.device(_SERVER):
            self._control = self._variable("trainers/control", [5])
            self._members = self._variable("trainers/members", [trainers, 3])
            self._place = v1.placeholder(tf.int64, [])
            self._value = v1.placeholder(tf.int64, [])
            raw = tf.raw_ops
            self._set = raw.ResourceScatterUpdate(
                resource=self._control.handle,
                indices=self._place[tf.newaxis],
                updates=self._value[tf.newaxis],
            )
            self._row = v1.placeholder(tf.int64, [3])
            self._set_member = raw.ResourceScatterUpdate(
                resource=self._members.handle,
                indices=self._place[tf.newaxis],
                updates=self._row[tf.newaxis],
            )
            self._reset = self._reset_op()
            self.reads = [
                self._control.read_value(),
                self._members.read_value(),
                global_step.read_value(),
            ]

    def scaffold(self) -> Any:
        """Of the trainer's session: the chief resets the variables once the others are there."""
        initialise: List[Any] = [v1.train.Scaffold.default_local_init_op()]
        if self.trainer == 0:
            initialise.append(self._reset)
        return v1.train.Scaffold(
            local_init_op=tf.group(*initialise),
            ready_op=v1.report_uninitialized_variables(
                [*v1.global_variables(), self._control, self._members]
            ),
        )

    def read(self, session: Any) -> State:
        """Reads them now."""
        return self.state(session.run(self.reads))

    @staticmethod
    def state(values: Any) -> State:
        """From what `reads` gave."""
        control, members, step = values
        generation, saved, command, saving, stop = (int(number) for number in control)
        # What a trainer wrote before it knew that training has fallen back says nothing.
        is_current = members[:, 2] == generation
        answers = np.where(is_current, members[:, 0], ABSENT)
        progress = np.where(is_current, members[:, 1], TRAINING)
        return State(generation, saved, command, saving, stop, answers, progress, int(step))

    def command(self, session: Any, command: int) -> None:
        """The chief: gives a command."""
        self._write(session, _COMMAND, command)

    def saving(self, session: Any, step: int) -> None:
        """The chief: names the step of the checkpoint."""
        self._write(session, _STEP, step)

    def saved(self, session: Any, step: int) -> None:
        """The chief: names the newest checkpoint."""
        self._write(session, _SAVED, step)

    def stop(self, session: Any, how: int) -> None:
        """The chief: ends the workers' training."""
        self._write(session, _STOP, how)

    def answer(
        self,
        session: Any,
        generation: int,
        command: int,
        progress: int = TRAINING,
        trainer: int = -1,
    ) -> None:
        """Writes what a trainer, else this one, has answered last."""
        number = self.trainer if trainer < 0 else trainer
        row = [command, progress, generation]
        session.run(self._set_member, {self._place: number, self._row: row})

    def _write(self, session: Any, place: int, value: int) -> None:
        session.run(self._set, {self._place: place, self._value: value})

    def _variable(self, name: str, shape: List[int]) -> Any:
        return v1.get_variable(
            name,
            shape,
            tf.int64,
            v1.zeros_initializer(),
            trainable=False,
            collections=["trainers"],
            use_resource=True,
        )

    def _reset_op(self) -> Any:
        # The trainers are held until the chief has its session.
        generation = tf.cast(tf.timestamp() * 1e6, tf.int64)
        step = self._global_step.read_value()
        nothing = tf.zeros([], tf.int64)
        control = tf.stack([generation, step, nothing + HOLD, step, nothing])
        members = tf.zeros([self.trainers, 3], tf.int64)
        return tf.group(
            self._control.assign(control, read_value=False),
            self._members.assign(members, read_value=False),
        )
