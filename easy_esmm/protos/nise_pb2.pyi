from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NISE(_message.Message):
    __slots__ = ("groups", "ctr_tower", "cvr_tower", "l2_regularization", "entropy_weight", "largest_balance")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CTR_TOWER_FIELD_NUMBER: _ClassVar[int]
    CVR_TOWER_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    ENTROPY_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LARGEST_BALANCE_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    ctr_tower: _tower_pb2.TaskTower
    cvr_tower: _tower_pb2.TaskTower
    l2_regularization: float
    entropy_weight: float
    largest_balance: float
    def __init__(self, groups: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., ctr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., cvr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., entropy_weight: _Optional[float] = ..., largest_balance: _Optional[float] = ...) -> None: ...
