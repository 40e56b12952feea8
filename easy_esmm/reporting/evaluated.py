"""The data of a report: one evaluation, its rows, and the history of the training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.measures.norms import NormGroup
from easy_esmm.reporting.measures.rows import Rows, Task
from easy_esmm.simulation.truth import Truth

Series = Sequence[Tuple[int, float]]
"""(step, value), by step."""


@dataclass(frozen=True, eq=False)
class TableNorms:
    """The vectors of one embedding table."""

    name: str
    rows: int
    dimension: int
    groups: List[NormGroup]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What the sections draw."""

    config: PipelineConfig
    """Resolved."""
    config_text: str
    """As run."""
    checkpoint: str
    data: str
    """Where the rows came from."""
    metrics: Mapping[str, float]
    rows: Rows
    tasks: Sequence[Task]
    training: Mapping[str, Series] = field(default_factory=dict)
    """Scalars of the training by tag."""
    evaluations: Mapping[str, Series] = field(default_factory=dict)
    """Metrics of the evaluations during training by name."""
    tables: Sequence[TableNorms] = ()
    user_column: str = ""
    truth: Optional[Truth] = None
    """Of exactly these rows."""

    def tones(self) -> Dict[str, int]:
        """Colour of each task, the same in all charts."""
        return {task.key: tone for tone, task in enumerate(self.tasks, start=1)}
