"""Writes what a search has found: the best config, all trials as CSV, and a page."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import List, Optional, TextIO

from google.protobuf import text_format

from easy_esmm.atomic_file import atomic_write
from easy_esmm.tuning.page import found_page
from easy_esmm.tuning.search import with_values
from easy_esmm.tuning.study import Found, Trial
from easy_esmm.tuning.text import value_texts

CONFIG, TRIALS, PAGE = "best.config", "trials.csv", "tune.html"


def write_files(found: Found, folder: Path) -> List[Path]:
    """Writes the three files and returns their paths; each appears whole or not at all."""
    contents = {PAGE: found_page(found), CONFIG: best_config(found)}
    paths = [folder / name for name in (CONFIG, TRIALS, PAGE)]
    for path in paths:
        with (
            atomic_write(str(path)) as unfinished,
            open(unfinished, "w", encoding="utf-8", newline="") as file,
        ):
            if path.name == TRIALS:
                _write_trials(found, file)
            else:
                file.write(contents[path.name])
    return paths


def best_config(found: Found) -> str:
    """The config with the values of the best trial, as text."""
    search, best = found.search, found.best
    values = {} if best is None else best.values
    variant = with_values(search.variant, values, search.space)
    head = [f"# {search.variant.path} with the values of {_words(best)}:"]
    head += [f"#   {path} = {text}" for path, text in (value_texts(best) if best else {}).items()]
    return "\n".join([*head, text_format.MessageToString(variant.pipeline.written)])


def _words(best: Optional[Trial]) -> str:
    return "no trial" if best is None else f"trial {best.number}"


def _write_trials(found: Found, file: TextIO) -> None:
    search = found.search
    seeds = [f"seed {seed}" for seed in search.seeds]
    writer = csv.writer(file)
    paths = [one.path for one in search.space]
    writer.writerow(["trial", "state", search.measure.key, *seeds, *paths, "error"])
    for trial in found.trials:
        texts = value_texts(trial)
        writer.writerow(
            [
                trial.number,
                trial.state,
                "" if not trial.by_seed else repr(trial.mean),
                *(repr(trial.by_seed[s]) if s in trial.by_seed else "" for s in search.seeds),
                *(texts.get(path, "") for path in paths),
                trial.error,
            ]
        )
