"""The embedding tables of a checkpoint, read one after another."""

from __future__ import annotations

from typing import Any, List, Mapping

from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.optimizers import averages
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.evaluated import TableNorms
from easy_esmm.reporting.measures.norms import norms_by_frequency


def table_norms(
    config: PipelineConfig, checkpoint: str, occurrences: Mapping[str, NDArray[Any]]
) -> List[TableNorms]:
    """The norms of each table that occurrences are known of, as the evaluation read it.

    One table at a time is in memory, where the evaluation had all of them.
    """
    reader = v1.train.NewCheckpointReader(checkpoint)
    found = []
    for name, counts in occurrences.items():
        table = _table(config, reader, name)
        groups = norms_by_frequency(table, counts)
        found.append(TableNorms(name, table.shape[0], table.shape[1], groups))
    return found


def _table(config: PipelineConfig, reader: Any, name: str) -> NDArray[Any]:
    is_averaged = reader.has_tensor(f"{name}/{averages.AVERAGE}")
    if averages.are_used(config.train_config) and is_averaged:
        decay = config.train_config.optimizer_config[0].moving_average_decay
        average: NDArray[Any] = averages.averaged(reader, name, decay)
        return average
    table: NDArray[Any] = reader.get_tensor(name)
    return table
