"""Fixtures about the models of samples."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from easy_esmm.config import load
from easy_esmm.contract import Tasks

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="session")
def tasks_of() -> Callable[[str], Tasks]:
    """The tasks of a sample's model, by the sample's name."""
    return lambda name: load(str(SAMPLES / f"{name}.config")).tasks
