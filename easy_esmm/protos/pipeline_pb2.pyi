from easy_esmm.protos import data_pb2 as _data_pb2
from easy_esmm.protos import eval_pb2 as _eval_pb2
from easy_esmm.protos import export_pb2 as _export_pb2
from easy_esmm.protos import feature_pb2 as _feature_pb2
from easy_esmm.protos import model_pb2 as _model_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from easy_esmm.protos import train_pb2 as _train_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PipelineConfig(_message.Message):
    __slots__ = ("train_input_path", "kafka_train_input", "datahub_train_input", "hive_train_input", "binary_train_input", "parquet_train_input", "eval_input_path", "kafka_eval_input", "datahub_eval_input", "hive_eval_input", "binary_eval_input", "parquet_eval_input", "model_dir", "train_config", "eval_config", "data_config", "feature_configs", "feature_config", "model_config", "export_config", "fg_json_path")
    TRAIN_INPUT_PATH_FIELD_NUMBER: _ClassVar[int]
    KAFKA_TRAIN_INPUT_FIELD_NUMBER: _ClassVar[int]
    DATAHUB_TRAIN_INPUT_FIELD_NUMBER: _ClassVar[int]
    HIVE_TRAIN_INPUT_FIELD_NUMBER: _ClassVar[int]
    BINARY_TRAIN_INPUT_FIELD_NUMBER: _ClassVar[int]
    PARQUET_TRAIN_INPUT_FIELD_NUMBER: _ClassVar[int]
    EVAL_INPUT_PATH_FIELD_NUMBER: _ClassVar[int]
    KAFKA_EVAL_INPUT_FIELD_NUMBER: _ClassVar[int]
    DATAHUB_EVAL_INPUT_FIELD_NUMBER: _ClassVar[int]
    HIVE_EVAL_INPUT_FIELD_NUMBER: _ClassVar[int]
    BINARY_EVAL_INPUT_FIELD_NUMBER: _ClassVar[int]
    PARQUET_EVAL_INPUT_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIR_FIELD_NUMBER: _ClassVar[int]
    TRAIN_CONFIG_FIELD_NUMBER: _ClassVar[int]
    EVAL_CONFIG_FIELD_NUMBER: _ClassVar[int]
    DATA_CONFIG_FIELD_NUMBER: _ClassVar[int]
    FEATURE_CONFIGS_FIELD_NUMBER: _ClassVar[int]
    FEATURE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    MODEL_CONFIG_FIELD_NUMBER: _ClassVar[int]
    EXPORT_CONFIG_FIELD_NUMBER: _ClassVar[int]
    FG_JSON_PATH_FIELD_NUMBER: _ClassVar[int]
    train_input_path: str
    kafka_train_input: _support_pb2.Foreign
    datahub_train_input: _support_pb2.Foreign
    hive_train_input: _support_pb2.Foreign
    binary_train_input: _support_pb2.Foreign
    parquet_train_input: str
    eval_input_path: str
    kafka_eval_input: _support_pb2.Foreign
    datahub_eval_input: _support_pb2.Foreign
    hive_eval_input: _support_pb2.Foreign
    binary_eval_input: _support_pb2.Foreign
    parquet_eval_input: str
    model_dir: str
    train_config: _train_pb2.TrainConfig
    eval_config: _eval_pb2.EvalConfig
    data_config: _data_pb2.DatasetConfig
    feature_configs: _containers.RepeatedCompositeFieldContainer[_feature_pb2.FeatureConfig]
    feature_config: _feature_pb2.FeatureConfigs
    model_config: _model_pb2.ModelConfig
    export_config: _export_pb2.ExportConfig
    fg_json_path: str
    def __init__(self, train_input_path: _Optional[str] = ..., kafka_train_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., datahub_train_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., hive_train_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., binary_train_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., parquet_train_input: _Optional[str] = ..., eval_input_path: _Optional[str] = ..., kafka_eval_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., datahub_eval_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., hive_eval_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., binary_eval_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., parquet_eval_input: _Optional[str] = ..., model_dir: _Optional[str] = ..., train_config: _Optional[_Union[_train_pb2.TrainConfig, _Mapping]] = ..., eval_config: _Optional[_Union[_eval_pb2.EvalConfig, _Mapping]] = ..., data_config: _Optional[_Union[_data_pb2.DatasetConfig, _Mapping]] = ..., feature_configs: _Optional[_Iterable[_Union[_feature_pb2.FeatureConfig, _Mapping]]] = ..., feature_config: _Optional[_Union[_feature_pb2.FeatureConfigs, _Mapping]] = ..., model_config: _Optional[_Union[_model_pb2.ModelConfig, _Mapping]] = ..., export_config: _Optional[_Union[_export_pb2.ExportConfig, _Mapping]] = ..., fg_json_path: _Optional[str] = ...) -> None: ...
