"""What the user reads of a dataset that fails."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from easy_esmm.data import row_error


def message_of(make_dataset: Any) -> str:
    """The error of the first bad row.

    Keeps no traceback: it would hold the iterator, in a cycle that only the collector frees. Run in
    a thread of the iterator's own, the collector waits for that thread, and never ends.
    """
    try:
        for _ in make_dataset():
            pass
    except tf.errors.OpError as error:
        return str(row_error(error))
    pytest.fail("no row is bad")
