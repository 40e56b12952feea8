"""Publishes a SavedModel: a folder of versions in which a server never finds half a model."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from typing import Callable, Dict, List, Sequence

import tensorflow as tf

from easy_esmm.atomic_file import is_left_over
from easy_esmm.errors import UserError
from easy_esmm.serving.versions import LARGEST_VERSION, version_number

_PART = 1 << 24
"""Bytes that are read at once."""


def publish(folder: str, write: Callable[[str], None], *, keep: int = 0) -> str:
    """Writes a model into `folder` under another name, then gives it its number.

    Servers look at names that are numbers only. Into a local folder the model is written as
    `<version>.unfinished-PID` and renamed, which happens at once or not at all. For a remote one
    (`gs://`, `hdfs://`: whatever TensorFlow has a file system for) it is written on this machine,
    copied under that name and renamed, and each file compared before and after; whether renaming a
    folder is atomic is then the file system's affair. What killed exports have left is removed.

    Args:
      folder: parent of the versions; created if it does not exist.
      write: writes the model to a local path that does not exist yet.
      keep: newest versions to keep, this one included; 0: all.

    Returns:
      The folder of the version: the time in seconds, or one more than the newest that is there.

    Raises:
      UserError: `folder` cannot be made, or a remote one does not hold what was copied.
    """
    try:
        tf.io.gfile.makedirs(folder)
    except tf.errors.OpError as error:
        raise UserError(f"export_dir: {folder} cannot be made: {error.message}") from error
    _remove_left_overs(folder)
    version = max([int(time.time()), *(number + 1 for number in versions_in(folder))])
    if version > LARGEST_VERSION:
        raise UserError(
            f"export_dir: {folder} holds the version {LARGEST_VERSION}, and servers know no later "
            "one; rename that folder, or export to another"
        )
    unfinished = os.path.join(folder, f"{version}.unfinished-{os.getpid()}")
    try:
        if is_remote(folder):
            target = _copied(write, unfinished, version)
        else:
            write(unfinished)
            target = _renamed(unfinished, version)
    finally:
        with suppress(tf.errors.NotFoundError):  # it has got its number
            tf.io.gfile.rmtree(unfinished)
    if keep:
        drop_old_versions(folder, keep)
    return target


def drop_old_versions(folder: str, keep: int) -> None:
    """Removes all but the newest `keep` versions.

    Of a version that is a link, the link alone; a file of such a name is none of ours, and stays.
    """
    names = _names_of_versions(folder)
    for number in sorted(names)[:-keep]:
        path = os.path.join(folder, names[number])
        local = path[len("file://") :] if path.startswith("file://") else path
        if os.path.islink(local):  # rmtree would empty what it leads to
            os.remove(local)
        elif tf.io.gfile.isdir(path):
            tf.io.gfile.rmtree(path)


def versions_in(folder: str) -> List[int]:
    """The versions in a local or remote folder, the newest last."""
    return sorted(_names_of_versions(folder))


def _names_of_versions(folder: str) -> Dict[int, str]:
    """Version -> name, `00012` too, as servers read it."""
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(folder))  # some systems add a slash
    numbers = {name: version_number(name) for name in names}
    return {number: name for name, number in numbers.items() if number is not None}


def is_remote(path: str) -> bool:
    """Whether another file system than this machine's has the path."""
    return "://" in path


def _renamed(unfinished: str, version: int) -> str:
    """The folder under its number, or under the next that no other export has taken meanwhile."""
    while True:
        target = os.path.join(os.path.dirname(unfinished), str(version))
        try:
            tf.io.gfile.rename(unfinished, target)
            return target
        except (tf.errors.AlreadyExistsError, tf.errors.FailedPreconditionError):
            if not tf.io.gfile.exists(target):
                raise
            version += 1


def _copied(write: Callable[[str], None], unfinished: str, version: int) -> str:
    """Writes the model on this machine and copies it to a remote folder, under its number."""
    with tempfile.TemporaryDirectory() as temporary:
        local = os.path.join(temporary, "model")
        write(local)
        files = [
            os.path.relpath(os.path.join(folder, name), local)
            for folder, _, names in os.walk(local)
            for name in names
        ]
        for name in files:
            copy = os.path.join(unfinished, name)
            tf.io.gfile.makedirs(os.path.dirname(copy))
            tf.io.gfile.copy(os.path.join(local, name), copy)
        _require_equal(local, unfinished, files)
        target = _renamed(unfinished, version)
        # (There are file systems that rename a folder and leave behind what is in it.)
        _require_equal(local, target, files)
        return target


def _require_equal(local: str, copy: str, files: Sequence[str]) -> None:
    for name in files:
        there = os.path.join(copy, name)
        is_there = tf.io.gfile.exists(there)
        if not is_there or _digest(there) != _digest(os.path.join(local, name)):
            reason = "does not hold what was copied there" if is_there else "is not there"
            raise UserError(
                f"export_dir: {there} {reason}: no server may load this version; export to a local "
                "folder and copy it with the file system's own program"
            )


def _digest(path: str) -> bytes:
    found = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while part := file.read(_PART):
            found.update(part)
    return found.digest()


def _remove_left_overs(folder: str) -> None:
    if is_remote(folder):
        return  # written by any machine, whose processes are unknown here
    for name in os.listdir(folder):
        if is_left_over(name):
            tf.io.gfile.rmtree(os.path.join(folder, name))
