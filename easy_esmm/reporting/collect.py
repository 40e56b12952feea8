"""Collects what a report draws from an evaluation, its checkpoint and the model_dir."""

from __future__ import annotations

from typing import List, Mapping, Optional, Sequence

from google.protobuf import text_format

from easy_esmm.config import Pipeline
from easy_esmm.config.several_values import single_readers, value_separators
from easy_esmm.data.fields import FLOATS
from easy_esmm.evaluation.events import series_by_tag
from easy_esmm.evaluation.history import evaluations_folder
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.importance import TaskImportance
from easy_esmm.reporting.measures.task_rows import Coded, task_rows
from easy_esmm.reporting.tables import table_norms
from easy_esmm.simulation.truth import Truth


def recorder_for(config: PipelineConfig, user_column: str) -> RowRecorder:
    """What the evaluation has to record for a report."""
    return RowRecorder(sliced_columns(config), user_column, counts_ids=True)


def sliced_columns(config: PipelineConfig) -> List[str]:
    """Declared columns that features read as one value a row, and that are no floats."""
    several = value_separators(config)
    single = {name for name in single_readers(config) if name not in several}
    fields = config.data_config.input_fields
    return [f.input_name for f in fields if f.input_name in single and f.input_type not in FLOATS]


def user_column_of(pipeline: Pipeline) -> str:
    """The column of the first `gauc` metric; empty without one."""
    of_tasks = [metric for task in pipeline.tasks for metric in task.metrics]
    for metric in (*pipeline.config.eval_config.metrics_set, *of_tasks):
        if metric.WhichOneof("metric") == "gauc":
            return str(metric.gauc.uid_field)
    return ""


def collect(
    pipeline: Pipeline,
    metrics: Mapping[str, float],
    recorder: RowRecorder,
    checkpoint: str,
    *,
    user_column: str = "",
    calibration: str = "",
    truth: Optional[Truth] = None,
    importance: Sequence[TaskImportance] = (),
) -> Evaluated:
    """The rows recorded in the evaluation of `checkpoint`, and the history in the model_dir."""
    config = pipeline.config
    rows = recorder.rows()
    folder = config.model_dir
    return Evaluated(
        config=config,
        config_text=text_format.MessageToString(pipeline.written),
        checkpoint=checkpoint,
        data=config.eval_input_path,
        metrics=metrics,
        rows=rows,
        columns={name: Coded(*coded) for name, coded in recorder.coded().items()},
        tasks=task_rows(rows),
        training=series_by_tag(folder),
        evaluations=series_by_tag(evaluations_folder(folder)),
        tables=table_norms(config, checkpoint, recorder.occurrences()),
        user_column=user_column,
        calibration=calibration,
        truth=truth,
        importance=importance,
    )
