"""The runs of a comparison, and the files of their results."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from google.protobuf import text_format

from easy_esmm.atomic_file import atomic_write
from easy_esmm.comparing.configs import Variant, of_run
from easy_esmm.config import Edit
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True)
class Run:
    """One config with one seed on one set of rows; a worker process gets it as it is."""

    name: str
    seed: int
    path: str
    """Of the config."""
    edits: Tuple[Edit, ...]
    """All of them: of the command line, of the data, of the run."""
    model_dir: str
    result: str
    """File of its result."""
    fingerprint: str
    truth: str = ""
    """Truth file; empty without planted truth."""
    gradient_batches: int = 0
    keep_model: bool = False
    common_pctr: str = ""
    """Scores of the evaluated rows by a model whose pCTR is common to all; see `evaluate`."""

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}"


@dataclass(frozen=True)
class Result:
    """What a run measured."""

    name: str
    seed: int
    suffixes: Dict[str, str]
    """See `measures.metric_suffixes`."""
    metrics: Dict[str, float]
    seconds: float
    """Wall time of the whole run."""
    examples: int
    training_seconds: float
    """Of the steps alone."""


def fingerprint(variant: Variant, data: Any, seed: int, gradient_batches: int) -> str:
    """64 hex digits: equal for a run that would give the same result.

    Of the config as it is written, with the changes of the command line, but where it writes and
    which seed it names; of `data`, which is plain JSON; and of this package's version.
    """
    written = PipelineConfig()
    written.CopyFrom(variant.pipeline.written)
    written.ClearField("model_dir")
    written.train_config.ClearField("random_seed")
    parts = [
        text_format.MessageToString(written),
        data,
        seed,
        gradient_batches,
        metadata.version("easy_esmm"),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def plan_run(
    variant: Variant,
    seed: int,
    data: Any,
    data_edits: Tuple[Edit, ...],
    output: Path,
    **options: Any,
) -> Run:
    """The run of a config with a seed.

    Args:
      variant: the config.
      seed: of the run.
      data: plain JSON that identifies the rows it reads; see `fingerprint`.
      data_edits: what makes the config read them.
      output: folder of the comparison.
      options: other fields of `Run`.
    """
    digest = fingerprint(variant, data, seed, options.get("gradient_batches", 0))
    stem = f"{re.sub(r'[^A-Za-z0-9_.+-]', '_', variant.name)}.seed{seed}.{digest[:8]}"
    model_dir = str(output / "models" / stem)
    return Run(
        name=variant.name,
        seed=seed,
        path=variant.path,
        edits=(*variant.edits, *data_edits, *of_run(model_dir, seed)),
        model_dir=model_dir,
        result=str(output / "results" / f"{stem}.json"),
        fingerprint=digest,
        **options,
    )


def write_result(run: Run, result: Result) -> None:
    """Writes the result's file; it appears whole or not at all. NaN becomes null."""
    metrics = {n: None if math.isnan(v) else v for n, v in sorted(result.metrics.items())}
    content = {**vars(result), "metrics": metrics, "fingerprint": run.fingerprint}
    os.makedirs(os.path.dirname(run.result), exist_ok=True)
    with atomic_write(run.result) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def read_result(run: Run) -> Optional[Result]:
    """The result of an earlier, equal run of this version; None if there is none."""
    try:
        with open(run.result, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        return None
    if content.pop("fingerprint") != run.fingerprint or "suffixes" not in content:
        return None
    metrics = content.pop("metrics")
    return Result(
        **{**content, "name": run.name},
        metrics={name: math.nan if value is None else value for name, value in metrics.items()},
    )
