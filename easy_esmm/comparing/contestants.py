"""The configs that are compared: their names, and whether a comparison of them is fair."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence, Tuple

from easy_esmm.config import Edit, Pipeline, load
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Kind
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_NAMED = re.compile(r"([^=/]+)=(.+)")


@dataclass(frozen=True, eq=False)
class Contestant:
    """One config."""

    name: str
    """In tables and file names."""
    path: str
    edits: Tuple[Edit, ...]
    """Of the command line: the same for all."""
    pipeline: Pipeline
    """With these edits."""


def read_contestants(text: str, edits: Sequence[Edit]) -> Tuple[Contestant, ...]:
    """From `--configs`: paths with commas, each of them possibly as NAME=PATH.

    Raises UserError, with all problems of a config, for one that is wrong or cannot be compared.
    """
    named = [_name_and_path(part.strip()) for part in text.split(",") if part.strip()]
    if not named:
        raise UserError("--configs: must name one config or several, with commas")
    for number, (name, path) in enumerate(named):
        for other, other_path in named[:number]:
            if other == name:
                raise UserError(
                    f"--configs: {other_path} and {path} are both named {name}; name one of them, "
                    f"such as --configs {other_path},{name}2={path}"
                )
    contestants = tuple(
        Contestant(name, path, tuple(edits), load(path, edits, "check")) for name, path in named
    )
    for contestant in contestants:
        _require_comparable(contestant)
    return contestants


def notes_of(contestants: Sequence[Contestant]) -> Tuple[str, ...]:
    """Settings without effect, with their places, of all configs; each once."""
    return tuple(
        dict.fromkeys(note for contestant in contestants for note in contestant.pipeline.notes)
    )


def require_same_data(contestants: Sequence[Contestant]) -> None:
    """Raises UserError unless all read the same files, and the same labels and weights of them."""
    first, *others = contestants
    for field, read in _DATA.items():
        expected = read(first.pipeline.config)
        for other in others:
            found = read(other.pipeline.config)
            if found != expected:
                raise UserError(
                    f"--configs: {field} must be the same in all configs: {_shown(expected)} in "
                    f"{first.path}, {_shown(found)} in {other.path}; set it for all by a flag, "
                    "or compare on simulated rows (--simulate)"
                )
    for field in ("train_input_path", "eval_input_path"):
        if not getattr(first.pipeline.config, field):
            raise UserError(f"{first.path}: {field}: must be set, or give --{field} or --simulate")


def data_format(contestant: Contestant) -> str:
    """In which format the simulation writes for this config: `csv` or `parquet`."""
    kind = contestant.pipeline.config.data_config.input_type
    if kind not in _FORMATS:
        name = DatasetConfig.InputType.Name(kind)
        raise UserError(
            f"{contestant.path}: data_config.input_type: must be CSVInput or ParquetInput for "
            f"--simulate, got {name}; give --data_config.input_type=ParquetInput"
        )
    return _FORMATS[kind]


_FORMATS: Dict[int, str] = {DatasetConfig.CSVInput: "csv", DatasetConfig.ParquetInput: "parquet"}


def _labels(config: PipelineConfig) -> str:
    return ", ".join(task_specs(config.model_config).columns())


_DATA: Dict[str, Callable[[PipelineConfig], Any]] = {
    "train_input_path": lambda config: config.train_input_path,
    "eval_input_path": lambda config: config.eval_input_path,
    "label_name of the CTR and of the CVR tower": _labels,
    "data_config.sample_weight": lambda config: config.data_config.sample_weight,
    "eval_config.num_examples": lambda config: config.eval_config.num_examples,
}


def _name_and_path(part: str) -> Tuple[str, str]:
    match = _NAMED.fullmatch(part)
    if match is not None:
        return match.group(1).strip(), match.group(2).strip()
    return os.path.splitext(os.path.basename(part))[0], part


def _require_comparable(contestant: Contestant) -> None:
    pipeline = contestant.pipeline
    problems: List[str] = []
    model, export = pipeline.config.model_config, pipeline.config.export_config
    values = [task for task in task_specs(model) if task.kind is Kind.VALUE]
    for path in dict.fromkeys(f"{task.path}.loss_type" for task in values):
        rule = "must be that of a probability: what is compared are three probabilities"
        problems.append(str(pipeline.problem(path, rule)))
    if export.enable_early_stop:
        rule = "must be false in a comparison: the step would be chosen on the rows that judge"
        problems.append(str(pipeline.problem("export_config.enable_early_stop", rule, "true")))
    if problems:
        raise UserError("\n".join(problems))


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
