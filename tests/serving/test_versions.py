"""The newest SavedModel of a folder, and the config in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from easy_esmm.errors import UserError
from easy_esmm.serving import versions


def test_the_config_is_that_of_the_newest_version(tmp_path: Path) -> None:
    for version in ("9", "10"):
        (tmp_path / version / "assets").mkdir(parents=True)
        (tmp_path / version / "assets" / "pipeline.config").touch()
    expected = str(tmp_path / "10" / "assets" / "pipeline.config")
    assert versions.pipeline_config(str(tmp_path)) == expected
    assert versions.pipeline_config(str(tmp_path / "10")) == expected


def test_a_folder_without_a_config_is_refused_with_the_flag_that_names_one(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        versions.pipeline_config(str(tmp_path))
    told = f"saved_model_dir: {tmp_path}: no SavedModel, and no numbered folder with one"
    assert str(caught.value) == told
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(UserError) as caught:
        versions.pipeline_config(str(tmp_path))
    assert str(caught.value) == (
        f"saved_model_dir: {tmp_path} has no assets/pipeline.config; name the config in "
        "--pipeline_config"
    )
