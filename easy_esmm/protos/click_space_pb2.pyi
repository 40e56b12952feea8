from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ClickSpace(_message.Message):
    __slots__ = ("groups", "ctr_tower", "cvr_tower", "l2_regularization", "unclicked_rate", "positive_copies", "rejection_floor")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CTR_TOWER_FIELD_NUMBER: _ClassVar[int]
    CVR_TOWER_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    UNCLICKED_RATE_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_COPIES_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FLOOR_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    ctr_tower: _tower_pb2.TaskTower
    cvr_tower: _tower_pb2.TaskTower
    l2_regularization: float
    unclicked_rate: float
    positive_copies: int
    rejection_floor: float
    def __init__(self, groups: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., ctr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., cvr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., unclicked_rate: _Optional[float] = ..., positive_copies: _Optional[int] = ..., rejection_floor: _Optional[float] = ...) -> None: ...
