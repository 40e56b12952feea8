"""Reads the scalars in TensorBoard's event files."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Tuple

import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1

Series = List[Tuple[int, float]]
"""(step, value), by step."""


def read_scalars(folder: str) -> Iterator[Tuple[int, Dict[str, float]]]:
    """(step, value by tag) of each event with scalars in the files of `folder`, file by file.

    None without the folder. A file may end in an event that a killed process, or a full disk, left
    unfinished: it is left out.
    """
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        if "tfevents" not in name:
            continue
        for event in _events(os.path.join(folder, name)):
            values = {
                value.tag: value.simple_value
                for value in event.summary.value
                if value.HasField("simple_value")
            }
            if values:
                yield event.step, values


def series_by_tag(folder: str) -> Dict[str, Series]:
    """Each scalar's series; of a step that was written twice, the later file's value."""
    found: Dict[str, Dict[int, float]] = {}
    for step, values in read_scalars(folder):
        for tag, value in values.items():
            found.setdefault(tag, {})[step] = value
    return {tag: sorted(by_step.items()) for tag, by_step in found.items()}


def _events(path: str) -> Iterator[Any]:
    try:
        yield from v1.train.summary_iterator(path)
    except tf.errors.DataLossError:
        logging.warning("%s ends in the middle of an evaluation: it is left out", path)
