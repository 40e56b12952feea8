"""The manifest of a run: what was trained by what, on what and where, and how it ended."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from absl import logging

from easy_esmm.atomic_file import atomic_write, is_left_over
from easy_esmm.installed import version_of
from easy_esmm.log_lines import finite
from easy_esmm.observing.input_files import describe_files
from easy_esmm.observing.observer import End, Observer

FOLDER = "manifests"
RUNNING, KILLED = "running", "killed"
_PACKAGES = ("easy_esmm", "tensorflow", "numpy", "pyarrow", "protobuf")


class RunManifest(Observer):
    """Writes `model_dir/manifests/<UTC time of the start>.json` at the start and at the end.

    A manifest of an earlier run that says `running` is marked as `killed`: its process can no
    longer hold the lock of model_dir, under which this is called. Environment variables, which may
    hold secrets, are not written; nor is anything about the rows besides their number.
    """

    def __init__(
        self,
        model_dir: str,
        seed: int,
        files: Mapping[str, Union[int, Sequence[str]]],
        vocabularies: Mapping[str, str],
    ) -> None:
        """Writes nothing yet.

        Args:
          model_dir: holds `pipeline.config`, the config as run, when the training starts.
          seed: of the training.
          files: paths of what is read, by `train` and `eval`; of a DataFrame its number of rows.
          vocabularies: digests of their contents by table.
        """
        self._model_dir = model_dir
        self._seed, self._files, self._vocabularies = seed, files, vocabularies
        self._values: Dict[str, Any] = {}
        now = datetime.datetime.now(datetime.timezone.utc)
        name = f"{now:%Y-%m-%dT%H-%M-%S}.{now.microsecond:06d}Z.json"
        self.path = os.path.join(model_dir, FOLDER, name)
        """Where it is written."""

    def on_start(self, step: int, manifest: str) -> None:
        folder = os.path.dirname(self.path)
        os.makedirs(folder, exist_ok=True)
        mark_killed(folder)
        now = datetime.datetime.now(datetime.timezone.utc)
        config = os.path.join(self._model_dir, "pipeline.config")
        self._values = {
            "status": RUNNING,
            "started": _time(now),
            "command_line": list(sys.argv),
            "host": host(),
            "versions": {"python": platform.python_version(), **_versions()},
            "config": {"path": config, "sha256": _sha256(config)},
            "seed": self._seed,
            "first_step": step,
            "vocabularies": dict(self._vocabularies),
        }
        self._write()  # before the hashes, which may take seconds
        self._values["files"] = {
            name: [{"data_frame_rows": read}] if isinstance(read, int) else describe_files(read)
            for name, read in self._files.items()
        }
        self._write()

    def on_evaluation(self, step: int, metrics: Mapping[str, float]) -> None:
        self._values["evaluation"] = {"step": step, "metrics": dict(metrics)}
        self._write()

    def on_end(self, end: End) -> None:
        if not self._values:
            return  # it was refused
        self._values.update(
            status=end.status,
            ended=_time(datetime.datetime.now(datetime.timezone.utc)),
            last_step=end.step,
            examples=end.examples,
            seconds=round(end.seconds, 3),
            rows_skipped=end.rows_skipped,
        )
        if end.error:
            self._values["error"] = end.error
        self._write()

    def _write(self) -> None:
        write_manifest(self.path, self._values)


def write_manifest(path: str, values: Mapping[str, Any]) -> None:
    """Writes it whole or not at all; numbers that JSON lacks are null."""
    with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        json.dump(finite(values), file, indent=1, allow_nan=False)
        file.write("\n")


def mark_killed(folder: str) -> None:
    """Gives the status `killed` to each manifest that says `running`, and tells of it."""
    for name in os.listdir(folder):
        if is_left_over(name):
            os.remove(os.path.join(folder, name))
    for path in sorted(Path(folder).glob("*.json")):
        with suppress(OSError, ValueError):  # not one of ours
            values = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(values, dict) and values.get("status") == RUNNING:
                write_manifest(str(path), {**values, "status": KILLED})
                logging.info("the run of %s was killed", values.get("started"))


def host() -> Dict[str, Any]:
    """Name, process, processors and system of this machine."""
    return {
        "name": socket.gethostname(),
        "pid": os.getpid(),
        "cpus": os.cpu_count(),
        "usable_cpus": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "system": platform.platform(),
    }


def _cpu() -> Optional[str]:
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine() or None


def _versions() -> Dict[str, Optional[str]]:
    return {name: version_of(name) for name in _PACKAGES}


def _sha256(path: str) -> Optional[str]:
    with suppress(OSError):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return None


def _time(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
