from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AITM(_message.Message):
    __slots__ = ("task_towers", "l2_regularization", "stop_gradient")
    TASK_TOWERS_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    STOP_GRADIENT_FIELD_NUMBER: _ClassVar[int]
    task_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.TaskTower]
    l2_regularization: float
    stop_gradient: bool
    def __init__(self, task_towers: _Optional[_Iterable[_Union[_tower_pb2.TaskTower, _Mapping]]] = ..., l2_regularization: _Optional[float] = ..., stop_gradient: bool = ...) -> None: ...
