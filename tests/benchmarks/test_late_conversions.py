"""The configs of the comparison of docs/delayed_feedback.md."""

from __future__ import annotations

from pathlib import Path
from typing import Set

import pytest

from easy_esmm import config as configs
from easy_esmm.config.changes import changes

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "late_conversions"
TIMES = {"data_config.conversion_delay", "data_config.input_fields[click_time]",
         "data_config.input_fields[conversion_time]", "data_config.input_fields[observed_until]",
         "model_config.delayed_feedback"}  # fmt: skip
LABELS = {"data_config.label_fields", "data_config.input_fields[conversion]",
          "data_config.input_fields[eventual_conversion]",
          "model_config.esmm.cvr_tower.label_name"}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "may_differ"),
    [
        (FOLDER / "eventual.config", LABELS),
        (FOLDER / "waiting_window.config", TIMES),
        (FOLDER / "fake_negative_weighted.config", TIMES),
        (FOLDER / "fake_negatives_one_log.config", TIMES),
        (ROOT / "samples" / "esmm_delayed_feedback.config", TIMES),
        (ROOT / "samples" / "esmm_elapsed_time.config", TIMES),
    ],
    ids=lambda given: given.stem if isinstance(given, Path) else "",
)
def test_a_config_differs_from_the_naive_one_in_labels_or_times(
    path: Path, may_differ: Set[str]
) -> None:
    naive, other = (
        configs.load(str(p)).config for p in (ROOT / "samples" / "esmm_quickstart.config", path)
    )
    found = {change.path for change in changes(naive, other)}
    assert found
    assert not {p for p in found if not any(p.startswith(allowed) for allowed in may_differ)}
