from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Propensity(_message.Message):
    __slots__ = ("floor", "cap", "self_normalized")
    FLOOR_FIELD_NUMBER: _ClassVar[int]
    CAP_FIELD_NUMBER: _ClassVar[int]
    SELF_NORMALIZED_FIELD_NUMBER: _ClassVar[int]
    floor: float
    cap: float
    self_normalized: bool
    def __init__(self, floor: _Optional[float] = ..., cap: _Optional[float] = ..., self_normalized: bool = ...) -> None: ...
