"""What a trainer's graph and session have besides in a cluster."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence

import tensorflow as tf

from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.compat import v1
from easy_esmm.estimator.cluster import Role
from easy_esmm.hooks.chief_saver import ChiefSaver
from easy_esmm.hooks.marks import Marks
from easy_esmm.hooks.shared_state import SharedState
from easy_esmm.hooks.trainers import TrainerHook
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_SEED_STEP = 7919


class ClusterTraining:
    """The training of one chief or worker, for `make_estimator`."""

    def __init__(self, config: PipelineConfig, role: Role, marks: Marks) -> None:
        """`config`: resolved."""
        self.role, self.marks = role, marks
        self._config = config
        self.position: Optional[InputPosition] = None
        """Of this trainer's input; to be set before the graph is built."""
        self.is_interrupted: Callable[[], bool] = lambda: False
        """Of the chief: whether a signal asks it to end."""
        self._hook: Optional[TrainerHook] = None

    @property
    def random_seed(self) -> int:
        """Of the trainer's graph: workers at one step draw different random numbers.

        First values of variables are the chief's.
        """
        seed = self._config.train_config.random_seed + _SEED_STEP * self.role.trainer
        return int(seed % 2**32)

    @property
    def was_interrupted(self) -> bool:
        """A worker whose training has ended: whether the chief was ended by a signal."""
        return self._hook is not None and self._hook.was_interrupted

    def session_parts(self, global_step: Any, hooks: Sequence[Any]) -> Dict[str, Any]:
        """Arguments of the EstimatorSpec, `hooks` among them; to be called after all variables."""
        if self.position is None:
            raise ValueError("the position of the input is not set")
        train = self._config.train_config
        shared = SharedState(self.role.trainers, self.role.trainer, global_step)
        self._hook = TrainerHook(shared, self.position, self.marks, train.num_steps)
        parts: Dict[str, Any] = {
            "scaffold": shared.scaffold(),
            "training_hooks": [*hooks, self._hook],
        }
        if self.role.is_chief:
            saver = ChiefSaver(
                shared,
                self.position,
                self.marks,
                self.is_interrupted,
                model_dir=self._config.model_dir,
                config=train,
            )
            parts["training_chief_hooks"] = [saver]
        return parts


def start_server(config: PipelineConfig, role: Role) -> Any:
    """Starts this process's TensorFlow server; it runs until the process ends."""
    train = config.train_config
    return v1.train.Server(
        tf.train.ClusterSpec({kind: list(of) for kind, of in role.addresses.items()}),
        job_name=role.kind,
        task_index=role.index,
        config=v1.ConfigProto(
            inter_op_parallelism_threads=train.inter_op_parallelism_threads,
            intra_op_parallelism_threads=train.intra_op_parallelism_threads,
        ),
    )
