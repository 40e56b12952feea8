"""Weight decay that is decoupled from the gradient (Loshchilov and Hutter, ICLR 2019)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from easy_esmm.contract import Tensor


class DecoupledWeightDecay:
    """For an optimizer of TensorFlow's: a step also takes `weight_decay` times the weight off.

    The decay is not multiplied by the learning rate, as in EasyRec. It reaches every variable that
    the loss reaches, biases included; of a table the rows that the batch read.
    """

    weight_decay: float

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        # Not before the gradient, which needs the weight as it was.
        with tf.control_dependencies([grad]):
            decay = handle.assign_sub(self.weight_decay * handle.read_value(), read_value=False)
        with tf.control_dependencies([decay]):
            return super()._resource_apply_dense(grad, handle)  # type: ignore[misc]

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        with tf.control_dependencies([grad]):
            rows = tf.gather(handle, indices)
        decay = tf.raw_ops.ResourceScatterSub(
            resource=handle.handle, indices=indices, updates=self.weight_decay * rows
        )
        with tf.control_dependencies([decay]):
            grad = tf.identity(grad)  # so that it waits, whenever the rows are updated
            return super()._resource_apply_sparse(grad, handle, indices)  # type: ignore[misc]
