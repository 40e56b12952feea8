"""Serves a folder of SavedModels until it is told to end."""

from __future__ import annotations

import errno
import threading
from typing import Callable, Mapping

from absl import logging

from easy_esmm.errors import UserError
from easy_esmm.serving.local.http import Server
from easy_esmm.serving.local.loaded import LoadedModel
from easy_esmm.serving.local.models import Models
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
    models: Models[LoadedModel] = Models(folder, labels, LoadedModel)
    models.refresh()
    _require_models(folder, models, labels)
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


def _require_models(folder: str, models: Models[LoadedModel], labels: Mapping[str, int]) -> None:
    states = models.states()
    if not states:
        raise UserError(
            f"{folder}: no SavedModel, and no numbered folder with one; python -m easy_esmm.export "
            "writes them"
        )
    if not states[0].is_available:
        raise UserError(states[0].message)
    available = [state.version for state in states if state.is_available]
    for label, version in labels.items():
        if version not in available:
            raise UserError(f"--version_labels: {label}: no version {version} in {folder}")
