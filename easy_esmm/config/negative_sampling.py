"""What `data_config.negative_sampling` says: which rows are there, and of which label."""

from __future__ import annotations

from easy_esmm.config.tasks import task_specs
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def share_of_negatives(data: DatasetConfig, *, training: bool) -> float:
    """Of all negatives those that a batch is of, in (0, 1]; 1 where none were dropped."""
    sampling = data.negative_sampling
    if training:
        return float(sampling.rate * sampling.kept_share)
    return float(sampling.eval_kept_share)


def label_of_negatives(config: PipelineConfig) -> str:
    """The label column, of a resolved config, that is 0 on a negative: that of the first task."""
    return task_specs(config.model_config).specs[0].label
