"""The data of a report: one evaluation, its rows, and the history of the training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.drawing.xy import TONES
from easy_esmm.reporting.measures.importance import TaskImportance
from easy_esmm.reporting.measures.norms import NormGroup
from easy_esmm.reporting.measures.task_rows import Coded, TaskRows
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
    rows: RecordedRows
    tasks: Sequence[TaskRows]
    columns: Mapping[str, Coded] = field(default_factory=dict)
    """Single-valued columns by name."""
    training: Mapping[str, Series] = field(default_factory=dict)
    """Scalars of the training by tag."""
    evaluations: Mapping[str, Series] = field(default_factory=dict)
    """Metrics of the evaluations during training by name."""
    tables: Sequence[TableNorms] = ()
    user_column: str = ""
    calibration: str = ""
    """What was done to the probabilities, in words; empty: they are the model's own."""
    truth: Optional[Truth] = None
    """Of exactly these rows."""
    importance: Sequence[TaskImportance] = ()
    """By task; empty: it was not asked for."""

    def tones(self) -> Dict[str, int]:
        """Colour of each task, the same in all charts."""
        return {task.key: 1 + number % TONES for number, task in enumerate(self.tasks)}
