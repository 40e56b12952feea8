"""Encoders and the records of their types say the same."""

from __future__ import annotations

from typing import Any, List, Set, Tuple

import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm import features
from easy_esmm.config.feature_types import FEATURE_TYPES, type_of
from easy_esmm.config.feature_types.record import EVERY_TYPE
from easy_esmm.features import registry
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.serving.signature import receive_columns
from tests.conformance.table import SAMPLES


class Watched:
    """A feature that notes which of its fields are read."""

    def __init__(self, feature: FeatureConfig) -> None:
        self.read: Set[str] = set()
        self._feature = feature

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._feature, name)


def samples() -> List[Tuple[Any, FeatureConfig]]:
    found = []
    for name in ("esmm_all_features", "esmm_derived_features", "esmm_sequences"):
        config = configs.load(str(SAMPLES / f"{name}.config")).config
        found += [(config, feature) for feature in config.feature_config.features]
    return found


def test_each_record_has_an_encoder_and_each_encoder_a_record() -> None:
    assert features  # whose import registers
    assert sorted(registry._ENCODERS) == sorted({record.number for record in FEATURE_TYPES})
    for record in FEATURE_TYPES:
        encoder = registry._ENCODERS[record.number]
        assert encoder.__module__ == f"easy_esmm.features.{record.encoder}"


def test_samples_hold_every_type() -> None:
    assert {feature.feature_type for _, feature in samples()} == {
        record.number for record in FEATURE_TYPES
    }


@pytest.mark.parametrize(("config", "feature"), samples(), ids=lambda one: None)
def test_encoder_reads_no_field_but_those_of_its_record(
    config: Any, feature: FeatureConfig
) -> None:
    record: Any = type_of(feature)
    watched: Any = Watched(feature)
    with tf.Graph().as_default():
        encoded = registry.encoder_of(feature)(watched, receive_columns(config))
        if feature.embedding_dim:
            assert encoded.table_rows == record.table_rows(feature)
    assert watched.read <= {*record.fields, *EVERY_TYPE}
