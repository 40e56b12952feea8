"""TF_CONFIG: what it makes of a process, and what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import Any, Dict

import pytest

from easy_esmm.errors import UserError
from easy_esmm.estimator import cluster, cluster_run
from easy_esmm.estimator.cluster import Role
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CLUSTER = {"chief": ["a:1"], "worker": ["b:1", "b:2"], "ps": ["c:1", "[::1]:65535"]}


def of(monkeypatch: pytest.MonkeyPatch, text: str) -> Role:
    monkeypatch.setenv("TF_CONFIG", text)
    return cluster.role()


def settings(kind: Any = "worker", index: Any = 0, **changed: Any) -> str:
    listed: Dict[str, Any] = {**CLUSTER, **changed}
    return json.dumps({"cluster": listed, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize("text", ["", " ", "{}", '{"cluster": {}}', '{"environment": "cloud"}'])
def test_a_tf_config_without_a_cluster_is_one_machine(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = of(monkeypatch, text)
    assert (role.kind, role.is_chief, role.shard, role.servers) == ("local", True, (0, 1), 0)


@pytest.mark.parametrize(
    ("kind", "index", "shard", "is_chief"),
    [
        ("chief", 0, (0, 3), True),
        ("worker", 0, (1, 3), False),
        ("worker", "1", (2, 3), False),
    ],
)
def test_the_chief_and_the_workers_share_the_rows(
    kind: str, index: Any, shard: Any, is_chief: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = of(monkeypatch, settings(kind, index))
    assert (role.shard, role.is_chief, role.servers) == (shard, is_chief, 2)


def test_servers_and_the_evaluator_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(of(monkeypatch, settings("ps", 1))) == "ps 1"
    role = of(monkeypatch, settings("evaluator"))
    assert (role.kind, role.is_chief) == ("evaluator", False)


def test_tf_config_can_be_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    of(monkeypatch, settings("chief"))
    with cluster.alone():
        assert cluster.role().kind == "local"
    assert cluster.role().kind == "chief"


def test_another_checkpoint_starts_whole_tables_only() -> None:
    config = PipelineConfig()
    config.feature_config.features.add(max_partitions=1)
    cluster_run.require_whole_tables(config)
    config.feature_config.features.add(max_partitions=4)
    match = r"^train_config.fine_tune_checkpoint: .*features\[1\] has max_partitions: 4; train the"
    with pytest.raises(UserError, match=match):
        cluster_run.require_whole_tables(config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", 'must be JSON, got "{"'),
        ("[1]", 'must be a JSON object, got "[1]"'),
        ('{"task": {"type": "chief"}}', 'must have a "cluster", which lists addresses'),
        ('{"cluster": {"chief": ["a:1"]}}', 'must have a "task", such as'),
        (settings(chief=[]), "cluster.chief: must list one address: the process that writes"),
        (settings(chief=["a:1", "a:2"]), "cluster.chief: must list one address"),
        (settings(worker=["b"]), 'cluster.worker[0]: must be host:port, got "b"'),
        (settings(ps=["c:1", "d:0"]), 'cluster.ps[1]: must be host:port, got "d:0"'),
        (settings(ps=["c:99999"]), 'cluster.ps[0]: must be host:port, got "c:99999"'),
        (settings(ps=[7]), 'cluster.ps[0]: must be host:port, got "7"'),
        (settings(ps="c:1"), 'cluster.ps: must be a list of addresses, got "c:1"'),
        (settings(ps=["b:1"]), 'cluster.ps: must list each address once, got "b:1"'),
        (settings(evaluator=["e:1"]), "cluster.evaluator: must be left out: nobody connects to"),
        (settings(master=["e:1"]), "cluster.master: must be called chief"),
        (
            settings(workers=["e:1"]),
            "cluster: must be one of chief, worker, ps (did you mean worker?), got",
        ),
        (
            settings("wroker"),
            "task.type: must be one of chief, worker, ps, evaluator (did you mean worker?)",
        ),
        (settings("master"), "task.type: must be called chief"),
        (settings(None), "task.type: must be one of chief, worker, ps, evaluator, got"),
        (settings(index=2), 'task.index: must be below 2 (2 listed as worker), got "2"'),
        (settings("evaluator", 1), "task.index: must be below 1 (there is one evaluator)"),
        (settings(index=-1), "task.index: must be a whole number from 0"),
        (settings(index=True), "task.index: must be a whole number from 0"),
        (settings(worker=[]), "task.type: must be listed in the cluster, which has no worker"),
    ],
)
def test_what_is_wrong_with_a_cluster_is_said(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=f"^TF_CONFIG: {re.escape(message)}"):
        of(monkeypatch, text)
