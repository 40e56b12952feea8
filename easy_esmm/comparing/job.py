"""Plans and runs a comparison from the options of the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from easy_esmm.comparing.comparison import Comparison, compare
from easy_esmm.comparing.configs import Variant, on_simulated_rows, with_threads
from easy_esmm.comparing.runs import Run, plan_run
from easy_esmm.comparing.schedule import Batch, Log, run_all, threads_of
from easy_esmm.comparing.simulated import DataSet, data_set, is_written, parse_settings, write
from easy_esmm.comparing.single_task import find_single_tasks
from easy_esmm.comparing.variants import (
    data_format,
    notes_of,
    require_same_data,
    require_same_tasks,
)
from easy_esmm.config import Edit
from easy_esmm.data import require_input, storage
from easy_esmm.data.files import find_files
from easy_esmm.errors import UserError
from easy_esmm.simulation.settings import Settings

_LARGEST_SEED = 2**32 - 1
"""`train_config.random_seed` is 32 bits wide."""


@dataclass(frozen=True)
class Options:
    """The options of the command line besides the configs."""

    seeds: str
    simulate: Optional[str]
    reference: Optional[str]
    output: Path
    jobs: int = 1
    gradient_batches: int = 20
    keep_models: bool = False


def run_comparison(
    variants: Sequence[Variant], options: Options
) -> Tuple[Optional[Comparison], List[str]]:
    """Runs what has no result yet.

    Returns:
      The comparison, None where no run succeeded; and a text for each run that failed.

    Raises:
      UserError: an option is wrong, or the configs read different data.
    """
    seeds = parse_seeds(options.seeds)
    names = [variant.name for variant in variants]
    reference = options.reference or names[0]
    if reference not in names:
        known = ", ".join(names)
        raise UserError(f"--reference: must be one of {known}, got '{reference}'")
    settings = None if options.simulate is None else parse_settings(options.simulate)
    require_same_tasks(variants)
    if settings is None:
        require_same_data(variants)
        for variant in variants:
            require_input(variant.pipeline)
    batches = [batch_of(variants, settings, seed, options) for seed in seeds]
    outcomes = run_all(batches, len(names) * len(seeds), options.jobs)
    if not outcomes.results:
        return None, outcomes.failures
    singles = find_single_tasks({c.name: c.pipeline.config for c in variants})
    facts: Dict[str, Any] = {
        "configs": {variant.name: variant.path for variant in variants},
        "changes": {edit.path: edit.value for edit in variants[0].edits},
        "simulation": None if settings is None else _known_settings(settings),
    }
    notes = [*singles.notes, *(f"failed: {failure}" for failure in outcomes.failures)]
    comparison = compare(
        names,
        reference,
        outcomes.results,
        singles.by_task,
        facts,
        notes,
        notes_of(variants),
    )
    return comparison, outcomes.failures


def batch_of(
    variants: Sequence[Variant], settings: Optional[Settings], seed: int, options: Options
) -> Batch:
    """The runs of one seed: on simulated rows with `settings`, else on the configs' own files."""
    if settings is None:
        return _of_files(variants, seed, options)
    return _simulated(variants, settings, seed, options)


def parse_seeds(text: str) -> Tuple[int, ...]:
    """From `--seeds`: whole numbers with commas, each once."""
    seeds: List[int] = []
    for piece in filter(None, (part.strip() for part in text.split(","))):
        if not piece.isdecimal() or int(piece) > _LARGEST_SEED:
            raise UserError(f"--seeds: must be whole numbers from 0 on, with commas, got '{piece}'")
        if int(piece) in seeds:
            raise UserError(f"--seeds: must be different, got {piece} twice")
        seeds.append(int(piece))
    if not seeds:
        raise UserError("--seeds: must name a seed or several, such as 0,1,2")
    return tuple(seeds)


def _known_settings(settings: Settings) -> Dict[str, Any]:
    known = settings.in_effect()
    del known["seed"]
    return known


def _simulated(
    variants: Sequence[Variant], settings: Settings, seed: int, options: Options
) -> Batch:
    runs: List[Run] = []
    sets: Dict[DataSet, None] = {}
    for variant in variants:
        data = data_set(options.output / "data", settings, seed, data_format(variant))
        sets[data] = None
        edits = on_simulated_rows(variant, str(data.folder), data.format, settings)
        known = [_known_settings(settings), data.format]
        truth = data.truth if variant.pipeline.tasks.entire_space is not None else ""
        runs.append(_run(variant, seed, known, edits, options, truth=truth))

    def prepare(log: Log) -> None:
        for data in sets:
            if not is_written(data):
                log(f"simulating the rows of seed {seed}")
                write(data, settings, seed)

    return prepare, runs


def _of_files(variants: Sequence[Variant], seed: int, options: Options) -> Batch:
    config = variants[0].pipeline.config
    known = [*_files(config.train_input_path), *_files(config.eval_input_path)]
    return None, [_run(variant, seed, known, [], options) for variant in variants]


def _files(paths: str) -> List[Any]:
    """Path, size and mtime of each file of a comma list of globs: what identifies the rows."""
    return [
        [path, storage.size(path), os.stat(path).st_mtime_ns if os.path.exists(path) else None]
        for path in find_files(paths)
    ]


def _run(
    variant: Variant,
    seed: int,
    data: Any,
    data_edits: Sequence[Edit],
    options: Options,
    truth: str = "",
) -> Run:
    return plan_run(
        variant,
        seed,
        data,
        (*data_edits, *with_threads(variant, threads_of(options.jobs))),
        options.output,
        truth=truth,
        gradient_batches=options.gradient_batches,
        keep_model=options.keep_models,
    )
