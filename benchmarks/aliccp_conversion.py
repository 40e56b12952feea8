"""What converting raw Ali-CCP files costs: CPU time, memory, disk; prints a table and JSON.

    python -m benchmarks.aliccp_conversion [--rows 200000] [--history_length 100] [--folder DIR]

Simulates the raw files, tokenises the training part in this process, then runs the whole command as
a user does: with one worker, with one per core, from .gz files, and flat. CPU time is user and
system time of the command and all its workers, memory the highest sum over them at one time. The
goals are per CPU second: tokenising 1 M impressions and 40 k common rows; the whole command .4 M
and 15 k, so that `allowed` is impressions / .4 M + common rows / 15 k.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence

from easy_esmm.aliccp.conversion.memory import keep_freed_memory
from easy_esmm.aliccp.conversion.partition import BLOCK_BYTES
from easy_esmm.aliccp.conversion.raw_block import COMMON, SKELETON, RawFile, parse
from easy_esmm.aliccp.conversion.sources import find, text_of

TOKEN_GOALS = {"skeleton": 1e6, "common": 40e3}
WHOLE_GOALS = {"skeleton": 0.4e6, "common": 15e3}


def main() -> None:
    """Prints the tables, then all figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000, help="training and test together")
    parser.add_argument("--history_length", type=float, default=100.0)
    parser.add_argument("--folder", default=None, help="where the files go; kept there")
    parser.add_argument("--quick", action="store_true", help="without .gz and the flat layout")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.folder or temporary)
        raw = simulated(folder, args.rows, args.history_length)
        figures: Dict[str, Any] = {"rows": args.rows, "history_length": args.history_length}
        figures["tokenising"] = tokenising(raw)
        figures["whole"] = whole(raw, folder, args.quick)
    print(json.dumps(figures))


def simulated(folder: Path, rows: int, history_length: float) -> Dict[str, Path]:
    """The raw training files by name; simulated unless they are there."""
    data = folder / "simulated"
    if not (data / "simulation.json").is_file():
        run("easy_esmm.aliccp.simulate", "--output", data, "--rows", rows, "--format", "raw",
            "--history_length", history_length)  # fmt: skip
    return {
        "skeleton": data / "raw" / "sample_skeleton_train.csv",
        "common": data / "raw" / "common_features_train.csv",
    }


def tokenising(raw: Dict[str, Path]) -> List[Dict[str, Any]]:
    """CPU seconds to parse each file in this process; the best of three passes over 64 MB."""
    print(f"{'tokenising':<12}{'rows/CPU s':>14}{'goal':>12}{'features/CPU s':>16}{'MB/CPU s':>10}")
    keep_freed_memory()  # as the command does
    result = []
    kind: RawFile
    for kind in (SKELETON, COMMON):
        source = find(kind.name, str(raw[kind.name]), "")
        piece = (0, min(source.bytes, 64 << 20))
        blocks = list(text_of(source, piece, BLOCK_BYTES))
        best, rows, features = float("inf"), 0, 0
        for _ in range(3):
            start = time.process_time()
            parsed = [(block.lines, len(block.id)) for block in (parse(t, kind) for t in blocks)]
            best = min(best, time.process_time() - start)
            rows, features = (sum(numbers) for numbers in zip(*parsed))
        own = {
            "file": kind.name,
            "rows_per_cpu_second": rows / best,
            "goal": TOKEN_GOALS[kind.name],
            "features_per_cpu_second": features / best,
            "mb_per_cpu_second": sum(map(len, blocks)) / best / 1e6,
        }
        print(
            f"{kind.name:<12}{own['rows_per_cpu_second']:>14,.0f}{own['goal']:>12,.0f}"
            f"{own['features_per_cpu_second']:>16,.0f}{own['mb_per_cpu_second']:>10,.0f}"
        )
        result.append(own)
    return result


