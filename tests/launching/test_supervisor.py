"""The supervisor, with short programs in the place of trainings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional

import pytest

from easy_esmm.launching.plan import Launch, Task
from easy_esmm.launching.supervisor import Limits, Supervisor

CLONE = str(Path(__file__).resolve().parents[2])

QUICK = Limits(restart_seconds=0)


def waits(*, status: int = 143, says: str = "saves") -> str:
    """A program that runs until SIGTERM, and then ends with a status."""
    return f"trap 'echo {says}; kill $!; exit {status}' TERM; echo up; sleep 60 & wait"


class Cluster:
    """A supervisor of shell programs, and what it wrote."""

    def __init__(self, folder: Path, limits: Limits = QUICK) -> None:
        self.lines: List[str] = []
        self.folder = folder
        self.on_line: Dict[str, int] = {}
        self._limits = limits

    def run(self, **programs: str) -> int:
        """`chief="exit 0"`, `ps_0="exit 2"`; "first;; again": another program at a restart."""
        launches = []
        for name, program in programs.items():
            kind, _, index = name.partition("_")
            first, _, again = program.partition(";;")
            command = ("/bin/sh", "-c", first)
            restart = ("/bin/sh", "-c", again or first)
            launches.append(Launch(Task(kind, int(index or 0)), command, restart, {"WHO": name}))
        self.supervisor = Supervisor(
            launches, self.folder / "logs", self._limits, self._show, lambda: "model.ckpt-7"
        )
        return self.supervisor.run()

    def _show(self, line: str) -> None:
        self.lines.append(line)
        number = self.on_line.pop(line, None)
        if number is not None:
            os.kill(os.getpid(), number)

    def told(self) -> List[str]:
        """The launcher's own lines, without those about starts."""
        told = [line.split("| ", 1)[1] for line in self.lines if line.startswith("launch")]
        return [text for text in told if ": process " not in text]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_lines_stand_behind_the_name_of_their_process_and_in_its_log(cluster: Cluster) -> None:
    assert cluster.run(chief="echo hello $WHO", worker_0="echo to stderr >&2; printf last") == 0
    assert "chief    | hello chief" in cluster.lines
    assert [x for x in cluster.lines if x.startswith("worker-0 |")] == [
        "worker-0 | to stderr",
        "worker-0 | last",
    ]
    assert (cluster.folder / "logs" / "worker-0.log").read_text() == "to stderr\nlast"


def test_a_killed_worker_starts_again_with_the_command_that_goes_on(cluster: Cluster) -> None:
    assert cluster.run(chief="exit 0", ps_0="exit 0", worker_0="kill -9 $$;;echo goes on") == 0
    assert "worker-0 | goes on" in cluster.lines
    assert cluster.told()[0] == (
        "worker-0: ended (SIGKILL): starts again, restart 1 of 3; the others train on meanwhile"
    )


@pytest.mark.parametrize("name", ["chief", "ps_0"])
def test_the_step_that_all_go_back_to_is_told(cluster: Cluster, name: str) -> None:
    programs = {"chief": "sleep .2", "ps_0": "sleep .2", name: "exit 75;;exit 0"}
    cluster.run(**programs)
    assert cluster.told()[0] == (
        f"{name.replace('_', '-')}: ended (status 75): starts again, restart 1 of 3; all go back "
        "to the last checkpoint, model.ckpt-7"
    )


def test_restarts_are_counted_for_each_process_and_end(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, Limits(max_restarts=2, restart_seconds=0))
    marks = tmp_path / "starts"
    status = cluster.run(chief=waits(), worker_0=f"echo x >> {marks}; kill -9 $$")
    assert status == 137
    assert marks.read_text() == "x\n" * 3
    assert "worker-0: ended (SIGKILL); no restart is left of 2: the others are ended, see its " in (
        "\n".join(cluster.told())
    )


@pytest.mark.parametrize("status", [1, 2])
def test_what_would_fail_again_is_not_started_again(cluster: Cluster, status: int) -> None:
    assert cluster.run(ps_0=waits(), chief=waits(), worker_0=f"exit {status}") == status
    assert "chief    | saves" in cluster.lines
    assert not [line for line in cluster.told() if "starts again" in line]


def test_servers_end_after_the_trainers(cluster: Cluster) -> None:
    cluster.on_line = {"chief    | up": signal.SIGTERM}
    slow = "trap 'sleep .3; echo saved; exit 143' TERM; echo up; sleep 60 & wait"
    assert cluster.run(ps_0=waits(says="server ends"), worker_0=slow, chief=waits()) == 143
    order = [line.split("| ")[1] for line in cluster.lines if "saved" in line or "ends" in line]
    assert order[-2:] == ["saved", "server ends"]


def test_ctrl_c_has_its_own_status(cluster: Cluster) -> None:
    cluster.on_line = {"chief | up": signal.SIGINT}
    assert cluster.run(chief=waits()) == 130


def test_a_second_signal_kills(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, Limits(stop_seconds=60))
    cluster.on_line = {"chief | up": signal.SIGTERM, "chief | deaf": signal.SIGTERM}
    start = time.monotonic()
    assert cluster.run(chief="trap 'echo deaf' TERM; echo up; sleep 60 & wait; wait") == 143
    assert time.monotonic() - start < 30
    assert "SIGTERM again: all are killed; the last checkpoint stays" in cluster.told()


def test_who_does_not_end_is_killed(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, Limits(stop_seconds=0.2))
    cluster.on_line = {"chief | up": signal.SIGTERM}
    assert cluster.run(chief="trap '' TERM; echo up; sleep 60 & wait; wait") == 143
    assert "chief: does not end: killed" in cluster.told()


def test_a_server_that_outlives_its_trainers_does_not_spoil_the_status(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, Limits(stop_seconds=0.2))
    assert cluster.run(ps_0="sleep 60", chief="exit 0") == 0
    assert "ps-0: does not end: killed" in cluster.told()


def test_training_goes_on_without_an_evaluator_and_the_status_tells(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, Limits(max_restarts=0))
    assert cluster.run(evaluator="exit 1", chief="sleep .3; echo trained") == 1
    assert "chief     | trained" in cluster.lines
    assert cluster.told()[0] == ("evaluator: ended (status 1): training goes on without evaluation")


def test_the_end_is_a_line_for_each_process(cluster: Cluster) -> None:
    cluster.run(chief="exit 0", worker_0="kill -9 $$;;exit 0")
    assert cluster.told()[-2:] == [
        "chief     status 0, no restart, 0 s",
        "worker-0  status 0, 1 restart, 0 s",
    ]


def test_nothing_outlives_a_launcher_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from easy_esmm.launching.plan import Launch, Task
from easy_esmm.launching.supervisor import Limits, Supervisor
command = ("/bin/sh", "-c", "echo $$; exec sleep 60")
launches = [Launch(Task(kind, 0), command, command, {{}}) for kind in ("chief", "ps")]
show = lambda line: print(line, flush=True)
Supervisor(launches, Path({str(tmp_path)!r}), Limits(), show, lambda: "").run()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=CLONE
    ) as launcher:
        assert launcher.stdout is not None
        numbers = [int(launcher.stdout.readline().split(": process ")[1]) for _ in range(2)]
        assert all(is_alive(number) for number in numbers)
        launcher.kill()
        # The pipe ends when its last writer, a process of the cluster, is gone.
        launcher.stdout.read()
    give_up = time.monotonic() + 20
    while any(is_alive(number) for number in numbers):
        assert time.monotonic() < give_up


def is_alive(number: int) -> bool:
    return state(number) not in (None, "Z", "X")


def state(number: int) -> Optional[str]:
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return None
