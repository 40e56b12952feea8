"""The same digits on every TensorFlow: training runs against the record of TensorFlow 2.15."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from easy_esmm import config as configs
from easy_esmm import models
from easy_esmm.protos.data_pb2 import DatasetConfig
from tests.golden import runs

RECORD = json.loads(runs.GOLDEN.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the simulated rows."""
    path = tmp_path_factory.mktemp("golden")
    assert runs.write_rows(path) == RECORD["rows"], "the simulated rows differ, not the training"
    return path


@pytest.mark.parametrize("name", runs.NAMES)
def test_losses_and_aucs_are_those_on_record(name: str, folder: Path) -> None:
    result = runs.run(name, folder, folder / name.replace("/", "_"))
    assert len(result["losses"]) == 50
    assert result["losses"] == pytest.approx(RECORD[name]["losses"], rel=1e-5)
    assert result["aucs"] == pytest.approx(RECORD[name]["aucs"], abs=1e-3)


def test_every_model_class_has_a_run_and_esmm_one_from_csv_and_from_parquet() -> None:
    loaded = [configs.load(str(runs.FOLDER / f"{name}.config")).config for name in runs.CONFIGS]
    covered = {(c.model_config.model_class, c.data_config.input_type) for c in loaded}
    assert covered == {("ESMM", DatasetConfig.CSVInput), ("ESMM", DatasetConfig.ParquetInput)}
    assert {"ESMM", *runs.OTHER_MODELS} == set(models.registered())
