from easy_esmm.protos import propensity_pb2 as _propensity_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChorusCVR(_message.Message):
    __slots__ = ("groups", "ctr_tower", "cvr_tower", "l2_regularization", "unconverted_tower", "unconverted_weight", "inverse_propensity_weight", "alignment_weight", "propensity")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CTR_TOWER_FIELD_NUMBER: _ClassVar[int]
    CVR_TOWER_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    UNCONVERTED_TOWER_FIELD_NUMBER: _ClassVar[int]
    UNCONVERTED_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    INVERSE_PROPENSITY_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    ctr_tower: _tower_pb2.TaskTower
    cvr_tower: _tower_pb2.TaskTower
    l2_regularization: float
    unconverted_tower: _tower_pb2.Head
    unconverted_weight: float
    inverse_propensity_weight: float
    alignment_weight: float
    propensity: _propensity_pb2.Propensity
    def __init__(self, groups: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., ctr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., cvr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., unconverted_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ..., unconverted_weight: _Optional[float] = ..., inverse_propensity_weight: _Optional[float] = ..., alignment_weight: _Optional[float] = ..., propensity: _Optional[_Union[_propensity_pb2.Propensity, _Mapping]] = ...) -> None: ...
