"""What the user reads of a dataset that fails."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from easy_esmm.data import row_error


def message_of(make_dataset: Any) -> str:
    """The error of the first bad row."""
    with pytest.raises(tf.errors.OpError) as caught:
        for _ in make_dataset():
            pass
    error = row_error(caught.value)
    assert error is not None
    return str(error)
