"""Builds the vocabularies of features from rows, read as the features read them."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from absl import logging

from easy_esmm import data
from easy_esmm.atomic_file import atomic_write
from easy_esmm.config import Pipeline
from easy_esmm.config.feature_types.record import SOURCES
from easy_esmm.config.vocabulary_file import read_entries
from easy_esmm.counting.counts import Counts
from easy_esmm.counting.vocabulary import Chosen, choose
from easy_esmm.counting.wanted import features_by_file, reading_only, require_countable
from easy_esmm.data import FilesOrFrame
from easy_esmm.errors import UserError
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.errors import user_errors
from easy_esmm.features.looked_up import looked_up
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_BATCH_ROWS = 4096


@dataclass(frozen=True)
class Built:
    """The vocabulary of a feature, or of features that share a table."""

    features: Tuple[str, ...]
    file: str
    chosen: Chosen
    missing: int
    """Values that are missing: no vocabulary is asked for them."""


@dataclass(frozen=True)
class BuiltAll:
    """What a pass over rows gave."""

    rows: int
    vocabularies: Tuple[Built, ...]


def build(
    pipeline: Pipeline,
    output_dir: str,
    *,
    rows: Optional[FilesOrFrame] = None,
    features: Sequence[str] = (),
    min_count: int = 1,
    top_k: int = 0,
    base: str = "",
    is_checked: bool = False,
) -> BuiltAll:
    """Counts the ids of features and writes a vocabulary file for each table.

    Args:
      pipeline: the config, whose features say how columns become ids.
      output_dir: folder of the files, `FEATURE.txt`, or `EMBEDDING_NAME.txt` of a shared table.
      rows: files or a pandas DataFrame; None: `train_input_path`.
      features: names; empty: all that have a `vocab_file` or a `vocab_list`.
      min_count, top_k: see `choose`.
      base: folder of the vocabularies to be grown; a feature without a file in it begins a new one.
      is_checked: whether the caller has called `require_countable`.

    Raises:
      UserError: as `require_countable` does, or a row cannot be read.
    """
    if not is_checked:
        require_countable(pipeline, rows, features, base)
    shared = features_by_file(pipeline.config, features)
    config = reading_only(pipeline.config, [one for of_file in shared.values() for one in of_file])
    source = rows if rows is not None else config.train_input_path
    input_fn = data.input_fn(
        config, "predict", source, batch_size=_BATCH_ROWS, validator=validator_of(config)
    )
    os.makedirs(output_dir, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output_dir, prefix="counts.") as folder:
        counts = {file: Counts(_made(folder, number)) for number, file in enumerate(shared)}
        missing = dict.fromkeys(shared, 0)
        read = 0
        with user_errors(lambda: find_bad_cell(config, source, with_labels=False)):
            for columns in input_fn.batches():
                read += int(next(iter(columns.values())).shape[0])
                for file, of_file in shared.items():
                    for feature in of_file:
                        found = looked_up(feature, columns)
                        counts[file].add(found.texts.numpy())
                        missing[file] += int(found.missing)
        input_fn.skipped.log_summary()
        if not read:
            raise UserError("the input held no row that could be read")
        built = []
        for file, of_file in shared.items():
            before = _base(base, file)
            chosen = choose(counts[file], min_count, top_k, before)
            path = os.path.join(output_dir, file)
            _write(path, chosen.entries)
            names = tuple(feature.feature_name for feature in of_file)
            built.append(Built(names, path, chosen, missing[file]))
    return BuiltAll(read, tuple(built))


def with_vocabularies(config: PipelineConfig, built: Sequence[Built]) -> PipelineConfig:
    """A copy of the config whose features read these files and nothing else."""
    files = {name: one.file for one in built for name in one.features}
    changed = PipelineConfig()
    changed.CopyFrom(config)
    for feature in changed.feature_config.features:
        name = feature.feature_name or feature.input_names[0]
        if name in files:
            for source in SOURCES:
                feature.ClearField(source)
            feature.vocab_file = files[name]
    return changed


def _base(folder: str, file: str) -> List[bytes]:
    if not folder:
        return []
    path = os.path.join(folder, file)
    if not os.path.isfile(path):
        logging.warning("--base: %s holds no %s, which begins anew", folder, file)
        return []
    return read_entries(path)


def _made(folder: str, number: int) -> str:
    path = os.path.join(folder, str(number))
    os.makedirs(path)
    return path


def _write(path: str, entries: Sequence[bytes]) -> None:
    with atomic_write(path) as unfinished, open(unfinished, "wb") as file:
        file.writelines(entry + b"\n" for entry in entries)
