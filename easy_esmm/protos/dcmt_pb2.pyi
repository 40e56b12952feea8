from easy_esmm.protos import propensity_pb2 as _propensity_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DCMT(_message.Message):
    __slots__ = ("groups", "ctr_tower", "cvr_tower", "l2_regularization", "counterfactual_tower", "factual_weight", "counterfactual_weight", "agreement_weight", "propensity")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CTR_TOWER_FIELD_NUMBER: _ClassVar[int]
    CVR_TOWER_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    COUNTERFACTUAL_TOWER_FIELD_NUMBER: _ClassVar[int]
    FACTUAL_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    COUNTERFACTUAL_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    ctr_tower: _tower_pb2.TaskTower
    cvr_tower: _tower_pb2.TaskTower
    l2_regularization: float
    counterfactual_tower: _tower_pb2.Head
    factual_weight: float
    counterfactual_weight: float
    agreement_weight: float
    propensity: _propensity_pb2.Propensity
    def __init__(self, groups: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., ctr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., cvr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., counterfactual_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ..., factual_weight: _Optional[float] = ..., counterfactual_weight: _Optional[float] = ..., agreement_weight: _Optional[float] = ..., propensity: _Optional[_Union[_propensity_pb2.Propensity, _Mapping]] = ...) -> None: ...