def whole(raw: Dict[str, Path], folder: Path, is_quick: bool) -> List[Dict[str, Any]]:
    """The command, in several ways."""
    cores = len(os.sched_getaffinity(0))
    runs: List[Any] = [("one worker", raw, ["--workers", 1]), (f"{cores} workers", raw, [])]
    if not is_quick:
        runs.append(("from .gz", zipped(raw), []))
        runs.append(("flat parquet", raw, ["--layout", "flat"]))
    lines = {name: count_lines(path) for name, path in raw.items()}
    allowed = sum(lines[name] / goal for name, goal in WHOLE_GOALS.items())
    print(
        f"\n{lines['skeleton']:,} impressions, {lines['common']:,} common rows, "
        f"{sum(path.stat().st_size for path in raw.values()) / 1e6:,.0f} MB\n"
        f"{'command':<14}{'wall s':>8}{'CPU s':>8}{'allowed':>9}{'impressions/s':>15}"
        f"{'memory MB':>11}{'disk MB':>9}{'peak disk':>11}"
    )
    result = []
    for name, files, flags in runs:
        own = {"run": name, "allowed_cpu_seconds": allowed, **converted(files, folder, flags)}
        own["impressions_per_wall_second"] = lines["skeleton"] / own["wall_seconds"]
        print(
            f"{name:<14}{own['wall_seconds']:>8.1f}{own['cpu_seconds']:>8.1f}{allowed:>9.1f}"
            f"{own['impressions_per_wall_second']:>15,.0f}{own['memory_mb']:>11,.0f}"
            f"{own['disk_mb']:>9,.0f}{own['peak_disk_mb']:>11,.0f}",
            flush=True,
        )
        result.append(own)
    return result


def converted(files: Dict[str, Path], folder: Path, flags: Sequence[Any]) -> Dict[str, float]:
    """Time, memory and disk of one run of the command."""
    output = folder / "converted"
    shutil.rmtree(output, ignore_errors=True)
    before, start = os.times(), time.monotonic()
    command = module("easy_esmm.aliccp.convert", "--skeleton", files["skeleton"],
                     "--common", files["common"], "--output", output, *flags)  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        watch = Watch(process.pid, output)
        watch.start()
        status = process.wait()
        watch.ended.set()
        watch.join()
    if status:
        raise SystemExit(f"status {status}: {' '.join(command)}")
    after = os.times()
    cpu = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return {
        "wall_seconds": time.monotonic() - start,
        "cpu_seconds": cpu,
        "memory_mb": watch.memory / 1e6,
        "disk_mb": size_of(output) / 1e6,
        "peak_disk_mb": watch.disk / 1e6,
    }


class Watch(threading.Thread):
    """Looks ten times a second at the memory of a process and its children, and at a folder."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.memory = self.disk = 0
        self._pid, self._folder = pid, folder

    def run(self) -> None:
        """Until `ended`."""
        while not self.ended.wait(0.1):
            self.memory = max(self.memory, sum(map(resident, family(self._pid))))
            self.disk = max(self.disk, size_of(self._folder))


def family(pid: int) -> List[int]:
    """A process and its children, and theirs."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(member for child in children for member in family(int(child)))]


def resident(pid: int) -> int:
    """Bytes of a process in memory; a page that n processes share counts 1/n in each."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # moved or removed meanwhile
            continue
    return total


def zipped(raw: Dict[str, Path]) -> Dict[str, Path]:
    """The files compressed, beside them."""
    result = {}
    for name, path in raw.items():
        result[name] = path.with_name(path.name + ".gz")
        with path.open("rb") as plain, gzip.open(result[name], "wb", compresslevel=6) as file:
            shutil.copyfileobj(plain, file, 1 << 20)
    return result


def count_lines(path: Path) -> int:
    """Lines of a file."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def module(name: str, *arguments: Any) -> List[str]:
    """The command of a module."""
    return [sys.executable, "-m", name, *map(str, arguments)]


def run(name: str, *arguments: Any) -> None:
    """Runs a module's command."""
    subprocess.run(module(name, *arguments), check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
