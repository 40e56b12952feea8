"""Names that an exported model gives to its signatures and outputs, beside those of its config."""

from __future__ import annotations

DEFAULT = "serving_default"
"""Signature that a server takes where none is named: a tensor for each column."""
EXAMPLES = "examples"
"""Signature, and its only input: serialised tf.Examples."""
RANK = "rank"
"""Signature: the user's columns once, and those of any number of items."""
UNREADABLE = "unreadable_values"
"""Output, int32 [batch]: values of each row that could not be read, and count as missing."""
