from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DatasetConfig(_message.Message):
    __slots__ = ("batch_size", "auto_expand_input_fields", "label_fields", "label_sep", "label_dim", "extra_label_func", "shuffle", "shuffle_buffer_size", "num_epochs", "prefetch_size", "shard", "file_shard", "eval_batch_size", "drop_remainder", "input_type", "separator", "num_parallel_calls", "selected_cols", "selected_col_types", "input_fields", "rtp_separator", "ignore_error", "pai_worker_queue", "pai_worker_slice_num", "chief_redundant", "sample_weight", "data_compression_type", "n_data_batch_tfrecord", "with_header", "feature_fields", "negative_sampler", "negative_sampler_v2", "hard_negative_sampler", "hard_negative_sampler_v2", "negative_sampler_in_memory", "user_rows", "encoding", "strip_text", "max_errors", "conversion_delay", "negative_sampling")
    class FieldType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INT32: _ClassVar[DatasetConfig.FieldType]
        INT64: _ClassVar[DatasetConfig.FieldType]
        STRING: _ClassVar[DatasetConfig.FieldType]
        FLOAT: _ClassVar[DatasetConfig.FieldType]
        DOUBLE: _ClassVar[DatasetConfig.FieldType]
        BOOL: _ClassVar[DatasetConfig.FieldType]
    INT32: DatasetConfig.FieldType
    INT64: DatasetConfig.FieldType
    STRING: DatasetConfig.FieldType
    FLOAT: DatasetConfig.FieldType
    DOUBLE: DatasetConfig.FieldType
    BOOL: DatasetConfig.FieldType
    class InputType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CSVInput: _ClassVar[DatasetConfig.InputType]
        CSVInputV2: _ClassVar[DatasetConfig.InputType]
        CSVInputEx: _ClassVar[DatasetConfig.InputType]
        ParquetInput: _ClassVar[DatasetConfig.InputType]
        TFRecordInput: _ClassVar[DatasetConfig.InputType]
        BatchTFRecordInput: _ClassVar[DatasetConfig.InputType]
        DummyInput: _ClassVar[DatasetConfig.InputType]
        OdpsInput: _ClassVar[DatasetConfig.InputType]
        OdpsInputV2: _ClassVar[DatasetConfig.InputType]
        OdpsInputV3: _ClassVar[DatasetConfig.InputType]
        RTPInput: _ClassVar[DatasetConfig.InputType]
        RTPInputV2: _ClassVar[DatasetConfig.InputType]
        OdpsRTPInput: _ClassVar[DatasetConfig.InputType]
        OdpsRTPInputV2: _ClassVar[DatasetConfig.InputType]
        DataHubInput: _ClassVar[DatasetConfig.InputType]
        KafkaInput: _ClassVar[DatasetConfig.InputType]
        HiveInput: _ClassVar[DatasetConfig.InputType]
        HiveRTPInput: _ClassVar[DatasetConfig.InputType]
        HiveParquetInput: _ClassVar[DatasetConfig.InputType]
        ParquetInputV2: _ClassVar[DatasetConfig.InputType]
        ParquetInputV3: _ClassVar[DatasetConfig.InputType]
        CriteoInput: _ClassVar[DatasetConfig.InputType]
    CSVInput: DatasetConfig.InputType
    CSVInputV2: DatasetConfig.InputType
    CSVInputEx: DatasetConfig.InputType
    ParquetInput: DatasetConfig.InputType
    TFRecordInput: DatasetConfig.InputType
    BatchTFRecordInput: DatasetConfig.InputType
    DummyInput: DatasetConfig.InputType
    OdpsInput: DatasetConfig.InputType
    OdpsInputV2: DatasetConfig.InputType
    OdpsInputV3: DatasetConfig.InputType
    RTPInput: DatasetConfig.InputType
    RTPInputV2: DatasetConfig.InputType
    OdpsRTPInput: DatasetConfig.InputType
    OdpsRTPInputV2: DatasetConfig.InputType
    DataHubInput: DatasetConfig.InputType
    KafkaInput: DatasetConfig.InputType
    HiveInput: DatasetConfig.InputType
    HiveRTPInput: DatasetConfig.InputType
    HiveParquetInput: DatasetConfig.InputType
    ParquetInputV2: DatasetConfig.InputType
    ParquetInputV3: DatasetConfig.InputType
    CriteoInput: DatasetConfig.InputType
    class Field(_message.Message):
        __slots__ = ("input_name", "input_type", "default_val", "user_define_fn", "user_define_fn_path", "user_define_fn_res_type", "ignore_val", "input_dim", "input_shape")
        INPUT_NAME_FIELD_NUMBER: _ClassVar[int]
        INPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
        DEFAULT_VAL_FIELD_NUMBER: _ClassVar[int]
        USER_DEFINE_FN_FIELD_NUMBER: _ClassVar[int]
        USER_DEFINE_FN_PATH_FIELD_NUMBER: _ClassVar[int]
        USER_DEFINE_FN_RES_TYPE_FIELD_NUMBER: _ClassVar[int]
        IGNORE_VAL_FIELD_NUMBER: _ClassVar[int]
        INPUT_DIM_FIELD_NUMBER: _ClassVar[int]
        INPUT_SHAPE_FIELD_NUMBER: _ClassVar[int]
        input_name: str
        input_type: DatasetConfig.FieldType
        default_val: str
        user_define_fn: str
        user_define_fn_path: str
        user_define_fn_res_type: DatasetConfig.FieldType
        ignore_val: str
        input_dim: int
        input_shape: int
        def __init__(self, input_name: _Optional[str] = ..., input_type: _Optional[_Union[DatasetConfig.FieldType, str]] = ..., default_val: _Optional[str] = ..., user_define_fn: _Optional[str] = ..., user_define_fn_path: _Optional[str] = ..., user_define_fn_res_type: _Optional[_Union[DatasetConfig.FieldType, str]] = ..., ignore_val: _Optional[str] = ..., input_dim: _Optional[int] = ..., input_shape: _Optional[int] = ...) -> None: ...
    class UserRows(_message.Message):
        __slots__ = ("row_column", "file_prefix", "impression_file_prefix", "columns", "rows_together")
        ROW_COLUMN_FIELD_NUMBER: _ClassVar[int]
        FILE_PREFIX_FIELD_NUMBER: _ClassVar[int]
        IMPRESSION_FILE_PREFIX_FIELD_NUMBER: _ClassVar[int]
        COLUMNS_FIELD_NUMBER: _ClassVar[int]
        ROWS_TOGETHER_FIELD_NUMBER: _ClassVar[int]
        row_column: str
        file_prefix: str
        impression_file_prefix: str
        columns: _containers.RepeatedScalarFieldContainer[str]
        rows_together: int
        def __init__(self, row_column: _Optional[str] = ..., file_prefix: _Optional[str] = ..., impression_file_prefix: _Optional[str] = ..., columns: _Optional[_Iterable[str]] = ..., rows_together: _Optional[int] = ...) -> None: ...
    class ConversionDelay(_message.Message):
        __slots__ = ("click_time", "conversion_time", "observed_until", "observed_until_time", "observed_from_time", "seconds_per_unit")
        CLICK_TIME_FIELD_NUMBER: _ClassVar[int]
        CONVERSION_TIME_FIELD_NUMBER: _ClassVar[int]
        OBSERVED_UNTIL_FIELD_NUMBER: _ClassVar[int]
        OBSERVED_UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
        OBSERVED_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
        SECONDS_PER_UNIT_FIELD_NUMBER: _ClassVar[int]
        click_time: str
        conversion_time: str
        observed_until: str
        observed_until_time: float
        observed_from_time: float
        seconds_per_unit: float
        def __init__(self, click_time: _Optional[str] = ..., conversion_time: _Optional[str] = ..., observed_until: _Optional[str] = ..., observed_until_time: _Optional[float] = ..., observed_from_time: _Optional[float] = ..., seconds_per_unit: _Optional[float] = ...) -> None: ...
    class NegativeSampling(_message.Message):
        __slots__ = ("rate", "seed", "kept_share", "eval_kept_share")
        RATE_FIELD_NUMBER: _ClassVar[int]
        SEED_FIELD_NUMBER: _ClassVar[int]
        KEPT_SHARE_FIELD_NUMBER: _ClassVar[int]
        EVAL_KEPT_SHARE_FIELD_NUMBER: _ClassVar[int]
        rate: float
        seed: int
        kept_share: float
        eval_kept_share: float
        def __init__(self, rate: _Optional[float] = ..., seed: _Optional[int] = ..., kept_share: _Optional[float] = ..., eval_kept_share: _Optional[float] = ...) -> None: ...
    class ExtraLabelFunc(_message.Message):
        __slots__ = ("label_name", "label_func")
        LABEL_NAME_FIELD_NUMBER: _ClassVar[int]
        LABEL_FUNC_FIELD_NUMBER: _ClassVar[int]
        label_name: str
        label_func: str
        def __init__(self, label_name: _Optional[str] = ..., label_func: _Optional[str] = ...) -> None: ...
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    AUTO_EXPAND_INPUT_FIELDS_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELDS_FIELD_NUMBER: _ClassVar[int]
    LABEL_SEP_FIELD_NUMBER: _ClassVar[int]
    LABEL_DIM_FIELD_NUMBER: _ClassVar[int]
    EXTRA_LABEL_FUNC_FIELD_NUMBER: _ClassVar[int]
    SHUFFLE_FIELD_NUMBER: _ClassVar[int]
    SHUFFLE_BUFFER_SIZE_FIELD_NUMBER: _ClassVar[int]
    NUM_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    PREFETCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    FILE_SHARD_FIELD_NUMBER: _ClassVar[int]
    EVAL_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DROP_REMAINDER_FIELD_NUMBER: _ClassVar[int]
    INPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEPARATOR_FIELD_NUMBER: _ClassVar[int]
    NUM_PARALLEL_CALLS_FIELD_NUMBER: _ClassVar[int]
    SELECTED_COLS_FIELD_NUMBER: _ClassVar[int]
    SELECTED_COL_TYPES_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELDS_FIELD_NUMBER: _ClassVar[int]
    RTP_SEPARATOR_FIELD_NUMBER: _ClassVar[int]
    IGNORE_ERROR_FIELD_NUMBER: _ClassVar[int]
    PAI_WORKER_QUEUE_FIELD_NUMBER: _ClassVar[int]
    PAI_WORKER_SLICE_NUM_FIELD_NUMBER: _ClassVar[int]
    CHIEF_REDUNDANT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    DATA_COMPRESSION_TYPE_FIELD_NUMBER: _ClassVar[int]
    N_DATA_BATCH_TFRECORD_FIELD_NUMBER: _ClassVar[int]
    WITH_HEADER_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELDS_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_SAMPLER_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_SAMPLER_V2_FIELD_NUMBER: _ClassVar[int]
    HARD_NEGATIVE_SAMPLER_FIELD_NUMBER: _ClassVar[int]
    HARD_NEGATIVE_SAMPLER_V2_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_SAMPLER_IN_MEMORY_FIELD_NUMBER: _ClassVar[int]
    USER_ROWS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    STRIP_TEXT_FIELD_NUMBER: _ClassVar[int]
    MAX_ERRORS_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_DELAY_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_SAMPLING_FIELD_NUMBER: _ClassVar[int]
    batch_size: int
    auto_expand_input_fields: bool
    label_fields: _containers.RepeatedScalarFieldContainer[str]
    label_sep: _containers.RepeatedScalarFieldContainer[str]
    label_dim: _containers.RepeatedScalarFieldContainer[int]
    extra_label_func: _containers.RepeatedCompositeFieldContainer[DatasetConfig.ExtraLabelFunc]
    shuffle: bool
    shuffle_buffer_size: int
    num_epochs: int
    prefetch_size: int
    shard: bool
    file_shard: bool
    eval_batch_size: int
    drop_remainder: bool
    input_type: DatasetConfig.InputType
    separator: str
    num_parallel_calls: int
    selected_cols: str
    selected_col_types: str
    input_fields: _containers.RepeatedCompositeFieldContainer[DatasetConfig.Field]
    rtp_separator: str
    ignore_error: bool
    pai_worker_queue: bool
    pai_worker_slice_num: int
    chief_redundant: bool
    sample_weight: str
    data_compression_type: str
    n_data_batch_tfrecord: int
    with_header: bool
    feature_fields: str
    negative_sampler: _support_pb2.Foreign
    negative_sampler_v2: _support_pb2.Foreign
    hard_negative_sampler: _support_pb2.Foreign
    hard_negative_sampler_v2: _support_pb2.Foreign
    negative_sampler_in_memory: _support_pb2.Foreign
    user_rows: DatasetConfig.UserRows
    encoding: str
    strip_text: bool
    max_errors: int
    conversion_delay: DatasetConfig.ConversionDelay
    negative_sampling: DatasetConfig.NegativeSampling
    def __init__(self, batch_size: _Optional[int] = ..., auto_expand_input_fields: bool = ..., label_fields: _Optional[_Iterable[str]] = ..., label_sep: _Optional[_Iterable[str]] = ..., label_dim: _Optional[_Iterable[int]] = ..., extra_label_func: _Optional[_Iterable[_Union[DatasetConfig.ExtraLabelFunc, _Mapping]]] = ..., shuffle: bool = ..., shuffle_buffer_size: _Optional[int] = ..., num_epochs: _Optional[int] = ..., prefetch_size: _Optional[int] = ..., shard: bool = ..., file_shard: bool = ..., eval_batch_size: _Optional[int] = ..., drop_remainder: bool = ..., input_type: _Optional[_Union[DatasetConfig.InputType, str]] = ..., separator: _Optional[str] = ..., num_parallel_calls: _Optional[int] = ..., selected_cols: _Optional[str] = ..., selected_col_types: _Optional[str] = ..., input_fields: _Optional[_Iterable[_Union[DatasetConfig.Field, _Mapping]]] = ..., rtp_separator: _Optional[str] = ..., ignore_error: bool = ..., pai_worker_queue: bool = ..., pai_worker_slice_num: _Optional[int] = ..., chief_redundant: bool = ..., sample_weight: _Optional[str] = ..., data_compression_type: _Optional[str] = ..., n_data_batch_tfrecord: _Optional[int] = ..., with_header: bool = ..., feature_fields: _Optional[str] = ..., negative_sampler: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., negative_sampler_v2: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., hard_negative_sampler: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., hard_negative_sampler_v2: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., negative_sampler_in_memory: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., user_rows: _Optional[_Union[DatasetConfig.UserRows, _Mapping]] = ..., encoding: _Optional[str] = ..., strip_text: bool = ..., max_errors: _Optional[int] = ..., conversion_delay: _Optional[_Union[DatasetConfig.ConversionDelay, _Mapping]] = ..., negative_sampling: _Optional[_Union[DatasetConfig.NegativeSampling, _Mapping]] = ...) -> None: ...
