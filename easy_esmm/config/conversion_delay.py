"""The columns and times of `data_config.conversion_delay`."""

from __future__ import annotations

from typing import Tuple

from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

SECONDS_PER_DAY = 86400.0


def corrects_delay(config: PipelineConfig) -> bool:
    """Whether training reads when conversions came, and corrects for those still to come."""
    has_loss = config.model_config.HasField("delayed_feedback")
    return bool(has_loss and config.data_config.HasField("conversion_delay"))


def time_columns(data: DatasetConfig) -> Tuple[str, ...]:
    """Names of the columns of times; that of the cut only where it is one."""
    delay = data.conversion_delay
    names = (delay.click_time, delay.conversion_time, delay.observed_until)
    return tuple(name for name in names if name)
