"""Refuses a training that does not fit the memory or the disk, before anything is built."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path
from typing import Iterator, List, Optional

from absl import logging

from easy_esmm.config.table_sizes import TableSize, table_sizes
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_SHOWN = 3


def require_room(config: PipelineConfig) -> None:
    """Compares the tables of a training, with their moments, with the memory and the disk at hand.

    Raises:
      UserError: they do not fit the memory, or not one checkpoint fits the disk.
    """
    tables = table_sizes(config)
    need = sum(table.bytes for table in tables)
    memory = free_memory()
    if memory is not None and need > memory:
        raise UserError(
            f"the embedding tables take {_gb(need)} in training, and {_gb(memory)} of memory are "
            f"free: {_largest(tables)}.\nLower hash_bucket_size, num_buckets or embedding_dim, "
            "take an optimizer that keeps less beside a table (see docs/training.md), or a larger "
            "machine"
        )
    if memory is not None:
        _warn_of_passing_needs(config, tables, memory)
    _require_disk(config, need)


def _warn_of_passing_needs(config: PipelineConfig, tables: List[TableSize], memory: int) -> None:
    """Saving copies a table, and the session of an evaluation has weights of its own.

    TensorFlow gives back little of what it has taken: with 16 million rows, 3.5 GB, the first save
    took .5 GB more and the evaluation after it 1.1 GB, in all 5.9 GB with the network, the input
    and TensorFlow itself.
    """
    weights = [table.bytes // table.copies for table in tables]
    need = sum(table.bytes for table in tables)
    evaluated = sum(weights) if config.eval_input_path else 0
    if need + max(weights, default=0) + evaluated > memory:
        logging.warning(
            "memory is short: the embedding tables take %s of the %s that are free, and saving "
            "copies the largest for a moment%s",
            _gb(need),
            _gb(memory),
            f"; an evaluation holds their weights once more, {_gb(evaluated)}" if evaluated else "",
        )


def _require_disk(config: PipelineConfig, checkpoint: int) -> None:
    folder = _existing(config.model_dir)
    free = shutil.disk_usage(folder).free
    if checkpoint > free:
        raise UserError(
            f"model_dir: {config.model_dir}: a checkpoint takes {_gb(checkpoint)}, and {_gb(free)} "
            "are free there; make room, or give another --model_dir"
        )
    # One is written before the oldest is removed. What is there already is theirs.
    kept = config.train_config.keep_checkpoint_max or 1
    there = sum(f.stat().st_size for f in Path(folder).glob("model.ckpt-*") if f.is_file())
    if checkpoint * (kept + 1) > free + there:
        logging.warning(
            "model_dir: %s checkpoints of %s, and one that is being written, do not fit the %s "
            "that are free there: lower train_config.keep_checkpoint_max",
            kept,
            _gb(checkpoint),
            _gb(free),
        )


def free_memory() -> Optional[int]:
    """Bytes that this process may still take: of the machine, its control group, its own limit.

    None where the system does not tell.
    """
    known = [*_of_machine(), *_of_control_group(), *_of_limit()]
    return min(known) if known else None


def _of_machine() -> Iterator[int]:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _of_control_group(root: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """Of a container, by either version of control groups; cached files count as free."""
    for limit, usage, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most = (root / limit).read_text(encoding="ascii").strip()
            used = int((root / usage).read_text(encoding="ascii"))
            counts = (root / limit).with_name("memory.stat").read_text(encoding="ascii").split()
        except OSError:
            continue
        if most != "max":
            numbers = dict(zip(counts[::2], counts[1::2]))
            yield max(0, int(most) - used + int(numbers.get(cached, 0)))


def _of_limit() -> Iterator[int]:
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        yield max(0, most - pages * resource.getpagesize())


def _existing(folder: str) -> str:
    """The folder, or the nearest one above it that exists."""
    path = os.path.abspath(folder)
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _largest(tables: List[TableSize]) -> str:
    texts = [
        f"{t.feature} {t.rows:,} rows x {t.dimension} x {t.copies} tables, {_gb(t.bytes)}"
        for t in tables[:_SHOWN]
    ]
    more = f"; and {len(tables) - _SHOWN} smaller" if len(tables) > _SHOWN else ""
    return "; ".join(texts) + more


def _gb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
