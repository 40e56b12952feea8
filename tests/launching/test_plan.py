"""Which processes a cluster has, and what each is told."""

from __future__ import annotations

import json
import os
from typing import Set

import pytest

from easy_esmm.launching.plan import free_addresses, plan, tasks, threads_of


def test_the_chief_is_one_of_the_workers_asked_for_and_servers_come_first() -> None:
    names = [task.name for task in tasks(3, 2, True)]
    assert names == ["ps-0", "ps-1", "chief", "worker-0", "worker-1", "evaluator"]
    assert [task.name for task in tasks(1, 1, False)] == ["ps-0", "chief"]
    assert sum(task.is_trainer for task in tasks(3, 2, True)) == 3


def test_every_process_knows_the_same_addresses_and_its_own_place() -> None:
    launches = plan(tasks(2, 2, True), ["--pipeline_config=x.config"])
    configs = [json.loads(launch.environment["TF_CONFIG"]) for launch in launches]
    clusters = [config["cluster"] for config in configs]
    assert all(cluster == clusters[0] for cluster in clusters)
    assert {kind: len(listed) for kind, listed in clusters[0].items()} == {
        "chief": 1,
        "ps": 2,
        "worker": 1,
    }
    assert [config["task"] for config in configs] == [
        {"type": "ps", "index": 0},
        {"type": "ps", "index": 1},
        {"type": "chief", "index": 0},
        {"type": "worker", "index": 0},
        {"type": "evaluator", "index": 0},
    ]


def test_no_port_is_given_twice() -> None:
    seen: Set[str] = set()
    for listed in free_addresses(tasks(20, 20, True)).values():
        seen.update(listed)
    assert len(seen) == 40


def test_a_restart_goes_on_in_the_model_dir() -> None:
    launch = plan(tasks(1, 1, False), ["--model_dir=m"])[1]
    assert launch.command[1:] == ("-m", "easy_esmm.train", "--model_dir=m")
    assert launch.restart_command == (*launch.command, "--continue_train")


@pytest.mark.parametrize(
    ("cores", "trainer", "server", "evaluator"), [(8, "2", "4", "8"), (2, "1", "1", "2")]
)
def test_cores_are_shared_among_processes_of_a_kind(
    monkeypatch: pytest.MonkeyPatch, cores: int, trainer: str, server: str, evaluator: str
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    cluster = tasks(4, 2, True)
    found = [threads_of(task, cluster)["TF_NUM_INTRAOP_THREADS"] for task in cluster]
    assert found == [server] * 2 + [trainer] * 4 + [evaluator]
