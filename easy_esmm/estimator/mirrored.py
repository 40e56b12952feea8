"""Training on several GPUs of one machine: `train_distribute: MirroredStrategy`.

Each GPU holds the whole model and takes a batch of `batch_size` rows; the gradient of a step is the
mean of theirs. With n GPUs and the loss a mean over rows, a step is that of one device with
n x batch_size rows.
"""

from __future__ import annotations

from typing import Any, List, Optional

import tensorflow as tf
from absl import logging

from easy_esmm.errors import UserError
from easy_esmm.optimizers import averages
from easy_esmm.protos import train_pb2
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def devices() -> List[str]:
    """The devices that would share the work: `/gpu:0`, ..."""
    return [f"/gpu:{number}" for number, _ in enumerate(tf.config.list_logical_devices("GPU"))]


def replicas(config: PipelineConfig) -> int:
    """Number of copies of the model that train side by side; 1 without a strategy."""
    if config.train_config.train_distribute != train_pb2.MirroredStrategy:
        return 1
    return max(1, len(devices()))


def strategy(config: PipelineConfig) -> Optional[Any]:
    """The strategy that a training is to run under; None for one device.

    Raises:
      UserError: the config asks for something that would not be the same over several GPUs.
    """
    count = replicas(config)
    batch = config.data_config.batch_size
    if config.train_config.train_distribute == train_pb2.MirroredStrategy:
        logging.info(
            "MirroredStrategy: %d %s: a step trains on %s rows, batch_size of each; the loss and "
            "the warnings in the log are those of the first",
            count,
            "GPUs" if count > 1 else "device, for want of several GPUs",
            f"{batch * count:,}",
        )
    if count == 1:
        return None
    problems = _problems(config)
    if problems:
        raise UserError("\n".join(problems))
    # All-gather, which a MirroredStrategy would choose, wants as many rows of a table from each.
    return tf.distribute.MirroredStrategy(
        devices(), cross_device_ops=tf.distribute.ReductionToOneDevice()
    )


def _problems(config: PipelineConfig) -> List[str]:
    train = config.train_config
    files = [one.embedding_init_file for one in config.feature_config.features]
    begun = next(filter(None, files), "")
    wrong = (
        (
            train.gradient_clipping_by_norm > 0,
            "train_config.gradient_clipping_by_norm: must be 0: each GPU would clip by the norm of "
            f"its own batch, got {train.gradient_clipping_by_norm:g}",
        ),
        (
            averages.are_used(train),
            "train_config.optimizer_config.use_moving_average: must be false: the average of a row "
            "follows the batches of one device, got true",
        ),
        (
            bool(train.fine_tune_checkpoint),
            "train_config.fine_tune_checkpoint: must be unset: a checkpoint is restored on one "
            f"device, got {train.fine_tune_checkpoint}",
        ),
        (
            bool(begun),
            "feature_config.features.embedding_init_file: must be unset: tables begin with a file "
            f"on one device, got {begun}",
        ),
        (
            config.model_config.loss_reduction != ModelConfig.MEAN,
            "model_config.loss_reduction: must be MEAN: penalties of weights would count once for "
            "each GPU, got SUM",
        ),
    )
    return [
        f"{text}; with train_distribute: MirroredStrategy and {replicas(config)} GPUs; leave one "
        "of the two out"
        for is_wrong, text in wrong
        if is_wrong
    ]
