from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
NOT_YET_FIELD_NUMBER: _ClassVar[int]
not_yet: _descriptor.FieldDescriptor
REFUSED_FIELD_NUMBER: _ClassVar[int]
refused: _descriptor.FieldDescriptor
NO_EFFECT_FIELD_NUMBER: _ClassVar[int]
no_effect: _descriptor.FieldDescriptor
NOT_YET_VALUE_FIELD_NUMBER: _ClassVar[int]
not_yet_value: _descriptor.FieldDescriptor
REFUSED_VALUE_FIELD_NUMBER: _ClassVar[int]
refused_value: _descriptor.FieldDescriptor
NO_EFFECT_VALUE_FIELD_NUMBER: _ClassVar[int]
no_effect_value: _descriptor.FieldDescriptor

class Foreign(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
