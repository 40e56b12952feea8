from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MultiValueFields(_message.Message):
    __slots__ = ("input_name",)
    INPUT_NAME_FIELD_NUMBER: _ClassVar[int]
    input_name: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input_name: _Optional[_Iterable[str]] = ...) -> None: ...

class ExportConfig(_message.Message):
    __slots__ = ("batch_size", "exporter_type", "best_exporter_metric", "metric_bigger", "enable_early_stop", "early_stop_func", "early_stop_params", "max_check_steps", "exports_to_keep", "multi_placeholder", "multi_value_fields", "auto_multi_value", "placeholder_named_by_input", "filter_inputs", "asset_files", "embedding_on_cpu", "export_features", "export_rtp_outputs", "dump_embedding_shape", "user_columns")
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    EXPORTER_TYPE_FIELD_NUMBER: _ClassVar[int]
    BEST_EXPORTER_METRIC_FIELD_NUMBER: _ClassVar[int]
    METRIC_BIGGER_FIELD_NUMBER: _ClassVar[int]
    ENABLE_EARLY_STOP_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOP_FUNC_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOP_PARAMS_FIELD_NUMBER: _ClassVar[int]
    MAX_CHECK_STEPS_FIELD_NUMBER: _ClassVar[int]
    EXPORTS_TO_KEEP_FIELD_NUMBER: _ClassVar[int]
    MULTI_PLACEHOLDER_FIELD_NUMBER: _ClassVar[int]
    MULTI_VALUE_FIELDS_FIELD_NUMBER: _ClassVar[int]
    AUTO_MULTI_VALUE_FIELD_NUMBER: _ClassVar[int]
    PLACEHOLDER_NAMED_BY_INPUT_FIELD_NUMBER: _ClassVar[int]
    FILTER_INPUTS_FIELD_NUMBER: _ClassVar[int]
    ASSET_FILES_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_ON_CPU_FIELD_NUMBER: _ClassVar[int]
    EXPORT_FEATURES_FIELD_NUMBER: _ClassVar[int]
    EXPORT_RTP_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    DUMP_EMBEDDING_SHAPE_FIELD_NUMBER: _ClassVar[int]
    USER_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    batch_size: int
    exporter_type: str
    best_exporter_metric: str
    metric_bigger: bool
    enable_early_stop: bool
    early_stop_func: str
    early_stop_params: str
    max_check_steps: int
    exports_to_keep: int
    multi_placeholder: bool
    multi_value_fields: MultiValueFields
    auto_multi_value: bool
    placeholder_named_by_input: bool
    filter_inputs: bool
    asset_files: _containers.RepeatedScalarFieldContainer[str]
    embedding_on_cpu: bool
    export_features: bool
    export_rtp_outputs: bool
    dump_embedding_shape: bool
    user_columns: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, batch_size: _Optional[int] = ..., exporter_type: _Optional[str] = ..., best_exporter_metric: _Optional[str] = ..., metric_bigger: bool = ..., enable_early_stop: bool = ..., early_stop_func: _Optional[str] = ..., early_stop_params: _Optional[str] = ..., max_check_steps: _Optional[int] = ..., exports_to_keep: _Optional[int] = ..., multi_placeholder: bool = ..., multi_value_fields: _Optional[_Union[MultiValueFields, _Mapping]] = ..., auto_multi_value: bool = ..., placeholder_named_by_input: bool = ..., filter_inputs: bool = ..., asset_files: _Optional[_Iterable[str]] = ..., embedding_on_cpu: bool = ..., export_features: bool = ..., export_rtp_outputs: bool = ..., dump_embedding_shape: bool = ..., user_columns: _Optional[_Iterable[str]] = ...) -> None: ...
