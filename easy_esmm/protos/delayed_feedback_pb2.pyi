from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DelayedFeedback(_message.Message):
    __slots__ = ("waiting_window", "fake_negative_weighted", "delay_model", "elapsed_time_sampling")
    class WaitingWindow(_message.Message):
        __slots__ = ("window_days",)
        WINDOW_DAYS_FIELD_NUMBER: _ClassVar[int]
        window_days: float
        def __init__(self, window_days: _Optional[float] = ...) -> None: ...
    class FakeNegativeWeighted(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class DelayModel(_message.Message):
        __slots__ = ("delay_tower", "first_mean_days")
        DELAY_TOWER_FIELD_NUMBER: _ClassVar[int]
        FIRST_MEAN_DAYS_FIELD_NUMBER: _ClassVar[int]
        delay_tower: _tower_pb2.Head
        first_mean_days: float
        def __init__(self, delay_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ..., first_mean_days: _Optional[float] = ...) -> None: ...
    class ElapsedTimeSampling(_message.Message):
        __slots__ = ("window_days", "mature_days", "delayed_positive_tower", "fake_negative_tower")
        WINDOW_DAYS_FIELD_NUMBER: _ClassVar[int]
        MATURE_DAYS_FIELD_NUMBER: _ClassVar[int]
        DELAYED_POSITIVE_TOWER_FIELD_NUMBER: _ClassVar[int]
        FAKE_NEGATIVE_TOWER_FIELD_NUMBER: _ClassVar[int]
        window_days: float
        mature_days: float
        delayed_positive_tower: _tower_pb2.Head
        fake_negative_tower: _tower_pb2.Head
        def __init__(self, window_days: _Optional[float] = ..., mature_days: _Optional[float] = ..., delayed_positive_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ..., fake_negative_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ...) -> None: ...
    WAITING_WINDOW_FIELD_NUMBER: _ClassVar[int]
    FAKE_NEGATIVE_WEIGHTED_FIELD_NUMBER: _ClassVar[int]
    DELAY_MODEL_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_TIME_SAMPLING_FIELD_NUMBER: _ClassVar[int]
    waiting_window: DelayedFeedback.WaitingWindow
    fake_negative_weighted: DelayedFeedback.FakeNegativeWeighted
    delay_model: DelayedFeedback.DelayModel
    elapsed_time_sampling: DelayedFeedback.ElapsedTimeSampling
    def __init__(self, waiting_window: _Optional[_Union[DelayedFeedback.WaitingWindow, _Mapping]] = ..., fake_negative_weighted: _Optional[_Union[DelayedFeedback.FakeNegativeWeighted, _Mapping]] = ..., delay_model: _Optional[_Union[DelayedFeedback.DelayModel, _Mapping]] = ..., elapsed_time_sampling: _Optional[_Union[DelayedFeedback.ElapsedTimeSampling, _Mapping]] = ...) -> None: ...
