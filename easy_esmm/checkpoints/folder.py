"""Finds the complete checkpoints of a model_dir and the newest one, and goes back to an older one.

TensorFlow believes the file `checkpoint`, which lists them. Where it is absent, or names one that
is gone, TensorFlow finds none; where it is garbage, it raises UnicodeDecodeError.
"""

from __future__ import annotations

import os
import re
from typing import Dict, List, Optional, Tuple

from absl import logging

from easy_esmm.compat import v1
from easy_esmm.errors import UserError

_STATE = "checkpoint"
_INDEX = re.compile(r"(model\.ckpt-(\d+))\.index")
_DATA = re.compile(r"(model\.ckpt-\d+)\.data-(\d+)-of-(\d+)")
_OF_STEP = re.compile(r"(?:model\.ckpt|input(?:-\d+)?\.ckpt|input\.ended)-(\d+)(?:\..*)?")
SET_ASIDE = "set_aside"
"""Folder in model_dir for checkpoints newer than the one that training went back to."""


def complete(folder: str) -> Dict[int, str]:
    """Step -> path of each checkpoint whose files are all there, the oldest first."""
    if not os.path.isdir(folder):
        return {}
    names = os.listdir(folder)
    parts: Dict[str, List[Tuple[int, int]]] = {}
    for match in filter(None, map(_DATA.fullmatch, names)):
        parts.setdefault(match[1], []).append((int(match[2]), int(match[3])))
    found = {}
    for match in filter(None, map(_INDEX.fullmatch, names)):
        of = {total for _, total in parts.get(match[1], [])}
        numbers = {number for number, _ in parts.get(match[1], [])}
        if any(numbers >= set(range(total)) for total in of):
            found[int(match[2])] = os.path.join(folder, match[1])
    return dict(sorted(found.items()))


def newest(folder: str) -> Optional[str]:
    """Path of the newest checkpoint; None where there is none.

    That of the file `checkpoint`; where it is absent or cannot be read, the complete one of the
    highest step, with a warning.

    Raises:
      UserError: the newest lacks a file.
    """
    there = complete(folder)
    listed, problem = _listed(folder)
    if not listed:
        if there:
            path = there[max(there)]
            logging.warning(
                "%s %s; of the checkpoints beside it, that of the highest step is taken: %s",
                os.path.join(folder, _STATE),
                problem,
                os.path.basename(path),
            )
            return path
        return None
    path = listed[-1]
    if path not in there.values():
        raise UserError(f"{path}, the newest checkpoint, lacks a file. {instead_of(path)}")
    return path


def step_of(checkpoint: str) -> int:
    """The global step in the name of a checkpoint."""
    return int(checkpoint.rsplit("-", 1)[1])


def instead_of(checkpoint: str) -> str:
    """What the user can do where a checkpoint is damaged."""
    folder = os.path.dirname(checkpoint)
    others = [path for path in complete(folder).values() if path != checkpoint]
    if not others:
        return f"There is no other in {folder}: train anew, or restore it from a copy"
    before = [path for path in others if step_of(path) < step_of(checkpoint)] or others
    return (
        f"Take the one before, by --checkpoint_path {before[-1]} (train: with --continue_train), "
        "or restore it from a copy"
    )


def repair_state(folder: str) -> None:
    """Writes the file `checkpoint` anew where it is not the list of the complete checkpoints.

    Training reads it, and adds to it.
    """
    last = newest(folder)
    if last is None:
        return
    listed, _ = _listed(folder)
    # Paths elsewhere, as in a copy of a folder: TensorFlow would read and remove the files there.
    believed = map(os.path.abspath, _believed(folder))
    if not listed or list(believed) != list(map(os.path.abspath, listed)):
        _write_state(folder, last)


def own(folder: str, checkpoint: str) -> str:
    """The checkpoint's path in the folder.

    Raises:
      UserError: it is not one of the folder's complete ones.
    """
    there = complete(folder)
    path = os.path.join(folder, os.path.basename(checkpoint))
    same = os.path.realpath(path) == os.path.realpath(checkpoint)
    if not same or path not in there.values():
        known = ", ".join(os.path.basename(path) for path in there.values()) or "none"
        raise UserError(
            f"checkpoint_path: must be a complete checkpoint of {folder} to go on from, got "
            f"{checkpoint}; there: {known}. (To start from another training's, see "
            "train_config.fine_tune_checkpoint.)"
        )
    return path


def go_back(folder: str, checkpoint: str) -> str:
    """Makes a checkpoint of the folder its newest: later ones are set aside, with their positions.

    Returns:
      Where they are now; empty if there was none.

    Raises:
      UserError: see `own`.
    """
    path = own(folder, checkpoint)
    step = step_of(path)
    matches = filter(None, map(_OF_STEP.fullmatch, os.listdir(folder)))
    later = [match[0] for match in matches if int(match[1]) > step]
    # The list first: a kill in between leaves files that nobody reads.
    _write_state(folder, path)
    if not later:
        return ""
    aside = _new_folder(folder)
    for name in later:
        os.rename(os.path.join(folder, name), os.path.join(aside, name))
    return aside


def _new_folder(folder: str) -> str:
    number = 1
    while True:
        path = os.path.join(folder, SET_ASIDE if number == 1 else f"{SET_ASIDE}-{number}")
        try:
            os.mkdir(path)
            return path
        except FileExistsError:
            number += 1


def _write_state(folder: str, last: str) -> None:
    paths = [path for path in complete(folder).values() if step_of(path) <= step_of(last)]
    # Names alone, so that the folder may be moved. The folder is absolute: TensorFlow takes names
    # beside a relative one for paths from the working directory, and writes ../model.ckpt-STEP.
    v1.train.update_checkpoint_state(
        os.path.abspath(folder),
        os.path.basename(last),
        [os.path.basename(path) for path in paths],
    )


def _listed(folder: str) -> Tuple[List[str], str]:
    """What the file `checkpoint` lists, the newest last; and why nothing, if nothing."""
    if not os.path.exists(os.path.join(folder, _STATE)):
        return [], "is not there"
    names = _believed(folder)
    if not names:
        return [], "cannot be read"
    # Absolute where the folder was copied or moved, or TensorFlow wrote them so.
    return [os.path.join(folder, os.path.basename(name)) for name in names], ""


def _believed(folder: str) -> List[str]:
    """The paths that TensorFlow takes from the file `checkpoint`; none if it cannot be read."""
    try:
        state = v1.train.get_checkpoint_state(folder)
    except (UnicodeDecodeError, ValueError):
        return []
    if state is None or not state.model_checkpoint_path:
        return []
    return [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
