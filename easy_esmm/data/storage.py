"""File access: the local disk, or the file systems that TensorFlow knows by their scheme.

A path with a scheme (`gs://`, `s3://`, `hdfs://`, `file://`) is handed to tf.io.gfile as it is
written; only for such a path is TensorFlow imported, which takes 6 s. Whatever goes wrong is an
OSError on either side.
"""

from __future__ import annotations

import contextlib
import glob
import importlib.util
import io
import os
import stat
from typing import IO, Any, Iterator, List, cast

import pyarrow as pa

_SCHEME = "://"


def is_remote(path: str) -> bool:
    """Whether the path has a scheme, and is none of `os.path`'s."""
    return _SCHEME in path


def exists(path: str) -> bool:
    """Whether there is a file or a folder of this name."""
    if not is_remote(path):
        return os.path.exists(path)
    with _os_errors():
        return bool(_gfile().exists(path))


def is_folder(path: str) -> bool:
    """Whether there is a folder of this name."""
    if not is_remote(path):
        return os.path.isdir(path)
    with _os_errors():
        return bool(_gfile().isdir(path))


def is_file(path: str) -> bool:
    """Whether there is something of this name that is no folder."""
    return exists(path) and not is_folder(path)


def special_kind(path: str) -> str:
    """What a local path is that can be opened, or not, and is no file; empty for a file.

    To open a named pipe takes until somebody writes, perhaps for ever.
    """
    if is_remote(path):
        return ""
    mode = os.stat(path).st_mode
    kinds = ((stat.S_ISFIFO, "named pipe"), (stat.S_ISSOCK, "socket"))
    devices = ((stat.S_ISCHR, "device"), (stat.S_ISBLK, "device"))
    return next((name for is_kind, name in (*kinds, *devices) if is_kind(mode)), "")


def matches(pattern: str) -> List[str]:
    """What a glob matches, sorted; `**` is for local files only."""
    if not is_remote(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    with _os_errors():
        return sorted(str(path) for path in _gfile().glob(pattern))


def size(path: str) -> int:
    """Bytes of a file."""
    if not is_remote(path):
        return os.path.getsize(path)
    with _os_errors():
        return int(_gfile().stat(path).length)


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading, with `seek`."""
    if not is_remote(path):
        return open(path, "rb")
    if not exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    return cast(IO[bytes], io.BufferedReader(_RemoteFile(path), 1 << 20))


def parquet_source(path: str) -> Any:
    """What pyarrow's Parquet functions take for the file: its path, or an open remote file."""
    return pa.PythonFile(open_file(path), mode="r") if is_remote(path) else path


class _RemoteFile(io.RawIOBase):
    """A file of tf.io.gfile as Python's own readers want it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._size = size(path)
        self._file = _gfile().GFile(path, "rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        with _os_errors():
            self._file.seek(start + offset)
        return start + offset

    def tell(self) -> int:
        with _os_errors():
            return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        with _os_errors():
            found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _gfile() -> Any:
    import tensorflow as tf  # noqa: PLC0415 - 6 s, for remote files only

    if importlib.util.find_spec("tensorflow_io") is not None:
        importlib.import_module("tensorflow_io")  # registers s3://, hdfs:// and others
    return tf.io.gfile


@contextlib.contextmanager
def _os_errors() -> Iterator[None]:
    """TensorFlow's errors as the system's."""
    import tensorflow as tf  # noqa: PLC0415 - as above

    try:
        yield
    except tf.errors.UnimplementedError as error:
        advice = "the package tensorflow-io brings s3://, hdfs:// and others"
        raise OSError(f"{error.message.splitlines()[0]}; {advice}") from error
    except tf.errors.OpError as error:
        raise OSError(error.message.splitlines()[0]) from error
