"""Feature columns, embedding tables, and groups of features as matrices and sequences."""

from __future__ import annotations

from importlib import import_module

from easy_esmm.config.feature_types import FEATURE_TYPES
from easy_esmm.features.cell_validator import CellValidator
from easy_esmm.features.embed import Embedded, embed, encode
from easy_esmm.features.table_ids import TableIds, table_ids
from easy_esmm.features.unreadable import UnreadableValues

__all__ = [
    "CellValidator",
    "Embedded",
    "TableIds",
    "UnreadableValues",
    "embed",
    "encode",
    "table_ids",
]

for _feature_type in FEATURE_TYPES:
    import_module(f"{__name__}.{_feature_type.encoder}")  # registers the encoder
