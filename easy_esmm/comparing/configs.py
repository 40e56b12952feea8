"""The configs of a comparison: loaded, and changed for the rows and the runs that they are for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from google.protobuf import json_format

from easy_esmm.aliccp.fields import CLICK, CONVERSION
from easy_esmm.comparing.parquet_columns import parquet_changes
from easy_esmm.config import Edit, Pipeline, load
from easy_esmm.config.models import tower_paths
from easy_esmm.contract import Tasks, TaskSpec
from easy_esmm.errors import UserError
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.simulation.settings import Settings

_NAMED = re.compile(r"([^=/]+)=(.+)")
_NEVER = 1_000_000_000
"""Steps until what is of no use in a comparison."""


@dataclass(frozen=True, eq=False)
class Variant:
    """One of the configs that are compared."""

    name: str
    """In tables and file names."""
    path: str
    edits: Tuple[Edit, ...]
    """Of the command line: the same for all."""
    pipeline: Pipeline
    """With these edits."""


def read_variants(text: str, edits: Sequence[Edit]) -> Tuple[Variant, ...]:
    """From `--configs`: paths with commas, each of them possibly as NAME=PATH.

    Raises UserError, with all problems of a config, for one that is wrong.
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
    return tuple(read_variant(name, path, edits) for name, path in named)


def read_variant(name: str, path: str, edits: Sequence[Edit]) -> Variant:
    """The config at `path` with the edits; raises ConfigError with all problems."""
    return Variant(name, path, tuple(edits), load(path, edits, "check"))


def with_model(variant: Variant, name: str, model: ModelConfig, source: str) -> Variant:
    """The same config with another model; `source` says in messages where it comes from."""
    changes = {"model_config": json_format.MessageToDict(model, preserving_proto_field_name=True)}
    return read_variant(name, variant.path, (*variant.edits, *edits_of(changes, source)))


def edits_of(changes: Mapping[str, Any], source: str = "compare") -> Tuple[Edit, ...]:
    """From paths of fields to their values."""
    return tuple(Edit(source, path, value) for path, value in changes.items())


def on_simulated_rows(
    variant: Variant, folder: str, form: str, settings: Settings
) -> Tuple[Edit, ...]:
    """What a config needs to read the simulation in `folder`, whose files are `csv` or `parquet`.

    A `label_prior` that the config sets is that of other rows; it becomes the simulated rate.
    """
    written = variant.pipeline.written
    changes: Dict[str, Any] = {
        "train_input_path": os.path.join(folder, "train", f"*.{form}"),
        "eval_input_path": os.path.join(folder, "test", f"*.{form}"),
    }
    rates = _rates(variant.pipeline.tasks, settings)
    for (path, tower), rate in zip(tower_paths(written.model_config), rates):
        if tower.HasField("label_prior") and rate is not None:
            changes[f"{path}.label_prior"] = rate
    if form == "parquet":
        changes.update(parquet_changes(written))
    return edits_of(changes)


def _rates(tasks: Tasks, settings: Settings) -> List[Optional[float]]:
    """The mean label of each tower of a model, in their order; None of another label."""
    if tasks.entire_space is not None:
        return [settings.click_rate, settings.conv_rate]
    everywhere = {CLICK: settings.click_rate, CONVERSION: settings.click_rate * settings.conv_rate}
    clicked = {CLICK: 1.0, CONVERSION: settings.conv_rate}
    return [(clicked if _is_of_clicks(task) else everywhere).get(task.label) for task in tasks]


def _is_of_clicks(task: TaskSpec) -> bool:
    space = task.task_space
    is_strict = space is not None and space.is_strict
    return space is not None and is_strict and (space.indicator, space.value) == (CLICK, None)


def of_run(model_dir: str, seed: int) -> Tuple[Edit, ...]:
    """Where a run writes, and its seed."""
    return edits_of({"model_dir": model_dir, "train_config.random_seed": seed})


def with_threads(variant: Variant, threads: int) -> Tuple[Edit, ...]:
    """TensorFlow's threads of one process, where the config does not say; 0: its own choice."""
    train = variant.pipeline.config.train_config
    names = ("inter_op_parallelism_threads", "intra_op_parallelism_threads")
    unset = [name for name in names if threads and not getattr(train, name)]
    return edits_of({f"train_config.{name}": threads for name in unset})


def load_run(path: str, edits: Sequence[Edit]) -> Tuple[Pipeline, Pipeline]:
    """(what is trained, what is evaluated): without what costs time and shows in no result.

    Every task's metrics are `auc`. Without an evaluation input the training evaluates nothing.
    """
    model = load(path, edits, "check").config.model_config
    changes: Dict[str, Any] = {
        "export_config.exporter_type": "none",
        "train_config.save_checkpoints_steps": _NEVER,
        "train_config.save_checkpoints_secs": 0,
        "train_config.save_summary_steps": _NEVER,
        "train_config.log_step_count_steps": _NEVER,
        "train_config.write_graph": False,
    }
    for tower_path, _ in tower_paths(model):
        changes[f"{tower_path}.metrics_set"] = [{"auc": {}}]
    evaluated: List[Edit] = [*edits, *edits_of(changes)]
    trained = [*evaluated, *edits_of({"eval_input_path": ""})]
    return load(path, trained, "train"), load(path, evaluated, "train")


def _name_and_path(part: str) -> Tuple[str, str]:
    match = _NAMED.fullmatch(part)
    if match is not None:
        return match.group(1).strip(), match.group(2).strip()
    return os.path.splitext(os.path.basename(part))[0], part
