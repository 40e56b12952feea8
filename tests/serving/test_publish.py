"""Versions of an export appear whole, get numbers that grow, and old ones go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest
import tensorflow as tf

from easy_esmm.errors import UserError
from easy_esmm.serving.publish import drop_old_versions, publish, versions_in


def writer(text: str) -> Callable[[str], None]:
    """Writes a model of two files."""

    def write(folder: str) -> None:
        os.makedirs(os.path.join(folder, "assets"))
        for name in ("saved_model.pb", os.path.join("assets", "pipeline.config")):
            Path(folder, name).write_text(text)

    return write


@pytest.fixture(params=["", "file://"], ids=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """`file://` is a file system of TensorFlow's, as remote ones are."""
    return f"{request.param}{tmp_path}/models"


def local(path: str) -> Path:
    return Path(path.removeprefix("file://"))


def test_a_version_holds_what_was_written_and_nothing_stands_beside_it(folder: str) -> None:
    version = publish(folder, writer("first"))
    files = sorted(str(p.relative_to(local(version))) for p in local(version).rglob("*.*"))
    assert files == ["assets/pipeline.config", "saved_model.pb"]
    assert local(version).joinpath("saved_model.pb").read_text() == "first"
    assert os.listdir(local(folder)) == [os.path.basename(version)]


def test_a_second_version_of_the_same_second_has_the_next_number(folder: str) -> None:
    versions = [int(os.path.basename(publish(folder, writer(text)))) for text in "abc"]
    assert versions == sorted(set(versions))
    assert versions_in(folder) == versions
    newest = local(folder) / str(versions[-1])
    assert newest.joinpath("saved_model.pb").read_text() == "c"


def test_a_version_is_newer_than_those_of_a_clock_that_was_ahead(folder: str) -> None:
    os.makedirs(local(folder) / "99999999999")
    assert os.path.basename(publish(folder, writer("x"))) == "100000000000"


def test_the_newest_versions_are_kept_and_other_names_are_left_alone(folder: str) -> None:
    for name in ("3", "20", "100", "notes", "7.bak"):
        os.makedirs(local(folder) / name)
    drop_old_versions(folder, 2)
    assert sorted(os.listdir(local(folder))) == ["100", "20", "7.bak", "notes"]
    newest = os.path.basename(publish(folder, writer("x"), keep=1))
    assert sorted(os.listdir(local(folder))) == sorted(["7.bak", "notes", newest])


def test_a_model_that_could_not_be_written_leaves_nothing(folder: str) -> None:
    def fail(path: str) -> None:
        writer("half")(path)
        raise UserError("the disk is full")

    with pytest.raises(UserError, match="the disk is full"):
        publish(folder, fail)
    assert os.listdir(local(folder)) == []


def test_what_a_killed_export_left_is_removed_but_not_what_is_being_written(
    tmp_path: Path,
) -> None:
    alive, dead = f"5.unfinished-{os.getpid()}", "4.unfinished-999999999"
    for name in (alive, dead):
        (tmp_path / name / "variables").mkdir(parents=True)
    version = publish(str(tmp_path), writer("x"))
    assert sorted(os.listdir(tmp_path)) == sorted([alive, os.path.basename(version)])


def test_a_number_that_another_export_took_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    def slow(path: str) -> None:
        number = os.path.basename(path).split(".")[0]
        (tmp_path / number).mkdir()
        (tmp_path / number / "saved_model.pb").write_text("of the other")
        writer("of this one")(path)

    version = publish(str(tmp_path), slow)
    first, second = versions_in(str(tmp_path))
    assert (second, os.path.basename(version)) == (first + 1, str(second))
    assert (tmp_path / str(first) / "saved_model.pb").read_text() == "of the other"
    assert (tmp_path / str(second) / "saved_model.pb").read_text() == "of this one"


def test_a_remote_copy_that_is_not_what_was_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tf.io.gfile.copy

    def damaged(source: str, target: str) -> None:
        copy(source, target)
        if target.endswith(".pb"):
            local(target).write_text("thers")

    monkeypatch.setattr(tf.io.gfile, "copy", damaged)
    with pytest.raises(UserError, match=r"saved_model.pb does not hold what was copied there: no"):
        publish(f"file://{tmp_path}", writer("other"))
    assert os.listdir(tmp_path) == []


def test_a_file_system_that_renames_folders_without_their_files_is_told() -> None:
    # TensorFlow's file system in memory does so.
    with pytest.raises(UserError, match=r"ram://publish/models/\d+/.* is not there: no server"):
        publish("ram://publish/models", writer("x"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"^export_dir: .*/file/models cannot be made: "):
        publish(str(tmp_path / "file" / "models"), writer("x"))


def test_nothing_is_written_to_a_remote_folder_before_the_model_is_whole(
    tmp_path: Path,
) -> None:
    def write(path: str) -> None:
        assert not os.listdir(tmp_path)
        writer("x")(path)

    found: Any = publish(f"file://{tmp_path}", write)
    assert local(found).joinpath("saved_model.pb").exists()


def test_what_an_old_version_links_to_is_not_removed_with_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "saved_model.pb").write_text("of another")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "7").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "models" / "8").symlink_to("nowhere")
    version = publish(str(tmp_path / "models"), writer("x"), keep=1)
    assert os.listdir(tmp_path / "models") == [os.path.basename(version)]
    assert (tmp_path / "elsewhere" / "saved_model.pb").read_text() == "of another"


def test_names_count_as_versions_as_they_do_to_servers(folder: str) -> None:
    for name in ("00012", "-5", "²", "99999999999999999999"):
        os.makedirs(local(folder) / name)
    (local(folder) / "6").write_text("a file")
    assert versions_in(folder) == [6, 12]
    drop_old_versions(folder, 1)
    assert (local(folder) / "6").read_text() == "a file"
    newest = os.path.basename(publish(folder, writer("x"), keep=1))
    assert len(newest) == 10
    assert sorted(os.listdir(local(folder))) == sorted(
        ["-5", "6", "²", "99999999999999999999", newest]
    )


def test_a_version_of_which_there_is_no_next_is_told(tmp_path: Path) -> None:
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(UserError, match=r"holds the version 9223372036854775807, and servers"):
        publish(str(tmp_path), writer("x"))
