"""Feature columns, embedding tables, and groups of features as matrices and sequences."""

from __future__ import annotations

from easy_esmm.features import (  # noqa: F401 - they register
    combo_feature,
    expr_feature,
    id_feature,
    lookup_feature,
    raw_feature,
    tag_feature,
)
from easy_esmm.features.embed import Embedded, Group, embed, encode
from easy_esmm.features.encoded import Sequence
from easy_esmm.features.readable import Readable
from easy_esmm.features.table_ids import TableIds, table_ids

__all__ = [
    "Embedded",
    "Group",
    "Readable",
    "Sequence",
    "TableIds",
    "embed",
    "encode",
    "table_ids",
]
