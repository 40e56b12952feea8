"""The steps that programs on Ali-CCP share: convert, point a config at the rows, train once."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from absl import flags as absl_flags
from absl.flags import FlagValues

from easy_esmm import flags
from easy_esmm.aliccp.conversion.against_simulation import compared, counts_of_simulation
from easy_esmm.aliccp.conversion.job import RESULT, Job, convert
from easy_esmm.aliccp.conversion.sources import Source, find
from easy_esmm.aliccp.conversion.statistics import format_statistics
from easy_esmm.config import Edit, Pipeline
from easy_esmm.errors import UserError

SAMPLE = "samples/esmm_aliccp.config"
PARTS = ("train", "test")
_CVR_WEIGHTS = (
    "model_config.esmm.cvr_tower.weight",
    "model_config.esmm.click_masked_cvr_weight",
)
_ADVICE = "name another --output_dir, or remove this one"


@dataclass(frozen=True)
class Files:
    """The downloaded files, and where what is made of them goes."""

    data: str
    """Folder of the downloaded files: plain, .gz or .tar.gz."""
    output: Path
    min_count: int
    max_bad_rows: int


def define_flags(output_dir: str) -> FlagValues:
    """The flags of `Files` and of a config; `output_dir` is the default."""
    values = flags.define(*flags.CONFIG)
    absl_flags.DEFINE_string(
        "data", None, "folder of the downloaded files: plain, .gz or .tar.gz", flag_values=values
    )
    absl_flags.DEFINE_string(
        "output_dir", output_dir, "folder of converted rows and models", flag_values=values
    )
    absl_flags.DEFINE_integer(
        "min_count", 12, "an id needs so many occurrences in train", 1, flag_values=values
    )
    absl_flags.DEFINE_integer(
        "max_bad_rows", 0, "malformed lines and unknown keys to tolerate", 0, flag_values=values
    )
    return values


def ctr_only(source: str) -> Tuple[Edit, ...]:
    """Edits in the name of `source`: without its CVR losses, an ESMM is a CTR model."""
    return tuple(Edit(source, path, 0) for path in _CVR_WEIGHTS)


def files_of(values: FlagValues) -> Files:
    """From the command line; raises UserError without --data, or without the config.

    The config is read after the conversion, which may take minutes.
    """
    if not values.data:
        raise UserError("--data: must name the folder of the downloaded Ali-CCP files")
    if not Path(values.pipeline_config or SAMPLE).is_file():
        raise UserError(
            f"--pipeline_config: {values.pipeline_config or SAMPLE}: no such file here; "
            "samples/ is a folder of the project's sources"
        )
    return Files(values.data, Path(values.output_dir), values.min_count, values.max_bad_rows)


def convert_files(files: Files) -> None:
    """Converts both parts, unless an earlier run has finished them."""
    for part in PARTS:
        _convert(files, part)


def is_official(output: Path) -> bool:
    """Whether both parts have the line counts of the official files."""
    return all(result["official"]["part"] for result in conversions(output))


def conversions(output: Path) -> List[Any]:
    """What the conversions of both parts found, as plain JSON."""
    paths = [output / "data" / part / RESULT for part in PARTS]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def rows_edits(output: Path, source: str) -> List[Edit]:
    """Points a config at the converted rows, with tables of the vocabulary's sizes."""
    changes: Dict[str, Any] = {
        "train_input_path": str(output / "data" / "train" / "impressions-*.parquet"),
        "eval_input_path": str(output / "data" / "test" / "impressions-*.parquet"),
        **_table_sizes(output),
    }
    return [Edit(source, path, value) for path, value in changes.items()]


def on_rows(
    arguments: flags.Arguments, output: Path, name: str, source: str, *more: Edit
) -> Pipeline:
    """The config on the converted rows, to be trained in the folder `name` of `output`."""
    if not arguments.pipeline_config:
        arguments = replace(arguments, pipeline_config=SAMPLE)
    folder = str(output / name)
    ours = [Edit(source, "model_dir", folder), *rows_edits(output, source)]
    pipeline = replace(arguments, edits=(*ours, *more, *arguments.edits)).load("train")
    found = pipeline.config.model_dir
    if found != folder:
        # The folder of a training that was interrupted is removed, and there are several trainings.
        raise UserError(f"model_dir: is a folder of --output_dir here, got {found!r}")
    return pipeline


def train_once(pipeline: Pipeline) -> None:
    """Trains, unless an earlier run has finished it; raises UserError if its config was another."""
    # Late: importing TensorFlow takes 6 s.
    from easy_esmm import training  # noqa: PLC0415
    from easy_esmm.estimator import model_dir  # noqa: PLC0415

    folder = Path(pipeline.config.model_dir)
    if any(folder.glob("export/final/*/saved_model.pb")):
        if not model_dir.is_of(pipeline):
            raise UserError(f"{folder}: was trained with another config; {_ADVICE}")
        print(f"{folder}: trained before")
        return
    print(f"\n== Training {folder}\n", flush=True)
    # A training that was interrupted would read some rows twice when continued.
    shutil.rmtree(folder, ignore_errors=True)
    training.train(pipeline)


def _convert(files: Files, part: str) -> None:
    folder = files.output / "data" / part
    if (folder / RESULT).exists():
        before = json.loads((folder / RESULT).read_text(encoding="utf-8"))["min_count"]
        if before not in (None, files.min_count):
            rule = f"{folder} was converted with {before}, got {files.min_count}"
            raise UserError(f"--min_count: {rule}; {_ADVICE}")
        print(f"{folder}: converted before")
        return
    train = files.output / "data" / "train"
    job = Job(
        skeleton=_source(files.data, "sample_skeleton", part),
        common=_source(files.data, "common_features", part),
        output=folder.absolute(),
        vocabulary=None if part == "train" else train.absolute(),
        min_count=files.min_count,
        max_bad_rows=files.max_bad_rows,
        workers=len(os.sched_getaffinity(0)),
    )
    print(f"\n== Converting the {part} files\n", flush=True)
    result = convert(job)
    print(format_statistics(result))
    truth = counts_of_simulation(Path(files.data), part)
    if truth is not None:
        print(compared(result, truth))


def _source(data: str, stem: str, part: str) -> Source:
    """The file `stem_part.csv` of --data: plain, compressed, or in the part's archive."""
    names = [f"{stem}_{part}.csv", f"{stem}_{part}.csv.gz", f"sample_{part}.tar.gz"]
    for name in names:
        path = Path(data) / name
        if path.exists():
            return find("data", str(path), stem)
    raise UserError(f"--data {data}: holds none of {', '.join(names)}")


def _table_sizes(output: Path) -> Mapping[str, int]:
    path = output / "data" / "train" / "vocabulary" / "vocabulary.json"
    fields = json.loads(path.read_text(encoding="utf-8"))["fields"]
    return {
        f"feature_config.features[input_names[0]={name}].num_buckets": field["num_buckets"]
        for name, field in fields.items()
    }
