"""Arrow files that appear complete or not at all."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, Union

import pyarrow as pa

from easy_esmm.atomic_file import atomic_write


@contextmanager
def arrow_file(path: Union[str, os.PathLike[str]], schema: pa.Schema) -> Iterator[Any]:
    """Yields the writer of a file of record batches of the schema."""
    with ExitStack() as stack:
        unfinished = stack.enter_context(atomic_write(path))
        file = stack.enter_context(pa.OSFile(unfinished, "wb"))
        yield stack.enter_context(pa.ipc.new_file(file, schema))
