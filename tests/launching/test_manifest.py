"""The TFJob of docs/distributed.md has the fields that the resource's definition allows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict

import pytest

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "distributed.md"


def closed(properties: Dict[str, Any], *required: str) -> Dict[str, Any]:
    """An object with these properties and no others, as the API server prunes or refuses others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: Dict[str, Any]) -> Dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
QUANTITY = {"type": "string", "pattern": r"^\d+(\.\d+)?(m|[KMGT]i?)?$"}
QUANTITIES = closed({"cpu": QUANTITY, "memory": QUANTITY})
MOUNT = closed({"name": TEXT, "mountPath": TEXT, "readOnly": {"type": "boolean"}}, "name")
CLAIM = closed({"claimName": TEXT, "readOnly": {"type": "boolean"}}, "claimName")
VOLUME = closed(
    {"name": TEXT, "configMap": closed({"name": TEXT}), "persistentVolumeClaim": CLAIM}, "name"
)
CONTAINER = closed(
    {
        # The operator adds TF_CONFIG to the container of this name alone.
        "name": {"const": "tensorflow"},
        "image": TEXT,
        "command": listed(TEXT),
        "args": listed(TEXT),
        "ports": listed(
            closed({"name": {"const": "tfjob-port"}, "containerPort": COUNT}, "containerPort")
        ),
        "resources": closed({"requests": QUANTITIES, "limits": QUANTITIES}),
        "volumeMounts": listed(MOUNT),
    },
    "name",
    "image",
)
POD = closed(
    {
        "spec": closed(
            {
                "terminationGracePeriodSeconds": COUNT,
                "containers": listed(CONTAINER),
                "volumes": listed(VOLUME),
            },
            "containers",
        )
    },
    "spec",
)
REPLICAS = closed(
    {
        "replicas": COUNT,
        "restartPolicy": {"enum": ["Always", "OnFailure", "Never", "ExitCode"]},
        "template": POD,
    },
    "template",
)
RUN_POLICY = closed(
    {
        "activeDeadlineSeconds": COUNT,
        "backoffLimit": COUNT,
        "cleanPodPolicy": {"enum": ["None", "Running", "All"]},
        "suspend": {"type": "boolean"},
        "ttlSecondsAfterFinished": COUNT,
    }
)
TF_JOB = closed(
    {
        "apiVersion": {"const": "kubeflow.org/v1"},
        "kind": {"const": "TFJob"},
        "metadata": closed({"name": TEXT, "namespace": TEXT}, "name"),
        "spec": closed(
            {
                "enableDynamicWorker": {"type": "boolean"},
                "runPolicy": RUN_POLICY,
                "successPolicy": {"enum": ["", "AllWorkers"]},
                "tfReplicaSpecs": closed(
                    dict.fromkeys(("Chief", "Worker", "PS", "Evaluator"), REPLICAS),
                    "Chief",
                    "PS",
                ),
            },
            "tfReplicaSpecs",
        ),
    },
    "apiVersion",
    "kind",
    "metadata",
    "spec",
)
"""By hand, after the fields of version v1: those that a training needs, and what they may hold."""


@pytest.fixture
def manifest() -> Any:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), flags=re.S | re.M)
    return yaml.safe_load(text)


def test_the_manifest_has_no_field_that_the_definition_does_not_know(manifest: Any) -> None:
    jsonschema.Draft7Validator(TF_JOB).validate(manifest)


def test_a_misspelt_field_would_be_found(manifest: Any) -> None:
    manifest["spec"]["tfReplicaSpecs"]["Worker"]["restartPolicies"] = "Never"
    with pytest.raises(jsonschema.ValidationError, match="restartPolicies"):
        jsonschema.Draft7Validator(TF_JOB).validate(manifest)


def test_every_volume_that_is_mounted_is_there(manifest: Any) -> None:
    for replicas in manifest["spec"]["tfReplicaSpecs"].values():
        pod = replicas["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {m["name"] for c in pod["containers"] for m in c["volumeMounts"]} == volumes


def test_a_lost_process_is_started_again(manifest: Any) -> None:
    replicas = manifest["spec"]["tfReplicaSpecs"].values()
    assert {spec["restartPolicy"] for spec in replicas} == {"OnFailure"}
    assert all(
        "--continue_train" in spec["template"]["spec"]["containers"][0]["args"] for spec in replicas
    )
