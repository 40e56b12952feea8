"""The line that tells why a SavedModel cannot be loaded."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.serving.load_errors import cause_of

OF_TENSORFLOW = (
    "Graph execution error:\n\nDetected at node 'save/RestoreV2' defined at (most recent call "
    "last):\nNode: 'save/RestoreV2'\nRead less bytes than requested\n\t [[{{node save/RestoreV2}}]]"
)


def test_the_cause_is_told_and_not_where_it_came_up() -> None:
    error = tf.errors.OutOfRangeError(None, None, OF_TENSORFLOW)
    assert cause_of(error) == "Read less bytes than requested"


def test_other_errors_are_told_by_their_first_line_or_their_kind() -> None:
    assert cause_of(OSError("no such file\nmore")) == "no such file"
    assert cause_of(tf.errors.DataLossError(None, None, "bad block")) == "bad block"
    assert cause_of(RuntimeError()) == "RuntimeError"
