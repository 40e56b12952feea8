"""TensorFlow Serving's gRPC interface, by messages of our own that have its bytes."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from google.protobuf.message import DecodeError

from easy_esmm.protos import prediction_pb2 as messages
from easy_esmm.serving.client.cells import Array
from easy_esmm.serving.client.errors import Failure
from easy_esmm.serving.client.signatures import Signature, signatures_of
from easy_esmm.serving.client.transport import ModelChoice, Transport, needs_extra
from easy_esmm.serving.tensors import array_of, tensor_message

try:
    import grpc
except ImportError as error:  # pragma: no cover - the tests have it
    raise needs_extra("grpcio", error) from error

_SERVICE = "/tensorflow.serving.PredictionService"
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Between attempts to connect: gRPC would wait a second and more, and fail all calls meanwhile.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.enable_retries", 0),
    # Of several addresses behind a name each in turn; by default gRPC keeps to the first.
    ("grpc.lb_policy_name", "round_robin"),
)


class GrpcTransport(Transport):
    """One channel, which connects again by itself and serves all threads."""

    def __init__(
        self,
        address: str,
        *,
        headers: Optional[Mapping[str, str]] = None,
        credentials: Any = None,
    ) -> None:
        self.address = address
        self._metadata = tuple((name.lower(), value) for name, value in (headers or {}).items())
        if credentials is None:
            self._channel = grpc.insecure_channel(address, _OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, credentials, _OPTIONS)
        self._predict = self._channel.unary_unary(
            f"{_SERVICE}/Predict",
            request_serializer=messages.PredictRequest.SerializeToString,
            response_deserializer=messages.PredictResponse.FromString,
        )
        self._metadata_of = self._channel.unary_unary(
            f"{_SERVICE}/GetModelMetadata",
            request_serializer=messages.GetModelMetadataRequest.SerializeToString,
            response_deserializer=messages.GetModelMetadataResponse.FromString,
        )

    def signatures(self, model: ModelChoice, timeout: float) -> Mapping[str, Signature]:
        request = messages.GetModelMetadataRequest(
            model_spec=_spec(model), metadata_field=["signature_def"]
        )
        response = self._call(self._metadata_of, request, timeout)
        try:
            by_name = messages.SignatureDefMap.FromString(response.metadata["signature_def"].value)
        except DecodeError as error:
            raise Failure("INTERNAL", f"metadata that cannot be read: {error}", False) from error
        return signatures_of(by_name)

    def predict(
        self,
        model: ModelChoice,
        name: str,
        signature: Signature,
        inputs: Mapping[str, Array],
        timeout: float,
    ) -> Dict[str, Array]:
        request = messages.PredictRequest(model_spec=_spec(model, name))
        for key, array in inputs.items():
            request.inputs[key].CopyFrom(tensor_message(array))
        response = self._call(self._predict, request, timeout)
        missing = sorted(set(signature.outputs) - set(response.outputs))
        if missing:
            raise Failure("INTERNAL", f"an answer without {', '.join(missing)}", False)
        try:
            return {key: array_of(response.outputs[key]) for key in signature.outputs}
        except ValueError as error:
            raise Failure("INTERNAL", f"an answer that cannot be read: {error}", False) from error

    def close(self) -> None:
        self._channel.close()

    def _call(self, method: Any, request: Any, timeout: float) -> Any:
        try:
            return method(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            code, message = error.code(), error.details() or ""
            if "parsing HTTP/2" in message:
                message += " (if this is a REST port, write http:// before the address)"
            is_away = code == grpc.StatusCode.UNAVAILABLE
            raise Failure(code.name, message, is_away) from error
        except ValueError as error:  # a closed channel
            raise Failure("CANCELLED", str(error), False) from error


def _spec(model: ModelChoice, signature: str = "") -> messages.ModelSpec:
    spec = messages.ModelSpec(name=model.name)
    if signature:
        spec.signature_name = signature
    if model.version is not None:
        spec.version.value = model.version
    elif model.label is not None:
        spec.version_label = model.label
    return spec
