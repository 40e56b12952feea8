"""The texts that a feature looks up in its vocabulary, to be counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Mapping, Tuple

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.contract import Tensor
from easy_esmm.features.ids import as_text
from easy_esmm.features.lookup_feature import values_found
from easy_esmm.features.sequence_feature import ids_of_elements
from easy_esmm.features.tag_feature import tags
from easy_esmm.protos.feature_pb2 import FeatureConfig

_Columns = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class LookedUp:
    """The look-ups of a feature in a batch."""

    texts: Tensor
    """string [look-ups], as they are compared with the vocabulary."""
    missing: Tensor
    """int64 scalar: values that are missing, and so are looked up nowhere."""


def looked_up(feature: FeatureConfig, columns: _Columns) -> LookedUp:
    """What an eager batch makes the feature look up; of a type whose ids may have a vocabulary."""
    values, empty_is_missing = _VALUES[feature.feature_type](feature, columns)
    texts = as_text(feature, values)
    if not empty_is_missing or values.dtype == tf.bool:
        return LookedUp(texts, tf.zeros([], tf.int64))
    absent = is_missing(values)
    present = tf.boolean_mask(texts, ~absent)
    return LookedUp(present, tf.math.count_nonzero(absent, dtype=tf.int64))


_VALUES: Dict[int, Callable[[FeatureConfig, _Columns], Tuple[Tensor, bool]]] = {
    FeatureConfig.IdFeature: lambda f, columns: (columns[f.input_names[0]], True),
    FeatureConfig.TagFeature: lambda f, columns: (tags(f, columns), True),
    FeatureConfig.LookupFeature: lambda f, columns: (values_found(f, columns).values, True),
    FeatureConfig.SequenceFeature: lambda f, columns: (ids_of_elements(f, columns), False),
}
"""By type, the values, and whether an empty text is a missing one. As its encoder reads them."""
