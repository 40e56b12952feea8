"""TensorFlow Serving's REST routes over the versions of one model."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Mapping, Optional, Tuple
from urllib.parse import unquote

from easy_esmm.protos import prediction_pb2 as messages
from easy_esmm.serving.client.signatures import Signature, signatures_of
from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.local.json_requests import answer, read_call
from easy_esmm.serving.local.loaded import LoadedModel
from easy_esmm.serving.local.models import Models, State
from easy_esmm.serving.names import DEFAULT

_MODEL = (
    r"(?i:/v1/models)/(?P<name>[^/:]+)"
    r"(?:/(?i:versions)/(?P<version>[0-9]+)|/(?i:labels)/(?P<label>[^/:]+))?"
)
_ASKED = re.compile(_MODEL + r":(?P<verb>(?i:predict|classify|regress))")
_TOLD = re.compile(_MODEL + r"(?P<metadata>/(?i:metadata))?")
_LARGEST_VERSION = 2**63 - 1


class Routes:
    """Answers requests, whatever carries them."""

    def __init__(self, name: str, models: Models[LoadedModel]) -> None:
        """`name` is what requests call the model."""
        self._name, self._models = name, models

    def get(self, path: str) -> bytes:
        """The body for a status or for metadata. Raises Refused."""
        match = _TOLD.fullmatch(path)
        if match is None:
            raise _malformed("GET", path)
        name, version, label = self._chosen(match)
        if match["metadata"]:
            with self._models.lease(name, version, label) as held:
                return _written(_metadata(name, held.version, held.model))
        if label is not None:
            with self._models.lease(name, version, label) as held:
                version = held.version
        states = [s for s in self._models.states() if version in (None, s.version)]
        if not states:
            raise Refused("NOT_FOUND", f"Could not find any versions of model {name}")
        return _written({"model_version_status": [_status(state) for state in states]})

    def post(self, path: str, body: bytes) -> bytes:
        """The body of the answer to a predict request. Raises Refused."""
        match = _ASKED.fullmatch(path)
        if match is None:
            raise _malformed("POST", path)
        name, version, label = self._chosen(match)
        if match["verb"].lower() != "predict":
            raise Refused(
                "INVALID_ARGUMENT", f"{match['verb']}: the model has no such signature; use predict"
            )
        with self._models.lease(name, version, label) as held:
            signatures = signatures_of(_signature_map(held.model))

            def signature_of(signature_name: str) -> Signature:
                held.model.signature(signature_name)
                return signatures[signature_name or DEFAULT]

            call = read_call(body, signature_of)
            return answer(call, held.model.predict(call.signature_name, call.inputs))

    def _chosen(self, match: re.Match[str]) -> Tuple[str, Optional[int], Optional[str]]:
        """(name, version, label) of a path. Raises Refused for another model's name."""
        name = unquote(match["name"])
        version = None if match["version"] is None else int(match["version"][:20])
        if version is not None and version > _LARGEST_VERSION:
            raise Refused(
                "INVALID_ARGUMENT", f"Failed to convert version: {match['version']} to numeric."
            )
        label = None if match["label"] is None else unquote(match["label"])
        if name != self._name:
            what = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise Refused("NOT_FOUND", f"Servable not found for request: {what}")
        return name, version, label


def _malformed(method: str, path: str) -> Refused:
    return Refused("INVALID_ARGUMENT", f"Malformed request: {method} {path[:200]}")


def _written(value: Any) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode()


def _status(state: State) -> Mapping[str, Any]:
    code = "OK" if state.is_available else "UNKNOWN"
    return {
        "version": str(state.version),
        "state": "AVAILABLE" if state.is_available else "END",
        "status": {"error_code": code, "error_message": state.message},
    }


def _signature_map(model: LoadedModel) -> messages.SignatureDefMap:
    """The model's signatures as messages of ours."""
    found = messages.SignatureDefMap()
    for name, signature in model.signatures.items():
        found.signature_def[name].ParseFromString(signature.SerializeToString())
    return found


def _metadata(name: str, version: int, model: LoadedModel) -> Mapping[str, Any]:
    signatures = {
        key: {
            "inputs": _tensors(signature.inputs),
            "outputs": _tensors(signature.outputs),
            "method_name": signature.method_name,
        }
        for key, signature in sorted(_signature_map(model).signature_def.items())
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _tensors(tensors: Mapping[str, messages.TensorInfo]) -> Dict[str, Any]:
    return {key: _tensor(tensors[key]) for key in sorted(tensors)}


def _tensor(info: messages.TensorInfo) -> Mapping[str, Any]:
    dimensions: List[Mapping[str, str]] = [
        {"size": str(dimension.size), "name": dimension.name} for dimension in info.tensor_shape.dim
    ]
    return {
        "dtype": messages.DataType.Name(info.dtype),
        "tensor_shape": {"dim": dimensions, "unknown_rank": info.tensor_shape.unknown_rank},
        "name": info.name,
    }
