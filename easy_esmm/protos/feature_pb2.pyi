from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import initializer_pb2 as _initializer_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WideOrDeep(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEEP: _ClassVar[WideOrDeep]
    WIDE: _ClassVar[WideOrDeep]
    WIDE_AND_DEEP: _ClassVar[WideOrDeep]
DEEP: WideOrDeep
WIDE: WideOrDeep
WIDE_AND_DEEP: WideOrDeep

class FeatureConfig(_message.Message):
    __slots__ = ("feature_name", "input_names", "feature_type", "embedding_name", "embedding_dim", "hash_bucket_size", "num_buckets", "boundaries", "separator", "kv_separator", "seq_multi_sep", "max_seq_len", "vocab_file", "vocab_list", "shared_names", "lookup_max_sel_elem_num", "max_partitions", "combiner", "initializer", "precision", "min_val", "max_val", "normalizer_fn", "raw_input_dim", "sequence_combiner", "sub_feature_type", "sequence_length", "expression", "combo_join_sep", "combo_input_seps", "use_embedding_variable", "missing_indicator", "embedding_init_file", "embedding_frozen", "ev_params")
    class FeatureType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        IdFeature: _ClassVar[FeatureConfig.FeatureType]
        RawFeature: _ClassVar[FeatureConfig.FeatureType]
        TagFeature: _ClassVar[FeatureConfig.FeatureType]
        ComboFeature: _ClassVar[FeatureConfig.FeatureType]
        LookupFeature: _ClassVar[FeatureConfig.FeatureType]
        SequenceFeature: _ClassVar[FeatureConfig.FeatureType]
        ExprFeature: _ClassVar[FeatureConfig.FeatureType]
        PassThroughFeature: _ClassVar[FeatureConfig.FeatureType]
    IdFeature: FeatureConfig.FeatureType
    RawFeature: FeatureConfig.FeatureType
    TagFeature: FeatureConfig.FeatureType
    ComboFeature: FeatureConfig.FeatureType
    LookupFeature: FeatureConfig.FeatureType
    SequenceFeature: FeatureConfig.FeatureType
    ExprFeature: FeatureConfig.FeatureType
    PassThroughFeature: FeatureConfig.FeatureType
    FEATURE_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_NAMES_FIELD_NUMBER: _ClassVar[int]
    FEATURE_TYPE_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_NAME_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_DIM_FIELD_NUMBER: _ClassVar[int]
    HASH_BUCKET_SIZE_FIELD_NUMBER: _ClassVar[int]
    NUM_BUCKETS_FIELD_NUMBER: _ClassVar[int]
    BOUNDARIES_FIELD_NUMBER: _ClassVar[int]
    SEPARATOR_FIELD_NUMBER: _ClassVar[int]
    KV_SEPARATOR_FIELD_NUMBER: _ClassVar[int]
    SEQ_MULTI_SEP_FIELD_NUMBER: _ClassVar[int]
    MAX_SEQ_LEN_FIELD_NUMBER: _ClassVar[int]
    VOCAB_FILE_FIELD_NUMBER: _ClassVar[int]
    VOCAB_LIST_FIELD_NUMBER: _ClassVar[int]
    SHARED_NAMES_FIELD_NUMBER: _ClassVar[int]
    LOOKUP_MAX_SEL_ELEM_NUM_FIELD_NUMBER: _ClassVar[int]
    MAX_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    COMBINER_FIELD_NUMBER: _ClassVar[int]
    INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    MIN_VAL_FIELD_NUMBER: _ClassVar[int]
    MAX_VAL_FIELD_NUMBER: _ClassVar[int]
    NORMALIZER_FN_FIELD_NUMBER: _ClassVar[int]
    RAW_INPUT_DIM_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_COMBINER_FIELD_NUMBER: _ClassVar[int]
    SUB_FEATURE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    COMBO_JOIN_SEP_FIELD_NUMBER: _ClassVar[int]
    COMBO_INPUT_SEPS_FIELD_NUMBER: _ClassVar[int]
    USE_EMBEDDING_VARIABLE_FIELD_NUMBER: _ClassVar[int]
    MISSING_INDICATOR_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_INIT_FILE_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_FROZEN_FIELD_NUMBER: _ClassVar[int]
    EV_PARAMS_FIELD_NUMBER: _ClassVar[int]
    feature_name: str
    input_names: _containers.RepeatedScalarFieldContainer[str]
    feature_type: FeatureConfig.FeatureType
    embedding_name: str
    embedding_dim: int
    hash_bucket_size: int
    num_buckets: int
    boundaries: _containers.RepeatedScalarFieldContainer[float]
    separator: str
    kv_separator: str
    seq_multi_sep: str
    max_seq_len: int
    vocab_file: str
    vocab_list: _containers.RepeatedScalarFieldContainer[str]
    shared_names: _containers.RepeatedScalarFieldContainer[str]
    lookup_max_sel_elem_num: int
    max_partitions: int
    combiner: str
    initializer: _initializer_pb2.Initializer
    precision: int
    min_val: float
    max_val: float
    normalizer_fn: str
    raw_input_dim: int
    sequence_combiner: _support_pb2.Foreign
    sub_feature_type: FeatureConfig.FeatureType
    sequence_length: int
    expression: str
    combo_join_sep: str
    combo_input_seps: _containers.RepeatedScalarFieldContainer[str]
    use_embedding_variable: bool
    missing_indicator: bool
    embedding_init_file: str
    embedding_frozen: bool
    ev_params: _support_pb2.Foreign
    def __init__(self, feature_name: _Optional[str] = ..., input_names: _Optional[_Iterable[str]] = ..., feature_type: _Optional[_Union[FeatureConfig.FeatureType, str]] = ..., embedding_name: _Optional[str] = ..., embedding_dim: _Optional[int] = ..., hash_bucket_size: _Optional[int] = ..., num_buckets: _Optional[int] = ..., boundaries: _Optional[_Iterable[float]] = ..., separator: _Optional[str] = ..., kv_separator: _Optional[str] = ..., seq_multi_sep: _Optional[str] = ..., max_seq_len: _Optional[int] = ..., vocab_file: _Optional[str] = ..., vocab_list: _Optional[_Iterable[str]] = ..., shared_names: _Optional[_Iterable[str]] = ..., lookup_max_sel_elem_num: _Optional[int] = ..., max_partitions: _Optional[int] = ..., combiner: _Optional[str] = ..., initializer: _Optional[_Union[_initializer_pb2.Initializer, _Mapping]] = ..., precision: _Optional[int] = ..., min_val: _Optional[float] = ..., max_val: _Optional[float] = ..., normalizer_fn: _Optional[str] = ..., raw_input_dim: _Optional[int] = ..., sequence_combiner: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., sub_feature_type: _Optional[_Union[FeatureConfig.FeatureType, str]] = ..., sequence_length: _Optional[int] = ..., expression: _Optional[str] = ..., combo_join_sep: _Optional[str] = ..., combo_input_seps: _Optional[_Iterable[str]] = ..., use_embedding_variable: bool = ..., missing_indicator: bool = ..., embedding_init_file: _Optional[str] = ..., embedding_frozen: bool = ..., ev_params: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ...) -> None: ...

class FeatureConfigs(_message.Message):
    __slots__ = ("features",)
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[FeatureConfig]
    def __init__(self, features: _Optional[_Iterable[_Union[FeatureConfig, _Mapping]]] = ...) -> None: ...

class SeqAttMap(_message.Message):
    __slots__ = ("key", "hist_seq", "aux_hist_seq")
    KEY_FIELD_NUMBER: _ClassVar[int]
    HIST_SEQ_FIELD_NUMBER: _ClassVar[int]
    AUX_HIST_SEQ_FIELD_NUMBER: _ClassVar[int]
    key: _containers.RepeatedScalarFieldContainer[str]
    hist_seq: _containers.RepeatedScalarFieldContainer[str]
    aux_hist_seq: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Iterable[str]] = ..., hist_seq: _Optional[_Iterable[str]] = ..., aux_hist_seq: _Optional[_Iterable[str]] = ...) -> None: ...

