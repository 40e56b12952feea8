from easy_esmm.protos import propensity_pb2 as _propensity_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DDPO(_message.Message):
    __slots__ = ("groups", "ctr_tower", "cvr_tower", "l2_regularization", "conversion_propensity_tower", "conversion_propensity_weight", "inverse_propensity_weight", "pseudo_label_weight", "propensity", "causal_transfer")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CTR_TOWER_FIELD_NUMBER: _ClassVar[int]
    CVR_TOWER_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_PROPENSITY_TOWER_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_PROPENSITY_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    INVERSE_PROPENSITY_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PSEUDO_LABEL_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    CAUSAL_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    ctr_tower: _tower_pb2.TaskTower
    cvr_tower: _tower_pb2.TaskTower
    l2_regularization: float
    conversion_propensity_tower: _tower_pb2.Head
    conversion_propensity_weight: float
    inverse_propensity_weight: float
    pseudo_label_weight: float
    propensity: _propensity_pb2.Propensity
    causal_transfer: bool
    def __init__(self, groups: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., ctr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., cvr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., conversion_propensity_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ..., conversion_propensity_weight: _Optional[float] = ..., inverse_propensity_weight: _Optional[float] = ..., pseudo_label_weight: _Optional[float] = ..., propensity: _Optional[_Union[_propensity_pb2.Propensity, _Mapping]] = ..., causal_transfer: bool = ...) -> None: ...
