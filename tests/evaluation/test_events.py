"""Scalars of event files."""

from __future__ import annotations

from pathlib import Path

from easy_esmm.compat import v1
from easy_esmm.evaluation.events import series_by_tag


def write(folder: Path, suffix: str, values: dict) -> None:
    """Writes {step: {tag: value}}; event files of later suffixes come later."""
    writer = v1.summary.FileWriter(str(folder), filename_suffix=suffix, graph=None)
    for step, by_tag in values.items():
        parts = [v1.Summary.Value(tag=tag, simple_value=value) for tag, value in by_tag.items()]
        writer.add_summary(v1.Summary(value=parts), step)
    writer.close()


def test_series_are_by_step_and_a_step_written_again_has_its_later_value(tmp_path: Path) -> None:
    import tensorflow as tf

    with tf.Graph().as_default():
        write(tmp_path, ".1", {1: {"loss": 2.0}, 3: {"loss": 1.5, "rate": 0.25}})
        write(tmp_path, ".2", {3: {"loss": 1.0}, 5: {"loss": 0.5}})
    for number, path in enumerate(sorted(tmp_path.iterdir(), key=lambda p: p.suffix)):
        path.rename(tmp_path / f"events.out.tfevents.{number}")
    # An event that a killed process left unfinished.
    last = tmp_path / "events.out.tfevents.1"
    last.write_bytes(last.read_bytes()[:-3])
    assert series_by_tag(str(tmp_path)) == {
        "loss": [(1, 2.0), (3, 1.0)],
        "rate": [(3, 0.25)],
    }


def test_without_the_folder_there_is_nothing(tmp_path: Path) -> None:
    assert series_by_tag(str(tmp_path / "none")) == {}
