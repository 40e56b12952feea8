"""The versions of a model in memory: the newest one under a folder, and those that labels name.

A newer version is loaded beside the old one, which answers meanwhile, and its last requests after.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Dict, Generic, Iterator, List, Mapping, Optional, Protocol, TypeVar

from absl import logging

from easy_esmm.errors import UserError
from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.versions import version_number


class Closable(Protocol):
    """A model in memory."""

    def close(self) -> None:
        """Frees it."""


Model = TypeVar("Model", bound=Closable)
_FILE = "saved_model.pb"


@dataclass
class Held(Generic[Model]):
    """A model and the requests that it answers at the moment."""

    version: int
    model: Model
    requests: int = 0


@dataclass(frozen=True)
class State:
    """What is known of a version."""

    version: int
    is_available: bool
    message: str = ""
    """Why it is not."""


class Models(Generic[Model]):
    """Loaded versions; threads may ask for them while `refresh` loads others."""

    def __init__(
        self, folder: str, labels: Mapping[str, int], load: Callable[[str], Model]
    ) -> None:
        """Loads nothing yet: `refresh` does.

        Args:
          folder: a SavedModel, or a folder of numbered ones.
          labels: name -> version.
          load: a SavedModel's folder -> the model; raises UserError.
        """
        self._folder, self._labels, self._load = folder, dict(labels), load
        self._changed = threading.Condition()
        self._held: Dict[int, Held[Model]] = {}
        self._newest: Optional[int] = None
        self._faults: Dict[int, str] = {}
        self._tried: Dict[int, int] = {}

    def refresh(self) -> None:
        """Loads versions that are wanted, and retires those that are no more.

        What cannot be loaded is told once in the log, and tried again when its file changes. Only
        one thread may call it.
        """
        found = versions_in(self._folder)
        if not found:  # a folder that is being replaced: go on with what is there
            return
        newest = max(found)
        for version in sorted({newest, *self._labels.values()} & set(found)):
            if version not in self._held:
                self._take(version, found[version])
        with self._changed:
            if newest in self._held:
                self._newest = newest
            wanted = {self._newest, *self._labels.values()}
            retired = [held for version, held in self._held.items() if version not in wanted]
            for held in retired:
                del self._held[held.version]
        for held in retired:
            self._close_when_idle(held)

    def _take(self, version: int, folder: str) -> None:
        written = os.stat(os.path.join(folder, _FILE)).st_mtime_ns
        if self._tried.get(version) == written:
            return
        self._tried[version] = written
        try:
            model = self._load(folder)
        except UserError as error:
            self._faults[version] = str(error)
            logging.error("version %d is not served: %s", version, error)
            return
        self._faults.pop(version, None)
        del self._tried[version]
        with self._changed:
            self._held[version] = Held(version, model)
        logging.info("version %d is served: %s", version, folder)

    def _close_when_idle(self, held: Held[Model]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: held.requests == 0)
        held.model.close()
        logging.info("version %d is served no more", held.version)

    @contextmanager
    def lease(
        self, name: str, version: Optional[int] = None, label: Optional[str] = None
    ) -> Iterator[Held[Model]]:
        """The model of a version or a label, else the newest; it stays loaded meanwhile.

        Raises Refused where there is none; `name` is what its message calls the model.
        """
        if label is not None:
            if label not in self._labels:
                raise Refused("INVALID_ARGUMENT", f"Unrecognized servable version label: {label}")
            version = self._labels[label]
        with self._changed:
            held = self._held.get(self._newest if version is None else version)  # type: ignore[arg-type]
            if held is None:
                what = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                raise Refused("NOT_FOUND", f"Servable not found for request: {what}")
            held.requests += 1
        try:
            yield held
        finally:
            with self._changed:
                held.requests -= 1
                self._changed.notify_all()

    def states(self) -> List[State]:
        """Of all versions that are loaded or could not be, the newest first."""
        with self._changed:
            states = {version: State(version, True) for version in self._held}
            for version, fault in self._faults.items():
                states.setdefault(version, State(version, False, fault))
        return [states[version] for version in sorted(states, reverse=True)]

    def close(self) -> None:
        """Frees all models when their last requests have been answered."""
        with self._changed:
            held, self._held = list(self._held.values()), {}
        for one in held:
            self._close_when_idle(one)


def require_versions(folder: str, labels: Mapping[str, int]) -> None:
    """Raises UserError where there is no SavedModel, or not the version of a label."""
    found = versions_in(folder)
    if not found:
        raise UserError(
            f"{folder}: no SavedModel, and no numbered folder with one; python -m easy_esmm.export "
            "writes them"
        )
    for label, version in labels.items():
        if version not in found:
            raise UserError(f"--version_labels: {label}: no version {version} in {folder}")


def versions_in(folder: str) -> Dict[int, str]:
    """Version -> folder of a SavedModel that is there as a whole.

    A folder that is a SavedModel itself is the version that its name tells, or 1.
    """
    if os.path.exists(os.path.join(folder, _FILE)):
        name = os.path.basename(os.path.abspath(folder))
        number = version_number(name)
        return {1 if number is None else number: folder}
    if not os.path.isdir(folder):
        return {}
    paths = {version_number(name): os.path.join(folder, name) for name in os.listdir(folder)}
    return {
        number: path
        for number, path in paths.items()
        if number is not None and os.path.exists(os.path.join(path, _FILE))
    }
