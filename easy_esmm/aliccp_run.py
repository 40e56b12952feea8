"""Ali-CCP from the downloaded files to the ESMM paper's figures, in one command: `make aliccp`.

python -m easy_esmm.aliccp_run --data FOLDER [--output_dir runs/aliccp] [--min_count 12]
    [--max_bad_rows 0] [--train_config.num_steps=100] ...

Converts the four files; trains, evaluates and exports `--pipeline_config`, which is
samples/esmm_aliccp.config if not given; trains a CTR model on the same rows for the common pCTR of
the paper's CTCVR; prints the AUCs beside the published ones. What an earlier run has finished is
not done again.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Mapping

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.aliccp.against_simulation import compared, counts_of_simulation
from easy_esmm.aliccp.conversion import RESULT, Job, convert
from easy_esmm.aliccp.sources import Source, find
from easy_esmm.aliccp.statistics import format_statistics
from easy_esmm.config import Edit, Pipeline
from easy_esmm.errors import UserError

SAMPLE = "samples/esmm_aliccp.config"
PARTS = ("train", "test")

FLAGS = flags.define(*flags.CONFIG)
absl_flags.DEFINE_string(
    "data", None, "folder of the downloaded files: plain, .gz or .tar.gz", flag_values=FLAGS
)
absl_flags.DEFINE_string(
    "output_dir", "runs/aliccp", "folder of converted rows and models", flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "min_count", 12, "an id needs so many occurrences in train", 1, flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "max_bad_rows", 0, "malformed lines and unknown keys to put up with", 0, flag_values=FLAGS
)


def main(arguments: flags.Arguments) -> None:
    """Converts, trains twice, evaluates; prints the table."""
    if not FLAGS.data:
        raise UserError("--data: must name the folder of the downloaded Ali-CCP files")
    if not arguments.pipeline_config:
        arguments = replace(arguments, pipeline_config=SAMPLE)
    output = Path(FLAGS.output_dir)
    for part in PARTS:
        _convert(part, output)
    esmm = _pipeline(arguments, output, "esmm")
    console.start(esmm.notes)
    # Late: importing TensorFlow takes 6 s, and nothing above needs it.
    from easy_esmm import training  # noqa: PLC0415
    from easy_esmm.reporting.published import beside_published  # noqa: PLC0415
    from easy_esmm.reporting.table import evaluation_table  # noqa: PLC0415
    from easy_esmm.training import model_dir, result  # noqa: PLC0415

    ctr = _pipeline(arguments, output, "ctr", Edit("aliccp_run", CVR_WEIGHT, 0))
    for pipeline in (esmm, ctr):
        folder = Path(pipeline.config.model_dir)
        if any(folder.glob("export/final/*/saved_model.pb")):
            if not model_dir.is_of(pipeline):
                raise UserError(f"{folder}: was trained with another config; {_ADVICE}")
            print(f"{folder}: trained before")
            continue
        print(f"\n== Training {folder}\n", flush=True)
        # A training that was cut off would read some rows twice when continued.
        shutil.rmtree(folder, ignore_errors=True)
        training.train(pipeline)
    scores = str(output / "common_pctr.parquet")
    training.score(ctr, esmm.config.eval_input_path, scores, output_columns=["probs_ctr"])
    metrics = training.evaluate(esmm, common_pctr_path=scores)
    path = os.path.join(esmm.config.model_dir, "eval_result.txt")
    result.write(metrics, path)
    print(f"\n{evaluation_table(esmm.config, metrics)}\nall metrics: {path}\n")
    print(beside_published(metrics, is_official=_is_official(output)))


CVR_WEIGHT = "model_config.esmm.cvr_tower.weight"
"""Without its CVR loss, an ESMM is a CTR model."""

_ADVICE = "name another --output_dir, or remove this one"


def _convert(part: str, output: Path) -> None:
    """Converts a part, unless an earlier run has finished it."""
    folder = output / "data" / part
    if (folder / RESULT).exists():
        before = json.loads((folder / RESULT).read_text(encoding="utf-8"))["min_count"]
        if before not in (None, FLAGS.min_count):
            rule = f"{folder} was converted with {before}, got {FLAGS.min_count}"
            raise UserError(f"--min_count: {rule}; {_ADVICE}")
        print(f"{folder}: converted before")
        return
    job = Job(
        skeleton=_source("sample_skeleton", part),
        common=_source("common_features", part),
        output=folder.absolute(),
        vocabulary=None if part == "train" else (output / "data" / "train").absolute(),
        min_count=FLAGS.min_count,
        max_bad_rows=FLAGS.max_bad_rows,
        workers=len(os.sched_getaffinity(0)),
    )
    print(f"\n== Converting the {part} files\n", flush=True)
    result = convert(job)
    print(format_statistics(result))
    truth = counts_of_simulation(Path(FLAGS.data), part)
    if truth is not None:
        print(compared(result, truth))


def _is_official(output: Path) -> bool:
    """Whether both parts have the line counts of the official files."""
    results = [output / "data" / part / RESULT for part in PARTS]
    return all(json.loads(path.read_text(encoding="utf-8"))["official"]["part"] for path in results)


def _source(stem: str, part: str) -> Source:
    """The file `stem_part.csv` of --data: plain, compressed, or in the part's archive."""
    names = [f"{stem}_{part}.csv", f"{stem}_{part}.csv.gz", f"sample_{part}.tar.gz"]
    for name in names:
        path = Path(FLAGS.data) / name
        if path.exists():
            return find("data", str(path), stem)
    raise UserError(f"--data {FLAGS.data}: holds none of {', '.join(names)}")


def _pipeline(arguments: flags.Arguments, output: Path, name: str, *more: Edit) -> Pipeline:
    """The config on the converted rows, with tables of the vocabulary's sizes."""
    changes: Dict[str, Any] = {
        "model_dir": str(output / name),
        "train_input_path": str(output / "data" / "train" / "impressions-*.parquet"),
        "eval_input_path": str(output / "data" / "test" / "impressions-*.parquet"),
        **_table_sizes(output),
    }
    edits: List[Edit] = [Edit("aliccp_run", path, value) for path, value in changes.items()]
    with_ours = replace(arguments, edits=(*edits, *more, *arguments.edits))
    pipeline = with_ours.load("train")
    found = pipeline.config.model_dir
    if found != changes["model_dir"]:
        # The folder of a training that was cut off is removed, and there are two trainings.
        raise UserError(f"model_dir: is a folder of --output_dir here, got {found!r}")
    return pipeline


def _table_sizes(output: Path) -> Mapping[str, int]:
    path = output / "data" / "train" / "vocabulary" / "vocabulary.json"
    fields = json.loads(path.read_text(encoding="utf-8"))["fields"]
    return {
        f"feature_config.features[input_names[0]={name}].num_buckets": field["num_buckets"]
        for name, field in fields.items()
    }


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
