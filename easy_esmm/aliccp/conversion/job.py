"""The whole conversion: partition both files by shard, make the vocabulary, write the shards.

A run keeps what it has done in OUTPUT/.unfinished: partitions, counted ids, finished shards. Each
appears under its name only when it is whole, so a killed run is continued by the same command. The
finished files move to OUTPUT at the end, `conversion.json` last.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Deque, Dict, Iterable, Iterator, List, Optional, Tuple

from easy_esmm.aliccp.conversion import shard_files
from easy_esmm.aliccp.conversion.joining import Partitions
from easy_esmm.aliccp.conversion.partition import (
    Counts,
    Lines,
    PieceTask,
    partition_piece,
    read_counts,
)
from easy_esmm.aliccp.conversion.progress import Progress
from easy_esmm.aliccp.conversion.shards import Counted, ShardTask, write_shard
from easy_esmm.aliccp.conversion.sources import PIECE_BYTES, Source, pieces
from easy_esmm.aliccp.conversion.statistics import statistics
from easy_esmm.aliccp.conversion.tolerance import Tolerance
from easy_esmm.aliccp.conversion.vocabulary import (
    FOLDER,
    CountTask,
    Vocabulary,
    count_ids,
    make_vocabulary,
    read_vocabulary,
    write_vocabulary,
)
from easy_esmm.aliccp.conversion.workers import Pool
from easy_esmm.atomic_file import atomic_write, is_left_over, is_unfinished
from easy_esmm.errors import UserError

RESULT = "conversion.json"
UNFINISHED = ".unfinished"
VERSION = 3
"""Of the unfinished files; a run does not continue those of another version."""
_SKELETON_BYTES, _COMMON_BYTES = 50e6, 20e6
"""Raw text that makes one shard: about 200,000 impressions and 3,500 user rows, which take a worker
some 300 MB to join and write."""
_SHARDS_COUNTED_TOGETHER = 8
_MOST_SHARDS = 4096


@dataclass(frozen=True)
class Job:
    """What to convert, and how."""

    skeleton: Source
    common: Source
    output: Path
    vocabulary: Optional[Path] = None
    """Folder of an earlier conversion's vocabulary; None: make one of these files."""
    min_count: int = 12
    layout: str = "grouped"
    format: str = "parquet"
    max_bad_rows: int = 0
    seed: int = 1
    shards: int = 0
    """0: by the size of the files."""
    workers: int = 1
    overwrite: bool = False
    piece_bytes: int = PIECE_BYTES

    @property
    def shard_count(self) -> int:
        """Number of shards, the same for the same files."""
        if self.shards:
            return self.shards
        wanted = max(
            self.skeleton.likely_text_bytes / _SKELETON_BYTES,
            self.common.likely_text_bytes / _COMMON_BYTES,
        )
        return min(_MOST_SHARDS, max(1, round(wanted)))


def convert(job: Job, progress: Optional[Progress] = None) -> Dict[str, Any]:
    """Converts, and returns what is written to `conversion.json` too.

    Raises UserError where the files cannot be read, or hold more bad rows than allowed.
    """
    started, cpu = time.monotonic(), _cpu_seconds()
    progress = progress or Progress(3 if job.vocabulary else 4)
    work = _prepare(job)
    try:
        result = _converted(job, work, progress)
        result["seconds"] = round(time.monotonic() - started, 2)
        result["cpu_seconds"] = round(_cpu_seconds() - cpu, 2)
        _publish(job, work, result)
    except OSError as error:  # a full disk, mostly
        reason = error.strerror or error
        raise UserError(
            f"--output {error.filename or job.output}: cannot be written: {reason}; "
            "the same command goes on where this run stopped"
        ) from error
    return result


def _converted(job: Job, work: Path, progress: Progress) -> Dict[str, Any]:
    """Does all the work but the last move, and returns what was counted."""
    with Pool(job.workers) as pool:
        tolerance = Tolerance(job.max_bad_rows)
        common = _partition(job, job.common, "common", work, pool, progress, tolerance)
        skeleton = _partition(job, job.skeleton, "skeleton", work, pool, progress, tolerance)
        partitions = Partitions(*_pieces(common), *_pieces(skeleton), job.shard_count, job.seed)
        skeleton_counts, common_counts = _total(skeleton), _total(common)
        vocabulary = _vocabulary(
            job, partitions, [skeleton_counts, common_counts], work, pool, progress
        )
        done = _write(job, partitions, skeleton_counts.lines, work, pool, progress, tolerance)
    return statistics(
        settings=_settings(job),
        sources={"skeleton": job.skeleton, "common": job.common},
        skeleton=skeleton_counts,
        common=common_counts,
        shards=done,
        vocabulary=vocabulary,
        files=[_names(job, shard) for shard in range(job.shard_count)],
    )


