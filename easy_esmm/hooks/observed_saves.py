"""Tells observers of saved checkpoints."""

from __future__ import annotations

from typing import Any

from easy_esmm.compat import v1
from easy_esmm.observing import Observers


class ObservedSaves(v1.train.CheckpointSaverListener):  # type: ignore[misc]
    """Tells observers of each checkpoint, once it is on disk."""

    def __init__(self, observers: Observers) -> None:
        self._observers = observers

    def after_save(self, session: Any, global_step_value: int) -> None:
        self._observers.on_checkpoint(int(global_step_value))
