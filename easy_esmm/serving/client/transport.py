"""How requests get to a server: what gRPC and REST have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

from easy_esmm.errors import UserError
from easy_esmm.serving.client.cells import Array
from easy_esmm.serving.client.signatures import Signature

_ADDRESS = re.compile(
    r"https?://[^/\s]+\S*|(?:dns|ipv4|ipv6|xds|passthrough):\S+|unix(?:-abstract)?:\S+|[^/\s]+:\d+"
)


@dataclass(frozen=True)
class ModelChoice:
    """Which model of a server is asked."""

    name: str
    version: Optional[int] = None
    label: Optional[str] = None

    def __str__(self) -> str:
        which = f" version {self.version}" if self.version is not None else ""
        which = f" label '{self.label}'" if self.label is not None else which
        return f"model '{self.name}'{which}"


class Transport(ABC):
    """One attempt at a time; each raises `Failure` where it does not succeed."""

    address: str

    @abstractmethod
    def signatures(self, model: ModelChoice, timeout: float) -> Mapping[str, Signature]:
        """The model's signatures by name."""

    @abstractmethod
    def predict(
        self,
        model: ModelChoice,
        name: str,
        signature: Signature,
        inputs: Mapping[str, Array],
        timeout: float,
    ) -> Dict[str, Array]:
        """Output key -> array [rows], for the inputs of the signature of that name."""

    @abstractmethod
    def close(self) -> None:
        """Closes the connections."""


def needs_extra(module: str, error: ImportError) -> UserError:
    """The error where a package that only clients need is not installed."""
    return UserError(
        f"{error}: Client needs the package {module}; pip install 'easy_esmm[client]' installs it"
    )


def open_transport(address: str, **options: Any) -> Transport:
    """REST for an address with http:// or https://, gRPC for HOST:PORT or a name of gRPC's.

    Raises UserError for what is neither.
    """
    if not _ADDRESS.fullmatch(address):
        raise UserError(
            f"address: must be HOST:PORT for gRPC, or http://HOST:PORT for REST, got {address!r}"
        )
    # Late: each of the two packages is needed by whoever speaks its protocol.
    if address.startswith(("http://", "https://")):
        from easy_esmm.serving.client.rest import RestTransport  # noqa: PLC0415

        return RestTransport(address, **options)
    from easy_esmm.serving.client.grpc_transport import GrpcTransport  # noqa: PLC0415

    return GrpcTransport(address, **options)