def _prepare(job: Job) -> Path:
    """The folder of unfinished work, with what an earlier run of the same job left there."""
    output, work = job.output, job.output / UNFINISHED
    held = _held(output)
    if RESULT in held and not job.overwrite:
        raise UserError(
            f"--output {output}: holds a finished conversion; "
            "name another folder, or give --overwrite to replace it"
        )
    wanted = {"version": VERSION, **_settings(job), "vocabulary_state": _state(job.vocabulary)}
    wanted["sources"] = [asdict(job.skeleton), asdict(job.common), job.piece_bytes]
    note = work / "run.json"
    is_same = note.is_file() and json.loads(note.read_text(encoding="utf-8")) == wanted
    try:
        if RESULT in held or not is_same:
            # in an order that the next run takes for unfinished work wherever it is interrupted
            work.mkdir(parents=True, exist_ok=True)
            old = [output / name for name in held if name not in (RESULT, UNFINISHED)]
            for path in [output / RESULT, *old, *work.iterdir()]:
                _remove(path)
        for folder in ("partitions", "counted", "shards", "done"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        for leftover in (*output.iterdir(), *work.rglob("*")):
            if is_left_over(leftover.name):
                leftover.unlink()
        _write_json(note, wanted)
    except OSError as error:
        raise UserError(f"--output {output}: cannot be written: {error.strerror}") from error
    return work


def _held(output: Path) -> List[str]:
    """What the folder holds. Raises UserError if a conversion would not have written it."""
    if not output.exists():
        return []
    if not output.is_dir():
        raise UserError(f"--output {output}: is a file; name a folder")
    held = sorted(path.name for path in output.iterdir() if not is_unfinished(path.name))
    is_ours = RESULT in held or UNFINISHED in held
    foreign = [name for name in held if not (is_ours and _OURS.fullmatch(name))]
    if foreign:
        raise UserError(
            f"--output {output}: holds {foreign[0]!r}, which no conversion wrote; "
            "name another folder"
        )
    return held


_OURS = re.compile(
    r"conversion\.json|description\.html|\.unfinished|vocabulary"
    r"|(impressions|users|part)-\d{5}-of-\d{5}\.(parquet|csv|tfrecord)"
)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _state(vocabulary: Optional[Path]) -> List[Any]:
    """What shows that a vocabulary was replaced."""
    if vocabulary is None:
        return []
    paths = sorted(p for p in vocabulary.rglob("*") if p.suffix in (".csv", ".json"))
    return [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in paths]


def _settings(job: Job) -> Dict[str, Any]:
    return {
        "layout": job.layout,
        "format": job.format,
        "min_count": None if job.vocabulary else job.min_count,
        "vocabulary": str(job.vocabulary) if job.vocabulary else None,
        "seed": job.seed,
        "shards": job.shard_count,
    }


_Partitioned = List[Tuple[Path, Counts]]


def _partition(
    job: Job,
    source: Source,
    kind: str,
    work: Path,
    pool: Pool,
    progress: Progress,
    tolerance: Tolerance,
) -> _Partitioned:
    """Partitions a raw file, but for the pieces that an earlier run has done."""
    progress.start(f"reading {kind}", source.likely_text_bytes)
    size = job.piece_bytes if source.is_plain else job.piece_bytes // 2
    done: _Partitioned = []
    lines = 0
    tasks = (
        PieceTask(
            kind, source, piece, str(work / "partitions" / f"{kind}-{number:05d}.arrow"),
            job.shard_count, job.seed,
        )
        for number, piece in enumerate(pieces(source, size))
    )  # fmt: skip
    for task, counts in _each(pool, tasks):
        for reason, found in counts.malformed.items():
            tolerance.add(source, f"malformed, {reason}", found, lines)
        tolerance.check()
        lines += counts.lines
        done.append((Path(task.path), counts))
        progress.advance(size, counts.lines)
    if not lines:
        raise UserError(f"--{kind} {source}: must hold lines, is empty")
    progress.end()
    return done


def _each(pool: Pool, tasks: Iterable[PieceTask]) -> Iterator[Tuple[PieceTask, Counts]]:
    known: Deque[PieceTask] = deque()

    def noted() -> Iterator[PieceTask]:
        for task in tasks:
            known.append(task)
            yield task

    for counts in pool.run(_partition_once, noted()):
        yield known.popleft(), counts


def _partition_once(task: PieceTask) -> Counts:
    path = Path(task.path)
    return read_counts(path) if path.is_file() else partition_piece(task)


def _pieces(done: _Partitioned) -> Tuple[Tuple[str, ...], Tuple[int, ...]]:
    first, lines = [], 0
    for _, counts in done:
        first.append(lines)
        lines += counts.lines
    return tuple(str(path) for path, _ in done), tuple(first)


def _total(done: _Partitioned) -> Counts:
    total = Counts()
    for _, counts in done:
        total.add(counts)
    return total


def _vocabulary(
    job: Job,
    partitions: Partitions,
    counts: List[Counts],
    work: Path,
    pool: Pool,
    progress: Progress,
) -> Vocabulary:
    """The given vocabulary, or one counted on the partitions and written."""
    if job.vocabulary is not None:
        return read_vocabulary(job.vocabulary)
    if not (work / FOLDER / "vocabulary.json").is_file():
        groups = [
            tuple(range(start, min(start + _SHARDS_COUNTED_TOGETHER, partitions.shards)))
            for start in range(0, partitions.shards, _SHARDS_COUNTED_TOGETHER)
        ]
        ranges = {name: own for total in counts for name, own in total.id_range.items()}
        progress.start("counting ids", len(groups))
        paths = [work / "counted" / f"{number:05d}.arrow" for number in range(len(groups))]
        tasks = [CountTask(partitions, g, ranges, str(p)) for g, p in zip(groups, paths)]
        waiting = [task for task in tasks if not Path(task.path).is_file()]
        for impressions in pool.run(count_ids, waiting):
            progress.advance(1, impressions)
        progress.end()
        write_vocabulary(make_vocabulary(paths, ranges, job.min_count), work / FOLDER)
    return read_vocabulary(work / FOLDER)


def _write(
    job: Job,
    partitions: Partitions,
    lines: int,
    work: Path,
    pool: Pool,
    progress: Progress,
    tolerance: Tolerance,
) -> List[Counted]:
    """Writes the shards that an earlier run has not written; returns what each holds."""
    vocabulary = job.vocabulary or work / FOLDER
    state = json.dumps(_state(vocabulary))
    tasks = [
        ShardTask(
            partitions, shard, str(vocabulary), state, str(work / "shards"),
            str(work / "done" / f"{shard:05d}.json"), job.layout, job.format, lines,
        )
        for shard in range(partitions.shards)
    ]  # fmt: skip
    progress.start("writing shards", partitions.shards)
    done = []
    for counted in pool.run(_write_once, tasks):
        tolerance.add(job.skeleton, "unknown key", Lines(**counted["unknown_key"]))
        tolerance.add(job.common, "repeated key", Lines(**counted["repeated_key"]))
        tolerance.check()
        progress.advance(1, counted["impressions"])
        done.append(counted)
    progress.end()
    return done


def _write_once(task: ShardTask) -> Counted:
    done = Path(task.done)
    if done.is_file():
        counted: Counted = json.loads(done.read_text(encoding="utf-8"))
        return counted
    return write_shard(task)


def _names(job: Job, shard: int) -> List[str]:
    return shard_files.names(job.layout, job.format, shard, job.shard_count)


def _publish(job: Job, work: Path, result: Dict[str, Any]) -> None:
    """Moves the finished files to the output folder and writes the result beside them, last."""
    for shard in range(job.shard_count):
        for name in _names(job, shard):
            if (work / "shards" / name).is_file():  # else a killed run has moved it
                os.replace(work / "shards" / name, job.output / name)
    if (work / FOLDER).is_dir():
        shutil.rmtree(job.output / FOLDER, ignore_errors=True)
        shutil.copytree(work / FOLDER, job.output / FOLDER)
    _write_json(job.output / RESULT, result)
    shutil.rmtree(work)


def _write_json(path: Path, content: Any) -> None:
    with atomic_write(path) as unfinished:
        Path(unfinished).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _cpu_seconds() -> float:
    """Of this process and its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
