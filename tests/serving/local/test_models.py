"""Which versions are in memory, while others come and go."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Dict, List

import pytest

from easy_esmm.errors import UserError
from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.local.models import Models, versions_in


class Model:
    """Knows where it came from, and whether it was closed while it was asked."""

    def __init__(self, folder: str) -> None:
        if (Path(folder) / "saved_model.pb").read_text() == "bad":
            raise UserError(f"{folder} cannot be loaded: bad")
        self.folder, self.is_closed = folder, False

    def close(self) -> None:
        self.is_closed = True


def write(parent: Path, version: str, text: str = "good") -> None:
    (parent / version).mkdir(exist_ok=True)
    (parent / version / "saved_model.pb").write_text(text)


def served(folder: Path, labels: Dict[str, int] = {}) -> Models[Model]:  # noqa: B006 - not changed
    models = Models(str(folder), labels, Model)
    models.refresh()
    return models


def newest(models: Models[Model]) -> int:
    with models.lease("m") as held:
        return held.version


def test_the_newest_version_is_the_highest_number_that_is_whole(tmp_path: Path) -> None:
    for version in ("9", "10", "x", "12.unfinished-7"):
        write(tmp_path, version)
    (tmp_path / "11").mkdir()
    assert sorted(versions_in(str(tmp_path))) == [9, 10]
    models = served(tmp_path)
    assert newest(models) == 10
    assert [(s.version, s.is_available) for s in models.states()] == [(10, True)]


def test_a_saved_model_by_itself_is_the_version_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "7")
    write(tmp_path, "best")
    assert versions_in(str(tmp_path / "7")) == {7: str(tmp_path / "7")}
    assert versions_in(str(tmp_path / "best")) == {1: str(tmp_path / "best")}


def test_a_newer_version_takes_over_and_the_old_one_ends_its_last_request(tmp_path: Path) -> None:
    write(tmp_path, "1")
    models = served(tmp_path)
    seen: List[bool] = []
    with models.lease("m") as old:
        write(tmp_path, "2")
        other = threading.Thread(target=models.refresh)
        other.start()
        while newest(models) == 1 and other.is_alive():
            pass
        seen.append(old.model.is_closed)
    other.join(10)
    assert seen == [False]
    assert old.model.is_closed
    with pytest.raises(Refused, match=r"Servable not found for request: Specific\(m, 1\)"):
        models.lease("m", version=1).__enter__()


def test_a_newest_version_that_is_taken_away_gives_way_to_the_one_before(tmp_path: Path) -> None:
    write(tmp_path, "1")
    write(tmp_path, "2")
    models = served(tmp_path)
    shutil.rmtree(tmp_path / "2")
    models.refresh()
    assert newest(models) == 1
    shutil.rmtree(tmp_path / "1")
    models.refresh()
    assert newest(models) == 1  # rather than none


def test_labels_keep_versions(tmp_path: Path) -> None:
    for version in ("1", "2", "3"):
        write(tmp_path, version)
    models = served(tmp_path, {"stable": 1, "canary": 3})
    assert [state.version for state in models.states()] == [3, 1]
    with models.lease("m", label="stable") as held:
        assert held.version == 1
    with pytest.raises(Refused, match="Unrecognized servable version label: x"):
        models.lease("m", label="x").__enter__()


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_is_tried_when_it_changes(
    tmp_path: Path,
) -> None:
    write(tmp_path, "1")
    models = served(tmp_path)
    write(tmp_path, "2", "bad")
    models.refresh()
    models.refresh()
    assert newest(models) == 1
    assert [(s.version, s.message.endswith("bad")) for s in models.states()] == [
        (2, True), (1, False)]  # fmt: skip
    shutil.rmtree(tmp_path / "2")
    write(tmp_path, "2")
    models.refresh()
    assert newest(models) == 2
    assert [state.version for state in models.states()] == [2]


def test_closing_frees_what_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, "1")
    models = served(tmp_path)
    with models.lease("m") as held:
        pass
    models.close()
    assert held.model.is_closed
    with pytest.raises(Refused, match=r"Latest\(m\)"):
        models.lease("m").__enter__()
