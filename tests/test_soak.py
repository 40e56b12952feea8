"""A dozen kills of one training; `make soak` makes hundreds, of every input type."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import soak


@pytest.mark.slow
def test_killed_trainings_end_with_the_weights_of_an_undisturbed_one(tmp_path: Path) -> None:
    counts = soak("esmm_user_rows", tmp_path, kills=12, seed=7)
    assert counts["kills"] == 12
