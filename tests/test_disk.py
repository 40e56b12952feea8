"""What is said of a disk that cannot be written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from easy_esmm.disk import disk_error


@pytest.mark.parametrize(
    "message",
    [
        "{}/events.out.tfevents.1.vm; No space left on device\n\tFailed to flush 2 events",
        "Graph execution error:\n\nat node SaveV2\n{}/a; No space left on device\n[[node]]",
    ],
)
def test_cause_path_and_free_space_are_told(message: str, tmp_path: Path) -> None:
    error = str(disk_error(message.format(tmp_path)))
    assert error.startswith(f"{tmp_path}/")
    assert " cannot be written: No space left on device; " in error
    assert error.endswith("make room, and go on (train: with --continue_train)")


def test_the_path_that_is_known_is_told_first() -> None:
    error = str(disk_error("/a/b_temp; File too large", "/no/such/model.ckpt-7"))
    assert error.startswith("/no/such/model.ckpt-7 cannot be written: File too large.\n")


def test_other_errors_are_left_alone() -> None:
    assert disk_error("/a/b; No such file or directory") is None
