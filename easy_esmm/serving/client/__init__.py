"""Asks a model on a server, by gRPC or REST. Nothing here imports TensorFlow."""

from __future__ import annotations

from easy_esmm.serving.client.client import Client
from easy_esmm.serving.client.errors import RequestError

__all__ = ["Client", "RequestError"]
