"""Keeps the vocabularies that the rows of a checkpoint's tables belong to.

A checkpoint holds the digest of each table's vocabulary, written with the tables. The ids
themselves stand in `vocabularies/DIGEST.txt` beside it, written before the first checkpoint that
needs them and never changed: wherever a process is killed, a checkpoint has its vocabularies.

A checkpoint of an earlier version does not say. What is known of it when its training goes on is
then written to `vocabularies/CHECKPOINT.json`.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional

import tensorflow as tf

from easy_esmm.atomic_file import atomic_write, is_left_over
from easy_esmm.checkpoints.folder import SET_ASIDE
from easy_esmm.checkpoints.shapes import VOCABULARIES
from easy_esmm.compat import v1
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.vocabulary_file import read_entries
from easy_esmm.features.tables import tables_of_config
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_FOLDER = "vocabularies"


@dataclass(frozen=True)
class Vocabulary:
    """Which id each row of a table is of."""

    feature: str
    """Name of the first feature that reads the table."""
    entries: List[bytes]
    """The ids, by row."""

    @property
    def content(self) -> bytes:
        """As a vocabulary file."""
        return b"".join(entry + b"\n" for entry in self.entries)

    @property
    def digest(self) -> str:
        """The same for the same ids in the same order."""
        return _digest(self.content)


def of_config(config: PipelineConfig) -> Dict[str, Vocabulary]:
    """By table, of those whose ids are of a `vocab_file` or a `vocab_list`; reads the files.

    `config`: resolved.
    """
    read: Dict[str, List[bytes]] = {}
    found: Dict[str, Vocabulary] = {}
    for table, feature in tables_of_config(config).items():
        entries = _entries(feature, read)
        if entries is not None:
            found[table] = Vocabulary(feature.feature_name, entries)
    return found


def _entries(feature: FeatureConfig, read: Dict[str, List[bytes]]) -> Optional[List[bytes]]:
    """None where the rows of its table are not of a vocabulary; `read` are files, by path."""
    sources = type_of(feature).sources
    source = next((source for source in sources if getattr(feature, source)), None)
    if source == "vocab_list":
        return [entry.encode() for entry in feature.vocab_list]
    if source != "vocab_file":
        return None
    if feature.vocab_file not in read:
        read[feature.vocab_file] = read_entries(feature.vocab_file)
    return read[feature.vocab_file]


def mark(vocabularies: Mapping[str, Vocabulary]) -> str:
    """What stands in a checkpoint: digest and feature by table."""
    tables = {name: [one.digest, one.feature] for name, one in sorted(vocabularies.items())}
    return json.dumps(tables)


@dataclass(frozen=True)
class Kept:
    """The vocabulary of a table in a checkpoint."""

    digest: str
    feature: str
    file: str
    """Where its ids stand; the file may be gone or damaged."""

    def entries(self) -> Optional[List[bytes]]:
        """None where the file is gone, or holds other ids than those of the digest."""
        content = _whole(self.file, self.digest)
        return None if content is None else content.split(b"\n")[:-1]


def of_checkpoint(checkpoint: str) -> Optional[Dict[str, Kept]]:
    """By table; None of a checkpoint of an earlier version, of which nothing is known."""
    reader = v1.train.NewCheckpointReader(checkpoint)
    if reader.has_tensor(VOCABULARIES):
        text = reader.get_tensor(VOCABULARIES).decode()
    elif os.path.isfile(_mark_beside(checkpoint)):
        with open(_mark_beside(checkpoint), encoding="utf-8") as file:
            text = file.read()
    else:
        return None
    tables = json.loads(text)
    folder = os.path.dirname(checkpoint)
    return {
        name: Kept(digest, feature, _file(folder, digest))
        for name, (digest, feature) in tables.items()
    }


def assume(vocabularies: Mapping[str, Vocabulary], checkpoint: str) -> None:
    """Keeps what the tables of a checkpoint that does not say are taken to have been trained with.

    To be called before `keep`, which removes what no checkpoint needs.
    """
    folder = os.path.dirname(checkpoint)
    _write_files(vocabularies, folder)
    os.makedirs(os.path.join(folder, _FOLDER), exist_ok=True)
    path = _mark_beside(checkpoint)
    with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        file.write(mark(vocabularies))


def keep(vocabularies: Mapping[str, Vocabulary], model_dir: str) -> None:
    """Writes the ids of each vocabulary into the folder, unless they are there.

    Those that no checkpoint needs any more, in the folder or set aside in it, are removed.
    """
    _write_files(vocabularies, model_dir)
    folder = os.path.join(model_dir, _FOLDER)
    if not os.path.isdir(folder):
        return
    checkpoints = [
        path[: -len(".index")]
        for place in (".", f"{SET_ASIDE}*")
        for path in glob.glob(
            os.path.join(glob.escape(model_dir), place, "model.ckpt-*.index"),
        )
    ]
    needed = {_file(model_dir, one.digest) for one in vocabularies.values()}
    for checkpoint in checkpoints:
        needed.add(_mark_beside(os.path.join(model_dir, os.path.basename(checkpoint))))
        for kept in (_readable(checkpoint) or {}).values():
            needed.add(_file(model_dir, kept.digest))
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        is_ours = name.endswith((".txt", ".json"))
        if is_left_over(name) or (is_ours and path not in needed):
            os.remove(path)


def _readable(checkpoint: str) -> Optional[Dict[str, Kept]]:
    try:
        return of_checkpoint(checkpoint)
    except (tf.errors.OpError, RuntimeError, ValueError):
        return None  # damaged: nobody goes on from it


def _write_files(vocabularies: Mapping[str, Vocabulary], folder: str) -> None:
    if vocabularies:
        os.makedirs(os.path.join(folder, _FOLDER), exist_ok=True)
    for one in vocabularies.values():
        path = _file(folder, one.digest)
        if _whole(path, one.digest) is None:
            with atomic_write(path) as unfinished, open(unfinished, "wb") as file:
                file.write(one.content)


def _whole(path: str, digest: str) -> Optional[bytes]:
    """The content of a file; None where it is gone or is not the one of the digest."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    return content if _digest(content) == digest else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _file(folder: str, digest: str) -> str:
    return os.path.join(folder, _FOLDER, f"{digest}.txt")


def _mark_beside(checkpoint: str) -> str:
    folder, name = os.path.split(checkpoint)
    return os.path.join(folder, _FOLDER, f"{name}.json")
