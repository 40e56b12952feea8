"""Which checkpoints a folder holds, and going back to an older one."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from easy_esmm.checkpoints import folder as checkpoints
from easy_esmm.compat import v1
from easy_esmm.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Checkpoints of the steps 0, 20 and 100, the last in two data files, with positions."""
    for step, parts in ((0, 1), (20, 1), (100, 2)):
        for name in ("model.ckpt", "input.ckpt"):
            (tmp_path / f"{name}-{step}.index").touch()
            for part in range(parts):
                (tmp_path / f"{name}-{step}.data-{part:05d}-of-{parts:05d}").touch()
    names = [f"model.ckpt-{step}" for step in (0, 20, 100)]
    v1.train.update_checkpoint_state(str(tmp_path), names[-1], names)
    return tmp_path


def test_a_checkpoint_is_complete_with_its_index_and_all_its_data(folder: Path) -> None:
    assert checkpoints.complete(str(folder)) == {
        step: str(folder / f"model.ckpt-{step}") for step in (0, 20, 100)
    }
    (folder / "model.ckpt-100.data-00001-of-00002").unlink()
    (folder / "model.ckpt-20.index").unlink()
    assert list(checkpoints.complete(str(folder))) == [0]
    assert checkpoints.complete(str(folder / "absent")) == {}
    assert checkpoints.newest(str(folder / "absent")) is None


def test_the_newest_is_the_one_that_the_list_ends_with(folder: Path) -> None:
    # One that was written, but not listed yet when the process was killed, is not taken.
    (folder / "model.ckpt-120.index").touch()
    (folder / "model.ckpt-120.data-00000-of-00001").touch()
    assert checkpoints.newest(str(folder)) == str(folder / "model.ckpt-100")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "is not there"),
        (b"", "cannot be read"),
        (b"\xff\xfe\x00garbage", "cannot be read"),
        (b'model_checkpoint_path: "model.ckpt-1', "cannot be read"),
    ],
)
def test_without_a_list_the_highest_complete_step_is_taken_with_a_warning(
    content: bytes, problem: str, folder: Path, messages: List[str]
) -> None:
    (folder / "checkpoint").unlink()
    if content is not None:
        (folder / "checkpoint").write_bytes(content)
    assert checkpoints.newest(str(folder)) == str(folder / "model.ckpt-100")
    assert messages == [
        f"{folder}/checkpoint {problem}; of the checkpoints beside it, that of the highest step is "
        "taken: model.ckpt-100"
    ]
    checkpoints.repair_state(str(folder))
    state = v1.train.get_checkpoint_state(str(folder))
    assert [Path(path).name for path in state.all_model_checkpoint_paths] == [
        "model.ckpt-0",
        "model.ckpt-20",
        "model.ckpt-100",
    ]


def test_a_newest_checkpoint_that_lacks_a_file_is_named_with_the_one_before(folder: Path) -> None:
    (folder / "model.ckpt-100.data-00000-of-00002").unlink()
    with pytest.raises(UserError) as caught:
        checkpoints.newest(str(folder))
    assert str(caught.value) == (
        f"{folder}/model.ckpt-100, the newest checkpoint, lacks a file. Take the one before, by "
        f"--checkpoint_path {folder}/model.ckpt-20 (train: with --continue_train), or restore it "
        "from a copy"
    )


def test_a_folder_that_was_moved_is_read_where_it_is(folder: Path, tmp_path: Path) -> None:
    names = [f"/elsewhere/model.ckpt-{step}" for step in (0, 20, 100)]
    v1.train.update_checkpoint_state(str(folder), names[-1], names)
    assert checkpoints.newest(str(folder)) == str(folder / "model.ckpt-100")
    checkpoints.repair_state(str(folder))
    state = v1.train.get_checkpoint_state(str(folder))
    assert list(state.all_model_checkpoint_paths) == [
        str(folder / f"model.ckpt-{step}") for step in (0, 20, 100)
    ]


def test_going_back_in_a_folder_that_is_named_from_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    aside = checkpoints.go_back(folder.name, f"{folder.name}/model.ckpt-20")
    assert aside == f"{folder.name}/set_aside"
    state = v1.train.get_checkpoint_state(folder.name)
    assert state.model_checkpoint_path == f"{folder.name}/model.ckpt-20"
    assert list(state.all_model_checkpoint_paths) == [
        f"{folder.name}/model.ckpt-0",
        f"{folder.name}/model.ckpt-20",
    ]


def test_going_back_sets_later_checkpoints_aside_and_loses_none(folder: Path) -> None:
    for step in (20, 100):
        (folder / f"input-1.ckpt-{step}.index").touch()
        (folder / f"input.ended-{step}").touch()
    aside = checkpoints.go_back(str(folder), str(folder / "model.ckpt-20"))
    assert checkpoints.newest(str(folder)) == str(folder / "model.ckpt-20")
    assert aside == str(folder / "set_aside")
    assert sorted(path.name for path in Path(aside).iterdir()) == [
        "input-1.ckpt-100.index",
        "input.ckpt-100.data-00000-of-00002",
        "input.ckpt-100.data-00001-of-00002",
        "input.ckpt-100.index",
        "input.ended-100",
        "model.ckpt-100.data-00000-of-00002",
        "model.ckpt-100.data-00001-of-00002",
        "model.ckpt-100.index",
    ]
    # Once more: into a folder of its own.
    assert checkpoints.go_back(str(folder), str(folder / "model.ckpt-0")) == f"{aside}-2"
    assert checkpoints.go_back(str(folder), str(folder / "model.ckpt-0")) == ""


def test_one_goes_back_by_any_path_to_the_folder(folder: Path) -> None:
    link = folder.parent / f"{folder.name}-link"
    link.symlink_to(folder)
    assert checkpoints.go_back(str(link), str(folder / "model.ckpt-20")) == f"{link}/set_aside"
    assert checkpoints.newest(str(folder)) == str(folder / "model.ckpt-20")


def test_one_goes_back_to_a_complete_checkpoint_of_the_folder_only(folder: Path) -> None:
    for other in (folder / "model.ckpt-7", folder / "else" / "model.ckpt-20"):
        with pytest.raises(UserError, match=r"there: model.ckpt-0, model.ckpt-20, model.ckpt-100"):
            checkpoints.go_back(str(folder), str(other))
    assert checkpoints.newest(str(folder)) == str(folder / "model.ckpt-100")
