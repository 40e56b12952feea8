from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Initializer(_message.Message):
    __slots__ = ("truncated_normal_initializer", "random_normal_initializer", "glorot_normal_initializer", "constant_initializer")
    TRUNCATED_NORMAL_INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    RANDOM_NORMAL_INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    GLOROT_NORMAL_INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    truncated_normal_initializer: TruncatedNormalInitializer
    random_normal_initializer: RandomNormalInitializer
    glorot_normal_initializer: GlorotNormalInitializer
    constant_initializer: ConstantInitializer
    def __init__(self, truncated_normal_initializer: _Optional[_Union[TruncatedNormalInitializer, _Mapping]] = ..., random_normal_initializer: _Optional[_Union[RandomNormalInitializer, _Mapping]] = ..., glorot_normal_initializer: _Optional[_Union[GlorotNormalInitializer, _Mapping]] = ..., constant_initializer: _Optional[_Union[ConstantInitializer, _Mapping]] = ...) -> None: ...

class TruncatedNormalInitializer(_message.Message):
    __slots__ = ("mean", "stddev")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STDDEV_FIELD_NUMBER: _ClassVar[int]
    mean: float
    stddev: float
    def __init__(self, mean: _Optional[float] = ..., stddev: _Optional[float] = ...) -> None: ...

class RandomNormalInitializer(_message.Message):
    __slots__ = ("mean", "stddev")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STDDEV_FIELD_NUMBER: _ClassVar[int]
    mean: float
    stddev: float
    def __init__(self, mean: _Optional[float] = ..., stddev: _Optional[float] = ...) -> None: ...

class GlorotNormalInitializer(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ConstantInitializer(_message.Message):
    __slots__ = ("consts",)
    CONSTS_FIELD_NUMBER: _ClassVar[int]
    consts: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, consts: _Optional[_Iterable[float]] = ...) -> None: ...
