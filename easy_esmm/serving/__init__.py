"""SavedModels: signatures, publishing, scoring rows with one, and asking one on a server."""

from __future__ import annotations

from easy_esmm.serving.client import Client, RequestError

__all__ = ["Client", "RequestError"]
