"""Serves a folder of SavedModels until it is told to end."""

from __future__ import annotations

import errno
import threading
from typing import Callable, Mapping

from absl import logging

from easy_esmm.errors import UserError
from easy_esmm.serving.local.http import Server
from easy_esmm.serving.local.loaded import LoadedModel
from easy_esmm.serving.local.models import Models, require_versions
from easy_esmm.serving.local.routes import Routes

_POLL_SECONDS = 1.0
_LAST_REQUESTS_SECONDS = 10.0


def serve(
    folder: str,
    name: str,
    host: str,
    port: int,
    labels: Mapping[str, int],
    started: Callable[[str, int], None],
) -> None:
    """Serves the newest version under `folder`, and newer ones as they come; ends with Ctrl-C.

    Args:
      folder: a SavedModel, or a folder of numbered ones.
      name: what requests call the model.
      host, port: where to listen; port 0: any that is free.
      labels: name -> version, kept beside the newest.
      started: called with host and port as soon as requests are answered.

    Raises:
      UserError: there is no model that can be served, a label's version is not there, or the port
        is taken.
    """
    require_versions(folder, labels)
    models: Models[LoadedModel] = Models(folder, labels, LoadedModel)
    models.refresh()
    _require_available(models, labels)
    try:
        server = Server((host, port), Routes(name, models))
    except (OSError, OverflowError) as error:
        models.close()
        in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise UserError(
            f"--host, --port: cannot listen on {host}:{port}: {error}"
            + ("; give another --port (0: any that is free)" if in_use else "")
        ) from error
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            try:
                models.refresh()
            except Exception as error:  # noqa: BLE001 - the next look may succeed, and must come
                logging.warning("%s: %s: %s", folder, type(error).__name__, error)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        started(host, server.server_address[1])
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        ended.set()
        server.server_close()
        if server.wait_until_idle(_LAST_REQUESTS_SECONDS):
            watcher.join()
            models.close()


def _require_available(models: Models[LoadedModel], labels: Mapping[str, int]) -> None:
    """Raises UserError where the newest version, or that of a label, could not be loaded."""
    states = {state.version: state for state in models.states()}
    for version in (max(states), *labels.values()):
        if not states[version].is_available:
            raise UserError(states[version].message)
