"""A training that does not fit the machine is refused before anything is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import pytest

from easy_esmm import training
from easy_esmm.config import Pipeline
from easy_esmm.config.table_sizes import table_sizes
from easy_esmm.errors import UserError
from easy_esmm.estimator import room
from tests.conformance import table

ROWS, DIMENSION, COPIES = 10**10, 16, 3
SIZE = ROWS * DIMENSION * COPIES * 4


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    pipeline = table.small("esmm", tmp_path)
    feature = pipeline.config.feature_config.features[0]
    feature.hash_bucket_size, feature.embedding_dim = ROWS, DIMENSION
    return pipeline


def of_disk(free: int) -> Any:
    class Usage:
        def __init__(self, folder: str) -> None:
            self.free = free

    return Usage


def test_tables_beyond_the_memory_are_refused_with_the_largest_of_them(
    pipeline: Pipeline,
) -> None:
    expected = (
        r"^the embedding tables take 1,920\.0 GB in training, and [\d.]+ GB of memory are free: "
        r"101 10,000,000,000 rows x 16 x 3 tables, 1,920\.0 GB; .*\nLower hash_bucket_size"
    )
    with pytest.raises(UserError, match=expected):
        training.train(pipeline)
    assert not Path(pipeline.config.model_dir).exists()


def test_memory_that_saving_needs_is_warned_of(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, messages: List[str]
) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", of_disk(SIZE * 100))
    smaller = 2**20  # what the other tables take is less
    monkeypatch.setattr(room, "free_memory", lambda: SIZE + smaller)
    room.require_room(pipeline.config)
    assert [line.split(":")[0] for line in messages] == ["memory is short"]
    messages.clear()
    monkeypatch.setattr(room, "free_memory", lambda: SIZE + SIZE // COPIES + smaller)
    pipeline.config.eval_input_path = ""
    room.require_room(pipeline.config)
    monkeypatch.setattr(room, "free_memory", lambda: None)
    room.require_room(pipeline.config)
    assert messages == []


def test_memory_that_an_evaluation_needs_for_its_own_weights_is_warned_of(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, messages: List[str]
) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", of_disk(SIZE * 100))
    weights, smaller = SIZE // COPIES, 2**20
    assert pipeline.config.eval_input_path
    monkeypatch.setattr(room, "free_memory", lambda: SIZE + 2 * weights - 1)
    room.require_room(pipeline.config)
    assert messages[0].startswith("memory is short: the embedding tables take 1,920.0 GB of the ")
    assert messages[0].endswith("an evaluation holds their weights once more, 640.0 GB")
    messages.clear()
    monkeypatch.setattr(room, "free_memory", lambda: SIZE + 2 * weights + smaller)
    room.require_room(pipeline.config)
    assert messages == []


def test_a_disk_that_cannot_hold_a_checkpoint_is_refused_and_a_small_one_warned_of(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, messages: List[str]
) -> None:
    pipeline.config.train_config.keep_checkpoint_max = 4
    monkeypatch.setattr(room, "free_memory", lambda: None)
    monkeypatch.setattr(room.shutil, "disk_usage", of_disk(SIZE - 1))
    expected = r"model_dir: .*: a checkpoint takes 1,920\.0 GB, and 1,920\.0 GB are free there; "
    with pytest.raises(UserError, match=expected):
        room.require_room(pipeline.config)
    monkeypatch.setattr(room.shutil, "disk_usage", of_disk(SIZE * 5 - 1))
    room.require_room(pipeline.config)
    assert "4 checkpoints of 1,920.0 GB, and one that is being written, do not fit" in messages[0]
    messages.clear()
    monkeypatch.setattr(room.shutil, "disk_usage", of_disk(SIZE * 6))
    room.require_room(pipeline.config)
    assert messages == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "memory.max": "1000\n",
                "memory.current": "700\n",
                "memory.stat": "anon 600\ninactive_file 50\n",
            },
            [350],
        ),
        ({"memory.max": "max\n", "memory.current": "7\n", "memory.stat": ""}, []),
        (
            {
                "memory/memory.limit_in_bytes": "1000\n",
                "memory/memory.usage_in_bytes": "900\n",
                "memory/memory.stat": "total_inactive_file 20\n",
            },
            [120],
        ),
        ({}, []),
    ],
)
def test_the_limit_of_a_container_counts(files: Any, expected: List[int], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    assert list(room._of_control_group(tmp_path)) == expected


def test_free_memory_is_that_of_this_machine() -> None:
    free = room.free_memory()
    assert free is not None
    assert 2**20 < free < 2**50


def test_the_limit_of_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = (taken + 1000) * room.resource.getpagesize()
    monkeypatch.setattr(room.resource, "getrlimit", lambda _: (limit, limit))
    (left,) = room._of_limit()
    assert abs(left - 1000 * room.resource.getpagesize()) < 2**28  # others allocate meanwhile
    monkeypatch.setattr(room.resource, "getrlimit", lambda _: (room.resource.RLIM_INFINITY,) * 2)
    assert list(room._of_limit()) == []


def test_checkpoints_that_are_there_make_room_for_later_ones(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, messages: List[str]
) -> None:
    config = pipeline.config
    for feature in config.feature_config.features:
        feature.hash_bucket_size, feature.embedding_dim = 100, 2
    config.train_config.keep_checkpoint_max = 2
    need = sum(size.bytes for size in table_sizes(config))
    monkeypatch.setattr(room, "free_memory", lambda: None)
    monkeypatch.setattr(room.shutil, "disk_usage", of_disk(2 * need))
    room.require_room(config)
    assert len(messages) == 1  # two that are kept, and one that is being written
    Path(config.model_dir).mkdir()
    (Path(config.model_dir) / "model.ckpt-7.data-00000-of-00001").write_bytes(bytes(need))
    room.require_room(config)
    assert len(messages) == 1
