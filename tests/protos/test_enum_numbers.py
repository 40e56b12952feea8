"""A config may hold the number of an enum value: names and numbers are EasyRec's (0.8.7)."""

from __future__ import annotations

from typing import Any

import pytest

from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig, WideOrDeep
from easy_esmm.protos.loss_pb2 import LossType
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.train_pb2 import DistributionStrategy

OURS_FROM = 10_000
"""Values that EasyRec does not have begin here."""
EASYREC = {
    DatasetConfig.InputType: """
      CSVInput 10, CSVInputV2 11, CSVInputEx 12, OdpsInput 2, OdpsInputV2 3, OdpsInputV3 9,
      DataHubInput 15, RTPInput 4, RTPInputV2 5, OdpsRTPInput 601, OdpsRTPInputV2 602,
      TFRecordInput 7, BatchTFRecordInput 14, DummyInput 8, KafkaInput 13, HiveInput 16,
      HiveRTPInput 17, HiveParquetInput 18, ParquetInput 19, ParquetInputV2 20, ParquetInputV3 21,
      CriteoInput 1001""",
    DatasetConfig.FieldType: "INT32 0, INT64 1, STRING 2, FLOAT 4, DOUBLE 5, BOOL 6",
    FeatureConfig.FeatureType: """
      IdFeature 0, RawFeature 1, TagFeature 2, ComboFeature 3, LookupFeature 4, SequenceFeature 5,
      ExprFeature 6, PassThroughFeature 7""",
    WideOrDeep: "DEEP 0, WIDE 1, WIDE_AND_DEEP 2",
    LossType: """
      CLASSIFICATION 0, L2_LOSS 1, SIGMOID_L2_LOSS 2, CROSS_ENTROPY_LOSS 3,
      SOFTMAX_CROSS_ENTROPY 4, CIRCLE_LOSS 5, MULTI_SIMILARITY_LOSS 6,
      SOFTMAX_CROSS_ENTROPY_WITH_NEGATIVE_MINING 7, PAIR_WISE_LOSS 8, F1_REWEIGHTED_LOSS 9,
      BINARY_FOCAL_LOSS 10, PAIRWISE_FOCAL_LOSS 11, PAIRWISE_LOGISTIC_LOSS 12, JRC_LOSS 13,
      ORDER_CALIBRATE_LOSS 14, BINARY_CROSS_ENTROPY_LOSS 15, KL_DIVERGENCE_LOSS 16,
      PAIRWISE_HINGE_LOSS 17, LISTWISE_RANK_LOSS 18, LISTWISE_DISTILL_LOSS 19, ZILN_LOSS 20""",
    ModelConfig.LossWeightStrategy: "Fixed 0, Uncertainty 1, Random 2",
    DistributionStrategy: """
      NoStrategy 0, PSStrategy 1, MirroredStrategy 2, CollectiveAllReduceStrategy 3,
      ExascaleStrategy 4, MultiWorkerMirroredStrategy 5, HorovodStrategy 6, SokStrategy 7,
      EmbeddingParallelStrategy 8""",
}


@pytest.mark.parametrize("enum", EASYREC, ids=lambda enum: enum.DESCRIPTOR.name)
def test_names_and_numbers_are_easyrecs(enum: Any) -> None:
    expected = {name: int(number) for name, number in map(str.split, EASYREC[enum].split(","))}
    found = dict(enum.items())
    assert {name: n for name, n in found.items() if n < OURS_FROM} == expected