class SeqAttGroupConfig(_message.Message):
    __slots__ = ("group_name", "seq_att_map", "tf_summary", "seq_dnn", "allow_key_search", "need_key_feature", "allow_key_transform", "transform_dnn")
    GROUP_NAME_FIELD_NUMBER: _ClassVar[int]
    SEQ_ATT_MAP_FIELD_NUMBER: _ClassVar[int]
    TF_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    SEQ_DNN_FIELD_NUMBER: _ClassVar[int]
    ALLOW_KEY_SEARCH_FIELD_NUMBER: _ClassVar[int]
    NEED_KEY_FEATURE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_KEY_TRANSFORM_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_DNN_FIELD_NUMBER: _ClassVar[int]
    group_name: str
    seq_att_map: _containers.RepeatedCompositeFieldContainer[SeqAttMap]
    tf_summary: bool
    seq_dnn: _dnn_pb2.DNN
    allow_key_search: bool
    need_key_feature: bool
    allow_key_transform: bool
    transform_dnn: bool
    def __init__(self, group_name: _Optional[str] = ..., seq_att_map: _Optional[_Iterable[_Union[SeqAttMap, _Mapping]]] = ..., tf_summary: bool = ..., seq_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., allow_key_search: bool = ..., need_key_feature: bool = ..., allow_key_transform: bool = ..., transform_dnn: bool = ...) -> None: ...

class FeatureGroupConfig(_message.Message):
    __slots__ = ("group_name", "feature_names", "wide_deep", "sequence_features", "negative_sampler", "reuse")
    GROUP_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAMES_FIELD_NUMBER: _ClassVar[int]
    WIDE_DEEP_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FEATURES_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_SAMPLER_FIELD_NUMBER: _ClassVar[int]
    REUSE_FIELD_NUMBER: _ClassVar[int]
    group_name: str
    feature_names: _containers.RepeatedScalarFieldContainer[str]
    wide_deep: WideOrDeep
    sequence_features: _containers.RepeatedCompositeFieldContainer[SeqAttGroupConfig]
    negative_sampler: bool
    reuse: bool
    def __init__(self, group_name: _Optional[str] = ..., feature_names: _Optional[_Iterable[str]] = ..., wide_deep: _Optional[_Union[WideOrDeep, str]] = ..., sequence_features: _Optional[_Iterable[_Union[SeqAttGroupConfig, _Mapping]]] = ..., negative_sampler: bool = ..., reuse: bool = ...) -> None: ...
