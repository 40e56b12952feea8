"""A test double of TensorFlow Serving's gRPC service, over the messages of its own package.

It answers with a real export through a session. Version policies, batching and the like it has not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List

import grpc
import pytest
import tensorflow as tf

from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.local.loaded import LoadedModel

apis = pytest.importorskip("tensorflow_serving.apis")
from tensorflow_serving.apis import (  # noqa: E402
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    """One model by the name `model`, in version 7 with the label `stable`."""

    def __init__(self, folder: str) -> None:
        self.model = LoadedModel(folder)
        self.asked: List[Any] = []
        """The requests to Predict, the failed ones too."""
        self.faults: List[Dict[str, Any]] = []
        """`code`, `message` and `seconds` of waiting of the next answers; none: as they are."""

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Answers, or fails as `faults` say."""
        self.asked.append(request)
        self._choose(request.model_spec, context)
        inputs = {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()}
        try:
            outputs = self.model.predict(request.model_spec.signature_name, inputs)
        except Refused as error:
            context.abort(grpc.StatusCode[error.code], str(error))
        response = predict_pb2.PredictResponse()
        for key, array in outputs.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(array))
        return response

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The signatures."""
        self._choose(request.model_spec, context)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in self.model.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.metadata["signature_def"].Pack(signatures)
        return response

    def _choose(self, spec: Any, context: Any) -> None:
        if self.faults:
            fault = self.faults.pop(0)
            fault["wait"].wait(10) if "wait" in fault else None
            context.abort(fault["code"], fault["message"])
        if spec.name != "model" or (spec.HasField("version") and spec.version.value != 7):
            context.abort(
                grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({spec.name})"
            )
        if spec.version_label not in ("", "stable"):
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"Unrecognized servable version label: {spec.version_label}",
            )


@contextmanager
def serving(folder: Path) -> Iterator[Any]:
    """(service, address) of a server with the model in `folder`."""
    server = grpc.server(ThreadPoolExecutor(4))
    service = PredictionService(str(folder))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    try:
        yield service, f"localhost:{port}"
    finally:
        server.stop(None).wait()
        service.model.close()
