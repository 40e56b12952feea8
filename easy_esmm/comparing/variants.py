"""Checks that configs can be compared: they predict probabilities, on the same rows."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

from easy_esmm.aliccp.fields import CONVERSION, EVENTUAL_CONVERSION
from easy_esmm.comparing.configs import Variant
from easy_esmm.comparing.measures import metric_suffixes
from easy_esmm.config import Pipeline
from easy_esmm.contract import Kind, TaskSpec
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


def require_comparable(variants: Sequence[Variant]) -> None:
    """Raises UserError for a model of values, and for one that chooses its step by evaluation."""
    for variant in variants:
        pipeline = variant.pipeline
        problems: List[str] = []
        export = pipeline.config.export_config
        values = [task for task in pipeline.tasks if task.kind is Kind.VALUE]
        for path in dict.fromkeys(f"{task.path}.loss_type" for task in values):
            rule = "must be that of a probability: what is compared are probabilities"
            problems.append(str(pipeline.problem(path, rule)))
        if export.enable_early_stop:
            rule = "must be false in a comparison: it chooses the step on the evaluated rows"
            problems.append(str(pipeline.problem("export_config.enable_early_stop", rule, "true")))
        if problems:
            raise UserError("\n".join(problems))


def notes_of(variants: Sequence[Variant]) -> Tuple[str, ...]:
    """Settings without effect, with their places, of all configs; each once."""
    return tuple(dict.fromkeys(note for variant in variants for note in variant.pipeline.notes))


def require_same_data(variants: Sequence[Variant]) -> None:
    """Raises UserError unless all read the same files, and the same labels and weights of them."""
    first, *others = variants
    for field, read in _DATA.items():
        expected = read(first.pipeline)
        for other in others:
            found = read(other.pipeline)
            if found != expected:
                raise UserError(
                    f"--configs: {field} must be the same in all configs: {_shown(expected)} in "
                    f"{first.path}, {_shown(found)} in {other.path}; set it for all by a flag, "
                    "or compare on simulated rows (--simulate)"
                )
    for field in ("train_input_path", "eval_input_path"):
        if not getattr(first.pipeline.config, field):
            raise UserError(f"{first.path}: {field}: must be set, or give --{field} or --simulate")


def require_same_tasks(variants: Sequence[Variant]) -> None:
    """Raises UserError where tasks of one name are about different labels or rows."""
    known: Dict[str, Tuple[str, str]] = {}
    for variant in variants:
        tasks = {task.observed_metric_name: task for task in variant.pipeline.tasks}
        for name, suffix in metric_suffixes(variant.pipeline.tasks).items():
            question = _question(tasks[suffix])
            first, path = known.setdefault(name, (question, variant.path))
            if question != first:
                known_as = f"task {name}" if name else "the task of single-task models"
                hint = "give the towers different names"
                if not name:
                    hint = "give each a model_config.task { tower_name: ... } of its own"
                raise UserError(
                    f"--configs: {known_as} must be the same in all configs: {first} in {path}, "
                    f"{question} in {variant.path}; {hint}"
                )


def _question(task: TaskSpec) -> str:
    """The label, and on which rows it is observed.

    Where the simulation evaluates, all conversions have come: both of its labels are one.
    """
    label = CONVERSION if task.label == EVENTUAL_CONVERSION else task.label
    space = task.task_space
    inside = space.words if space is not None and task.inside_metric_name else None
    rows = task.condition if task.is_masked else inside
    return f"'{label}' of {'all rows' if rows is None else f'rows with {rows!r}'}"


def data_format(variant: Variant) -> str:
    """In which format the simulation writes for this config: `csv` or `parquet`."""
    kind = variant.pipeline.config.data_config.input_type
    if kind not in _FORMATS:
        name = DatasetConfig.InputType.Name(kind)
        raise UserError(
            f"{variant.path}: data_config.input_type: must be CSVInput or ParquetInput for "
            f"--simulate, got {name}; give --data_config.input_type=ParquetInput"
        )
    return _FORMATS[kind]


_FORMATS: Dict[int, str] = {DatasetConfig.CSVInput: "csv", DatasetConfig.ParquetInput: "parquet"}


_DATA: Dict[str, Callable[[Pipeline], Any]] = {
    "train_input_path": lambda pipeline: pipeline.config.train_input_path,
    "eval_input_path": lambda pipeline: pipeline.config.eval_input_path,
    "label_name of the towers": lambda pipeline: ", ".join(pipeline.tasks.columns()),
    "data_config.sample_weight": lambda pipeline: pipeline.config.data_config.sample_weight,
    "eval_config.num_examples": lambda pipeline: pipeline.config.eval_config.num_examples,
}


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
