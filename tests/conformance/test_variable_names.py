"""Golden variable names: a renamed variable makes every checkpoint of every user unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List

import pytest

from easy_esmm import config as configs
from easy_esmm.compat import estimator
from easy_esmm.estimator.dry_build import dry_build
from tests.conformance import table

GOLDEN = Path(__file__).with_name("variable_names.json")


def variables(sample: str) -> Dict[str, List[int]]:
    """Name -> shape of every variable of the sample's training, optimizer slots included."""
    config = configs.load(str(table.SAMPLES / f"{sample}.config")).config
    return dry_build(config, estimator.ModeKeys.TRAIN).variables


@pytest.mark.parametrize("sample", table.NAMES)
def test_names_and_shapes_are_those_of_earlier_checkpoints(sample: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert sample in golden, f"add to {GOLDEN.name}: {json.dumps({sample: variables(sample)})}"
    assert variables(sample) == golden[sample]
