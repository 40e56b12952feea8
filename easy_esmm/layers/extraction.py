"""Progressive layered extraction (Tang et al., RecSys 2020, https://doi.org/10.1145/3383313.3412236).

    level 1, 2, ..   task k:  a gate over the experts of task k and the shared ones
                     shared:  a gate over the experts of all tasks and the shared ones

Experts and gates of a level read what the level below gave to the same task, or to the shared
part; those of the first read the input. The last level needs no shared gate; one level alone is the
paper's customised gate control (CGC).
"""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.mixture import Experts, Gate
from easy_esmm.protos.multi_task_pb2 import ExtractionNetwork


class ExtractionLevel(keras.layers.Layer):  # type: ignore[misc]
    """One level: experts of each task, shared experts, a gate per task and maybe a shared gate.

    `product_dtype` is that of the experts.
    """

    def __init__(
        self,
        config: ExtractionNetwork,
        tasks: Sequence[str],
        is_last: bool,
        name: str,
        product_dtype: tf.DType,
        gate_bias: bool,
    ) -> None:
        """`tasks`: names for the experts and gates; the last level has no shared gate."""
        super().__init__(name=name)
        own, shared = config.expert_num_per_task, config.share_num
        of_task, of_all = [config.task_expert_net] * own, [config.share_expert_net] * shared
        self._own = [Experts(of_task, f"experts_{task}", product_dtype) for task in tasks]
        self._shared = Experts(of_all, "experts_shared", product_dtype)
        self._gates = [Gate(own + shared, f"gate_{task}", gate_bias) for task in tasks]
        self._shared_gate: Optional[Gate] = None
        if not is_last:
            self._shared_gate = Gate(len(tasks) * own + shared, "gate_shared", gate_bias)

    def call(self, inputs: Sequence[Tensor], training: bool = False) -> Tuple[Tensor, ...]:
        """Input of each task, then the shared one -> output of each task, then the shared one.

        float32 [batch, width] each -> float32 [batch, units] each. The last level gives none that
        is shared.
        """
        *task_inputs, shared_input = inputs
        shared = self._shared(shared_input, training=training)
        own = [experts(x, training=training) for experts, x in zip(self._own, task_inputs)]
        outputs = [
            gate(x, tf.concat([experts, shared], axis=1))
            for gate, x, experts in zip(self._gates, task_inputs, own)
        ]
        if self._shared_gate is not None:
            outputs.append(self._shared_gate(shared_input, tf.concat([*own, shared], axis=1)))
        return tuple(outputs)


class LayeredExtraction(keras.layers.Layer):  # type: ignore[misc]
    """Extraction levels on top of each other."""

    def __init__(
        self,
        levels: Sequence[ExtractionNetwork],
        tasks: Sequence[str],
        name: str,
        product_dtype: tf.DType,
        *,
        gate_bias: bool = False,
    ) -> None:
        """`levels`: from the input upwards; `tasks`: names for the experts and gates."""
        super().__init__(name=name)
        self._tasks = len(tasks)
        last = len(levels) - 1
        self._levels = [
            ExtractionLevel(
                level, tasks, number == last, f"level_{number}", product_dtype, gate_bias
            )
            for number, level in enumerate(levels)
        ]

    def call(self, inputs: Tensor, training: bool = False) -> Tuple[Tensor, ...]:
        """float32 [batch, width] -> for each task float32 [batch, units of the last level]."""
        outputs: Tuple[Tensor, ...] = (inputs,) * (self._tasks + 1)
        for level in self._levels:
            outputs = level(outputs, training=training)
        return outputs
