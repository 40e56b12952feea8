"""What the second gate says about values that break a rule: place and wording."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from easy_esmm.config.models import MODELS

# (old, new, edits=(), command="check") -> lines; see conftest.py.
Problems = Any

# What is wrong: (text of the base config, what replaces it, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "dropout_of_one": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn { hidden_units: 8 dropout_ratio: 1',
        ["x.config:29:75: model_config.esmm.cvr_tower.dnn.dropout_ratio: must be in [0, 1), got 1"],
    ),
    "negative_dropout_in_a_list": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn { hidden_units: [8, 4] dropout_ratio: [0.5, -0.1]',
        [
            "x.config:29:101: model_config.esmm.cvr_tower.dnn.dropout_ratio[1]: must be in [0, 1), got -0.1"
        ],
    ),
    "one_dropout_for_two_layers": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn { hidden_units: [8, 4] dropout_ratio: 0.1',
        [
            "x.config:29:80: model_config.esmm.cvr_tower.dnn.dropout_ratio: must have one value per hidden layer (2 layers), or none, got 1; write [0.1, 0.1]"
        ],
    ),
    "three_dropouts_for_two_layers": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn { hidden_units: [8, 4] dropout_ratio: [0.1, 0.1, 0.1]',
        [
            "x.config:29:96: model_config.esmm.cvr_tower.dnn.dropout_ratio: must have one value per hidden layer (2 layers), or none, got 3"
        ],
    ),
    "layer_of_no_units": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn { hidden_units: [8, 0]',
        [
            "x.config:29:77: model_config.esmm.cvr_tower.dnn.hidden_units[1]: must be at least 1; only [0] alone means no layer, got 0"
        ],
    ),
    "network_without_layers": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn {',
        [
            "x.config:29:53: model_config.esmm.cvr_tower.dnn.hidden_units: must have at least one layer; hidden_units: [0] is the identity"
        ],
    ),
    "unknown_activation": (
        'label_name: "buy" dnn {',
        'label_name: "buy" dnn { activation: "tf.nn.rleu"',
        [
            'x.config:29:59: model_config.esmm.cvr_tower.dnn.activation: must be relu, relu6, leaky_relu, elu, selu, gelu, swish, silu, tanh, sigmoid, softplus, softsign, linear or dice, got "tf.nn.rleu"; did you mean relu?'
        ],
    ),
    "activation_as_code": (
        'label_name: "buy" dnn {',
        'label_name: "buy" dnn { activation: "lambda x: x"',
        [
            'x.config:29:59: model_config.esmm.cvr_tower.dnn.activation: must be relu, relu6, leaky_relu, elu, selu, gelu, swish, silu, tanh, sigmoid, softplus, softsign, linear or dice, got "lambda x: x"'
        ],
    ),
    "activation_not_yet": (
        'label_name: "buy" dnn {',
        'label_name: "buy" dnn { activation: "prelu"',
        [
            'x.config:29:59: model_config.esmm.cvr_tower.dnn.activation: known to EasyRec, not supported here yet: use leaky_relu, got "prelu"'
        ],
    ),
    "batch_of_no_rows": (
        '  label_fields: "buy"',
        '  batch_size: 0 label_fields: "buy"',
        ["x.config:15:3: data_config.batch_size: must be at least 1, got 0"],
    ),
    "shuffle_buffer_of_no_rows": (
        '  label_fields: "buy"',
        '  shuffle_buffer_size: 0 label_fields: "buy"',
        ["x.config:15:3: data_config.shuffle_buffer_size: must be at least 1, got 0"],
    ),
    "no_parallel_calls": (
        '  label_fields: "buy"',
        '  num_parallel_calls: 0 label_fields: "buy"',
        ["x.config:15:3: data_config.num_parallel_calls: must be at least 1, got 0"],
    ),
    "text_of_a_format_that_is_none": (
        'label_fields: "buy"',
        'label_fields: "buy" input_type: ParquetInput encoding: "gbk" strip_text: true',
        [
            'x.config:15:48: data_config.encoding: needs input_type: CSVInput, not ParquetInput, whose text is bytes as they stand, got "gbk"',
            "x.config:15:64: data_config.strip_text: needs input_type: CSVInput, not ParquetInput, whose text is bytes as they stand, got true",
        ],
    ),
    "separator_of_two_characters": (
        '  label_fields: "buy"',
        '  separator: "||" label_fields: "buy"',
        [
            'x.config:15:3: data_config.separator: must be one ASCII character, neither a quote nor the end of a line, got "||"'
        ],
    ),
    "separator_of_several_bytes": (
        '  label_fields: "buy"',
        '  separator: "\u3001" label_fields: "buy"',
        [
            'x.config:15:3: data_config.separator: must be one ASCII character, neither a quote nor the end of a line, got "\u3001"'
        ],
    ),
    "separator_that_is_a_quote": (
        '  label_fields: "buy"',
        '  separator: "\\"" label_fields: "buy"',
        [
            'x.config:15:3: data_config.separator: must be one ASCII character, neither a quote nor the end of a line, got "\\""'
        ],
    ),
    "encoding_without_a_codec": (
        '  label_fields: "buy"',
        '  encoding: "gb-2312-80" label_fields: "buy"',
        [
            'x.config:15:3: data_config.encoding: must be the name of a Python codec in which bytes below 128 are ASCII, got "gb-2312-80"; Python has no codec of this name'
        ],
    ),
    "encoding_that_is_not_ascii": (
        '  label_fields: "buy"',
        '  encoding: "utf-16" label_fields: "buy"',
        [
            'x.config:15:3: data_config.encoding: must be the name of a Python codec in which bytes below 128 are ASCII, got "utf-16"; in this one they are not, or not always; convert the files to UTF-8'
        ],
    ),
    "encoding_that_is_none_of_text": (
        '  label_fields: "buy"',
        '  encoding: "base64" label_fields: "buy"',
        [
            'x.config:15:3: data_config.encoding: must be the name of a Python codec in which bytes below 128 are ASCII, got "base64"; the codec is none of text'
        ],
    ),
    "encoding_of_parquet": (
        '  label_fields: "buy"',
        '  encoding: "gbk" input_type: ParquetInput label_fields: "buy"',
        [
            'x.config:15:3: data_config.encoding: needs input_type: CSVInput, not ParquetInput, whose text is bytes as they stand, got "gbk"'
        ],
    ),
    "infinite_number": (
        "  num_steps: 100",
        "  num_steps: 100 gradient_clipping_by_norm: inf",
        ["x.config:6:18: train_config.gradient_clipping_by_norm: must be a finite number, got inf"],
    ),
    "nan": (
        "learning_rate { }",
        "learning_rate { learning_rate: nan }",
        [
            "x.config:5:85: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.constant_learning_rate.learning_rate: must be a finite number, got nan"
        ],
    ),
    "learning_rate_of_zero": (
        "constant_learning_rate { }",
        "constant_learning_rate { learning_rate: 0 }",
        [
            "x.config:5:85: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.constant_learning_rate.learning_rate: must be greater than 0, got 0"
        ],
    ),
    "decay": (
        "constant_learning_rate { }",
        "exponential_decay_learning_rate { initial_learning_rate: 0 decay_steps: 0 decay_factor: 1.5 burnin_learning_rate: -1 min_learning_rate: -1 }",
        [
            "x.config:5:94: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.initial_learning_rate: must be greater than 0, got 0",
            "x.config:5:119: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.decay_steps: must be at least 1, got 0",
            "x.config:5:134: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.decay_factor: must be in (0, 1], got 1.5",
            "x.config:5:152: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.burnin_learning_rate: must be at least 0, got -1",
            "x.config:5:177: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.min_learning_rate: must be at least 0, got -1",
        ],
    ),
    "smallest_rate_above_the_first": (
        "constant_learning_rate { }",
        "exponential_decay_learning_rate { initial_learning_rate: 0.01 min_learning_rate: 0.1 }",
        [
            "x.config:5:122: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.min_learning_rate: must not be greater than initial_learning_rate, 0.01, got 0.1"
        ],
    ),
    "beta_of_one": (
        "lazy_adam_optimizer {",
        "lazy_adam_optimizer { beta1: 1 beta2: -0.5",
        [
            "x.config:5:44: train_config.optimizer_config[0].lazy_adam_optimizer.beta1: must be in [0, 1), got 1",
            "x.config:5:53: train_config.optimizer_config[0].lazy_adam_optimizer.beta2: must be in [0, 1), got -0.5",
        ],
    ),
    "accumulator_of_zero": (
        "lazy_adam_optimizer {",
        "adagrad_optimizer { initial_accumulator_value: 0",
        [
            "x.config:5:42: train_config.optimizer_config[0].adagrad_optimizer.initial_accumulator_value: must be greater than 0, got 0"
        ],
    ),
    "optimizer_without_learning_rate": (
        "lazy_adam_optimizer { learning_rate { constant_learning_rate { } } }",
        "lazy_adam_optimizer { }",
        [
            "x.config:5:22: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate: must hold constant_learning_rate, exponential_decay_learning_rate, manual_step_learning_rate, cosine_decay_learning_rate, poly_decay_learning_rate or transformer_learning_rate"
        ],
    ),
    "optimizer_without_kind": (
        "lazy_adam_optimizer { learning_rate { constant_learning_rate { } } }",
        "",
        [
            "x.config:5:3: train_config.optimizer_config[0]: must hold rms_prop_optimizer, momentum_optimizer, adam_optimizer, momentumw_optimizer, adamw_optimizer, adam_async_optimizer, adagrad_optimizer, adam_asyncw_optimizer, lazy_adam_optimizer or ftrl_optimizer"
        ],
    ),
    "no_optimizer": (
        "  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { } } } }\n",
        "",
        [
            "x.config:4:1: train_config.optimizer_config: must be set; optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.001 } } } } is a good start"
        ],
    ),
    "three_optimizers": (
        "  num_steps: 100",
        "  num_steps: 100 optimizer_config { adagrad_optimizer { learning_rate { constant_learning_rate { } } } } optimizer_config { adagrad_optimizer { learning_rate { constant_learning_rate { } } } }",
        [
            "x.config:6:106: train_config.optimizer_config[2]: must be one optimizer, or two: the first for embedding tables, the second for the rest, got 3"
        ],
    ),
    "training_without_end": (
        "  num_steps: 100\n",
        "\n",
        [
            "x.config:4:1: train_config.num_steps: must be greater than 0, or data_config.num_epochs must be: training would not end, got 0"
        ],
    ),
    "counts_of_steps": (
        "  num_steps: 100",
        "  num_steps: 100 save_checkpoints_steps: 0 save_summary_steps: 0 log_step_count_steps: 0 gradient_clipping_by_norm: -1 inter_op_parallelism_threads: -1 intra_op_parallelism_threads: -1",
        [
            "x.config:6:18: train_config.save_checkpoints_steps: must be at least 1, got 0",
            "x.config:6:44: train_config.save_summary_steps: must be at least 1, got 0",
            "x.config:6:66: train_config.log_step_count_steps: must be at least 1, got 0",
            "x.config:6:90: train_config.gradient_clipping_by_norm: must be at least 0, got -1",
            "x.config:6:120: train_config.inter_op_parallelism_threads: must be at least 0, got -1",
            "x.config:6:153: train_config.intra_op_parallelism_threads: must be at least 0, got -1",
        ],
    ),
    "distribution_refused": (
        "  num_steps: 100",
        "  num_steps: 100 train_distribute: HorovodStrategy",
        [
            "x.config:6:18: train_config.train_distribute: known to EasyRec, refused here: processes that Horovod starts; write MirroredStrategy for the GPUs of one machine, or NoStrategy, which trains over parameter servers where TF_CONFIG lists them, got HorovodStrategy"
        ],
    ),
    "message_refused_with_its_content_unread": (
        "  num_steps: 100",
        "  num_steps: 100 incr_save_config { what { ever: 3 } }",
        [
            "x.config:6:18: train_config.incr_save_config: known to EasyRec, refused here: incremental checkpoints of a modified TensorFlow: set save_checkpoints_steps or save_checkpoints_secs"
        ],
    ),
    "kafka": (
        'train_input_path: "train.csv"',
        'kafka_train_input { topic: "a" }',
        [
            "x.config:1:1: kafka_train_input: known to EasyRec, refused here: Kafka streams are not read: write their rows to files, and set train_input_path"
        ],
    ),
    "remote_model_dir": (
        'model_dir: "model"',
        'model_dir: "gs://models/a"',
        [
            'x.config:3:1: model_dir: must be a folder of this machine, without a scheme, got "gs://models/a"'
        ],
    ),
    "compression": (
        '  label_fields: "buy"',
        '  input_type: TFRecordInput data_compression_type: "ZLIB" label_fields: "buy"',
        [
            'x.config:15:29: data_config.data_compression_type: known to EasyRec, not supported here yet: use GZIP, got "ZLIB"'
        ],
    ),
    "several_labels_in_a_cell": (
        '  label_fields: "buy"',
        '  label_sep: "|" label_fields: "buy"',
        [
            'x.config:15:3: data_config.label_sep: known to EasyRec, refused here: labels of several values; a click or a conversion is one number: write a column for each, got "|"',
        ],
    ),
    "input_type_not_yet": (
        '  label_fields: "buy"',
        '  input_type: BatchTFRecordInput label_fields: "buy"',
        [
            "x.config:15:3: data_config.input_type: known to EasyRec, refused here: a record is one row here; write the rows one by one and use TFRecordInput, got BatchTFRecordInput"
        ],
    ),
    "input_type_refused": (
        '  label_fields: "buy"',
        '  input_type: OdpsInputV2 label_fields: "buy"',
        [
            "x.config:15:3: data_config.input_type: known to EasyRec, refused here: MaxCompute tables are not read; export them to Parquet, got OdpsInputV2"
        ],
    ),
    "sampler_refused": (
        '  label_fields: "buy"',
        '  negative_sampler { a: 1 } label_fields: "buy"',
        [
            "x.config:15:3: data_config.negative_sampler: known to EasyRec, refused here: rows drawn from a table of items, for retrieval models: leave it out"
        ],
    ),
    "feature_type_refused": (
        'input_names: "user" hash',
        'input_names: "user" feature_type: PassThroughFeature hash',
        [
            "x.config:19:34: feature_config.features[0].feature_type: known to EasyRec, refused here: a column that is handed to the outputs: use --reserved_cols of easy_esmm.predict, got PassThroughFeature"
        ],
    ),
    "wide_part_refused": (
        'group_name: "all"',
        'group_name: "all" wide_deep: WIDE',
        [
            "x.config:26:38: model_config.feature_groups[0].wide_deep: must be DEEP: only the group wide of DeepFM and WideAndDeep is a linear part, got WIDE"
        ],
    ),
    "missing_indicator_of_ids": (
        'input_names: "user" hash',
        'input_names: "user" missing_indicator: true hash',
        [
            "x.config:19:34: feature_config.features[0].missing_indicator: must be false for feature_type IdFeature, got true; the indicator is one of numbers, of a RawFeature or an ExprFeature; a missing id is the zero vector anyway"
        ],
    ),
    "combiner": (
        "feature_type: TagFeature",
        'feature_type: TagFeature combiner: "max"',
        [
            'x.config:21:59: feature_config.features[2].combiner: must be sum, mean or sqrtn, got "max"'
        ],
    ),
    "id_without_dimension": (
        'input_names: "user" hash_bucket_size: 100 embedding_dim: 8',
        'input_names: "user" hash_bucket_size: 100',
        [
            "x.config:19:3: feature_config.features[0].embedding_dim: must be at least 1 in a feature group for feature_type IdFeature, got 0"
        ],
    ),
    "id_without_source": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user"',
        [
            "x.config:19:3: feature_config.features[0]: must have one of hash_bucket_size, vocab_list, vocab_file, num_buckets for feature_type IdFeature"
        ],
    ),
    "more_rows_than_fit": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user" hash_bucket_size: 2000000000000',
        [
            "x.config:19:34: feature_config.features[0].hash_bucket_size: must be in [0, 1e+12], got 2000000000000"
        ],
    ),
    "vocabulary_file_that_is_absent": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user" vocab_file: "no/such"',
        [
            'x.config:19:34: feature_config.features[0].vocab_file: must be an existing file, got "no/such"'
        ],
    ),
    "vocabulary_with_an_id_twice": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user" vocab_list: ["a", "b", "a"]',
        [
            'x.config:19:57: feature_config.features[0].vocab_list[2]: must be unique: an id of the vocabulary has this name at line 19, got "a"'
        ],
    ),
    "vocabulary_with_a_line_break": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user" vocab_list: ["a", "b\\nc"]',
        [
            'x.config:19:52: feature_config.features[0].vocab_list[1]: must hold no line break: a training keeps its vocabulary one id a line, got "b\\nc"'
        ],
    ),
    "boundaries_that_fall": (
        "feature_type: RawFeature",
        "feature_type: RawFeature embedding_dim: 2 boundaries: [1, 3, 2, 2]",
        [
            "x.config:22:96: feature_config.features[3].boundaries[2]: must be greater than the boundary before it, 3, got 2",
            "x.config:22:99: feature_config.features[3].boundaries[3]: must be greater than the boundary before it, 2, got 2",
        ],
    ),
    "boundaries_without_dimension": (
        "feature_type: RawFeature",
        "feature_type: RawFeature boundaries: 1",
        [
            "x.config:22:3: feature_config.features[3].embedding_dim: must be at least 1 for a RawFeature with buckets, got 0"
        ],
    ),
    "buckets_beside_boundaries": (
        "feature_type: RawFeature",
        "feature_type: RawFeature embedding_dim: 2 boundaries: 1 num_buckets: 3",
        [
            "x.config:22:91: feature_config.features[3].num_buckets: must not stand beside boundaries in a RawFeature, got 3"
        ],
    ),
    "buckets_without_bounds": (
        "feature_type: RawFeature",
        "feature_type: RawFeature embedding_dim: 2 num_buckets: 3",
        [
            "x.config:22:77: feature_config.features[3].num_buckets: needs min_val and max_val, between which the buckets of a RawFeature lie"
        ],
    ),
    "max_below_min": (
        "feature_type: RawFeature",
        "feature_type: RawFeature min_val: 2 max_val: 1",
        [
            "x.config:22:71: feature_config.features[3].max_val: must not be smaller than min_val, 2, got 1"
        ],
    ),
    "raw_feature_of_no_numbers": (
        "feature_type: RawFeature",
        "feature_type: RawFeature raw_input_dim: 0",
        ["x.config:22:60: feature_config.features[3].raw_input_dim: must be at least 1, got 0"],
    ),
    "kv_separator_of_two_characters": (
        "feature_type: TagFeature",
        'feature_type: TagFeature kv_separator: "::"',
        [
            'x.config:21:59: feature_config.features[2].kv_separator: must be one character, got "::"'
        ],
    ),
    "kv_separator_that_separates_values": (
        "feature_type: TagFeature",
        'feature_type: TagFeature separator: "|:" kv_separator: ":"',
        [
            'x.config:21:75: feature_config.features[2].kv_separator: must not be one of separator\'s characters, got ":"'
        ],
    ),
    "empty_separator": (
        "feature_type: TagFeature",
        'feature_type: TagFeature separator: ""',
        [
            'x.config:21:59: feature_config.features[2].separator: must be a string that is not empty, got ""'
        ],
    ),
    "weights_twice": (
        'input_names: "tags" feature_type: TagFeature',
        'input_names: ["tags", "price"] feature_type: TagFeature kv_separator: ":"',
        [
            'x.config:21:70: feature_config.features[2].kv_separator: must not stand beside a second input column: both give the weights, got ":"'
        ],
    ),
    "id_feature_of_two_columns": (
        'input_names: "user"',
        'input_names: ["user", "item"]',
        [
            "x.config:19:28: feature_config.features[0].input_names: must name one column for feature_type IdFeature, got 2 columns"
        ],
    ),
    "tag_feature_of_three_columns": (
        'input_names: "tags"',
        'input_names: ["tags", "price", "item"]',
        [
            "x.config:21:28: feature_config.features[2].input_names: must name one or two columns (ids, weights) for feature_type TagFeature, got 3 columns"
        ],
    ),
    "combination_of_one_column": (
        'input_names: "user"',
        'input_names: "user" feature_type: ComboFeature',
        [
            "x.config:19:14: feature_config.features[0].input_names: must name two or more columns for feature_type ComboFeature, got 1 column"
        ],
    ),
    "combination_without_buckets": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: ["user", "item"] feature_type: ComboFeature num_buckets: 5',
        [
            "x.config:19:3: feature_config.features[0].hash_bucket_size: must be set for feature_type ComboFeature"
        ],
    ),
    "one_separator_for_two_columns": (
        'input_names: "user"',
        'input_names: ["user", "tags"] feature_type: ComboFeature combo_input_seps: "|"',
        [
            'x.config:19:71: feature_config.features[0].combo_input_seps: must have one value per input column (2), or none, got 1; write "" for a column of one value'
        ],
    ),
    "float_as_an_id": (
        'features { input_names: "user" hash_bucket_size: 100',
        'features { feature_name: "user" input_names: "price" hash_bucket_size: 100',
        [
            'x.config:19:35: feature_config.features[0].input_names[0]: must not be a FLOAT column: a FLOAT is no id, got "price"; declare the column as STRING, or set precision'
        ],
    ),
    "float_as_a_number_of_a_row": (
        'features { input_names: "user" hash_bucket_size: 100',
        'features { feature_name: "user" input_names: "price" precision: 2 num_buckets: 100',
        [
            'x.config:19:35: feature_config.features[0].input_names[0]: must not be a FLOAT column: a FLOAT is no id, got "price"; declare the column as INT64'
        ],
    ),
    "float_in_a_combination": (
        'input_names: "user"',
        'input_names: ["user", "price"] feature_type: ComboFeature',
        [
            'x.config:19:36: feature_config.features[0].input_names[1]: must not be a FLOAT column: a FLOAT is no id, got "price"; declare the column as STRING, or set precision'
        ],
    ),
    "too_many_digits": (
        'input_names: "user"',
        'input_names: "user" precision: 18',
        ["x.config:19:34: feature_config.features[0].precision: must be in [-1, 17], got 18"],
    ),
    "lookup_without_a_map": (
        'input_names: "user"',
        'input_names: "user" feature_type: LookupFeature kv_separator: ":"',
        [
            "x.config:19:14: feature_config.features[0].input_names: must name two columns (key, map) for feature_type LookupFeature, got 1 column"
        ],
    ),
    "lookup_without_separator_in_numbers": (
        'input_names: "user"',
        'feature_name: "user" input_names: ["price", "click"] feature_type: LookupFeature',
        [
            "x.config:19:3: feature_config.features[0].kv_separator: must be set for feature_type LookupFeature; it stands between a key and its value",
            'x.config:19:49: feature_config.features[0].input_names[0]: must not be a FLOAT column: a FLOAT is no id, got "price"; declare the column as STRING, or set precision',
            'x.config:19:58: feature_config.features[0].input_names[1]: must be a STRING column, which holds key:value pairs, got "click" of type INT32',
            'x.config:19:58: feature_config.features[0].input_names[1]: must not be a label: the model would read the answer, got "click"',
        ],
    ),
    "lookup_of_nothing": (
        'input_names: "user"',
        'input_names: ["user", "tags"] feature_type: LookupFeature kv_separator: "|" lookup_max_sel_elem_num: 0',
        [
            'x.config:19:72: feature_config.features[0].kv_separator: must not be one of separator\'s characters, got "|"',
            "x.config:19:90: feature_config.features[0].lookup_max_sel_elem_num: must be at least 1, got 0",
        ],
    ),
    "feature_of_no_expression": (
        "feature_type: RawFeature",
        "feature_type: ExprFeature",
        [
            "x.config:22:3: feature_config.features[3].expression: must be set for feature_type ExprFeature"
        ],
    ),
    "expression_with_a_wrong_name": (
        "feature_type: RawFeature",
        'feature_type: ExprFeature expression: "prize / 2 > 3"',
        [
            "x.config:22:61: feature_config.features[3].expression: must be one of input_names, not 'prize', at character 1, got \"prize / 2 > 3\"; did you mean price?"
        ],
    ),
    "expression_as_code": (
        "feature_type: RawFeature",
        "feature_type: ExprFeature expression: \"__import__('os').system('true')\"",
        [
            "x.config:22:61: feature_config.features[3].expression: must be one of the functions abs, asinh, ceil, exp, expm1, floor, log, log1p, sigmoid, sign, sqrt, square, tanh, not '__import__', at character 1, got \"__import__('os').system('true')\""
        ],
    ),
    "expression_of_no_column": (
        "feature_type: RawFeature",
        'feature_type: ExprFeature expression: "1 + 1"',
        ['x.config:22:61: feature_config.features[3].expression: must read a column, got "1 + 1"'],
    ),
    "unknown_normalizer": (
        "feature_type: RawFeature",
        'feature_type: RawFeature normalizer_fn: "tf.math.log1"',
        [
            'x.config:22:60: feature_config.features[3].normalizer_fn: must be one of abs, asinh, ceil, exp, expm1, floor, log, log1p, sigmoid, sign, sqrt, square, tanh, as in tf.math, got "tf.math.log1"; did you mean log1p?'
        ],
    ),
    "normalizer_as_code": (
        "feature_type: RawFeature",
        'feature_type: RawFeature normalizer_fn: "lambda x: x / 10"',
        [
            'x.config:22:60: feature_config.features[3].normalizer_fn: must be one of abs, asinh, ceil, exp, expm1, floor, log, log1p, sigmoid, sign, sqrt, square, tanh, as in tf.math, got "lambda x: x / 10"'
        ],
    ),
    "sequence_of_no_values": (
        "feature_type: TagFeature",
        "feature_type: TagFeature max_seq_len: 0",
        ["x.config:21:59: feature_config.features[2].max_seq_len: must be at least 1, got 0"],
    ),
    "feature_without_column": (
        'input_names: "user"',
        'feature_name: "user"',
        ["x.config:19:3: feature_config.features[0].input_names: must name the input column"],
    ),
    "feature_of_an_unknown_column": (
        'features { input_names: "user"',
        'features { input_names: "usr" feature_name: "user"',
        [
            'x.config:19:14: feature_config.features[0].input_names[0]: must be a column of data_config.input_fields, got "usr"; did you mean user?'
        ],
    ),
    "feature_that_reads_a_label": (
        'features { input_names: "user"',
        'features { input_names: "click" feature_name: "user"',
        [
            'x.config:19:14: feature_config.features[0].input_names[0]: must not be a label: the model would read the answer, got "click"'
        ],
    ),
    "feature_that_reads_the_sample_weight": (
        '  label_fields: "buy"',
        '  sample_weight: "price" label_fields: "buy"',
        [
            'x.config:22:14: feature_config.features[3].input_names[0]: must not be the sample weight, which serving does not know, got "price"'
        ],
    ),
    "two_features_of_one_name": (
        'features { input_names: "item"',
        'features { feature_name: "user" input_names: "item"',
        [
            'x.config:20:14: feature_config.features[1].feature_name: must be unique: another feature has this name at line 19, got "user"',
            'x.config:26:62: model_config.feature_groups[0].feature_names[1]: must be a feature, got "item"',
        ],
    ),
    "feature_name_that_is_no_variable_name": (
        'features { input_names: "user"',
        'features { feature_name: "the user" input_names: "user"',
        [
            "x.config:19:14: feature_config.features[0].feature_name: must be a name of letters, digits, '_', '.' and '-' that begins with a letter, digit or '.' and is more than dots, got \"the user\"",
            'x.config:26:54: model_config.feature_groups[0].feature_names[0]: must be a feature, got "user"; did you mean the user?',
        ],
    ),
    "feature_name_of_dots": (
        'features { input_names: "user"',
        'features { feature_name: ".." input_names: "user"',
        [
            "x.config:19:14: feature_config.features[0].feature_name: must be a name of letters, digits, '_', '.' and '-' that begins with a letter, digit or '.' and is more than dots, got \"..\"",
            'x.config:26:54: model_config.feature_groups[0].feature_names[0]: must be a feature, got "user"',
        ],
    ),
    "embedding_that_fits_no_machine": (
        'features { input_names: "user" hash_bucket_size: 100 embedding_dim: 8',
        'features { input_names: "user" hash_bucket_size: 100 embedding_dim: 2000000000',
        [
            "x.config:19:56: feature_config.features[0].embedding_dim: must be in [0, 65536], got 2000000000"
        ],
    ),
    "column_name_that_is_no_variable_name": (
        '  label_fields: "click"\n}\nfeature_config {\n',
        '  label_fields: "click"\n  input_fields { input_name: "my user" }\n}\nfeature_config {\n  features { input_names: "my user" }\n',
        [
            "x.config:20:14: feature_config.features[0].input_names[0]: must be a name of letters, digits, '_', '.' and '-' that begins with a letter, digit or '.' and is more than dots, got \"my user\"; set feature_name"
        ],
    ),
    "constants_of_another_number": (
        'input_names: "user"',
        'input_names: "user" initializer { constant_initializer { consts: [1, 2] } }',
        [
            "x.config:19:80: feature_config.features[0].initializer.constant_initializer.consts: must be one value, or embedding_dim = 8 values, got 2"
        ],
    ),
    "negative_deviation": (
        'input_names: "user"',
        'input_names: "user" initializer { truncated_normal_initializer { stddev: -1 } }',
        [
            "x.config:19:79: feature_config.features[0].initializer.truncated_normal_initializer.stddev: must be at least 0, got -1"
        ],
    ),
    "shared_table_of_two_dimensions": (
        'features { input_names: "user" hash_bucket_size: 100 embedding_dim: 8 }\n  features { input_names: "item" hash_bucket_size: 100 embedding_dim: 8 }',
        'features { input_names: "user" hash_bucket_size: 100 embedding_dim: 8 embedding_name: "id" }\n  features { input_names: "item" hash_bucket_size: 50 embedding_dim: 4 embedding_name: "id" }',
        [
            'x.config:20:34: feature_config.features[1].hash_bucket_size: must be as in feature "user" (line 19), which shares embedding_name "id"',
            'x.config:20:55: feature_config.features[1].embedding_dim: must be as in feature "user" (line 19), which shares embedding_name "id"',
        ],
    ),
    "column_twice": (
        'input_fields { input_name: "item" }',
        'input_fields { input_name: "user" } input_fields { input_name: "item" }',
        [
            'x.config:12:18: data_config.input_fields[3].input_name: must be unique: another column has this name at line 11, got "user"'
        ],
    ),
    "column_without_name": (
        'input_fields { input_name: "item" }',
        'input_fields { input_name: "item" } input_fields { }',
        ["x.config:12:39: data_config.input_fields[4].input_name: must be set"],
    ),
    "default_that_is_no_number": (
        'input_name: "price" input_type: FLOAT',
        'input_name: "price" input_type: FLOAT default_val: "a"',
        ['x.config:14:56: data_config.input_fields[5].default_val: must be a number, got "a"'],
    ),
    "default_beyond_32_bits": (
        'input_name: "click" input_type: INT32',
        'input_name: "click" input_type: INT32 default_val: "3000000000"',
        [
            'x.config:9:56: data_config.input_fields[0].default_val: must fit 32 bits, got "3000000000"'
        ],
    ),
    "defaults_that_no_file_may_hold_either": (
        'input_name: "price" input_type: FLOAT',
        'input_name: "price" input_type: FLOAT default_val: "nan" } input_fields { input_name: "a" input_type: INT64 default_val: "1_0" } input_fields { input_name: "b" input_type: FLOAT default_val: "1e39" } input_fields { input_name: "c" input_type: DOUBLE default_val: ""',
        [
            'x.config:14:56: data_config.input_fields[5].default_val: must be finite, got "nan"',
            'x.config:14:126: data_config.input_fields[6].default_val: must be a whole number, got "1_0"',
            'x.config:14:196: data_config.input_fields[7].default_val: must fit a 32-bit float, got "1e39"',
        ],
    ),
    "matrix_of_a_column_of_single_values": (
        'model_dir: "model"',
        'model_dir: "model" export_config { multi_value_fields { input_name: ["tags", "item"] } }',
        [
            'x.config:3:78: export_config.multi_value_fields.input_name[1]: must be a column of several values, got "item"'
        ],
    ),
    "matrix_of_a_column_with_two_separators": (
        "feature_config {\n",
        'export_config { multi_value_fields { input_name: "tags" } }\nfeature_config {\n features { feature_name: "words" input_names: "tags" feature_type: TagFeature separator: " " }\n',
        [
            'x.config:18:17: export_config.multi_value_fields: must not be set: features "words" and "tags" separate "tags" differently'
        ],
    ),
    "user_columns_that_are_none": (
        'model_dir: "model"',
        'model_dir: "model" export_config { user_columns: ["user", "itm", "buy", "user"] }',
        [
            'x.config:3:59: export_config.user_columns[1]: must be a serving column: an input column that a feature reads, no label, got "itm"; did you mean item?',
            'x.config:3:66: export_config.user_columns[2]: must be a serving column: an input column that a feature reads, no label, got "buy"',
            'x.config:3:73: export_config.user_columns[3]: must be unique: another column of the user has this name at line 3, got "user"',
        ],
    ),
    "user_columns_that_leave_none_to_items": (
        'model_dir: "model"',
        'model_dir: "model" export_config { user_columns: ["user", "item", "tags", "price"] }',
        [
            "x.config:3:51: export_config.user_columns: must leave a serving column to the items: a request has one user and many items"
        ],
    ),
    "matrix_of_a_column_that_another_feature_reads_whole": (
        "feature_config {\n",
        'export_config { auto_multi_value: true }\nfeature_config {\n features { feature_name: "all_tags" input_names: "tags" }\n',
        [
            'x.config:18:17: export_config.auto_multi_value: must not be set: feature "all_tags" reads "tags" as one value'
        ],
    ),
    "default_that_is_no_bool": (
        'input_name: "price" input_type: FLOAT',
        'input_name: "price" input_type: BOOL default_val: "maybe"',
        [
            'x.config:14:55: data_config.input_fields[5].default_val: must be true, false, 1 or 0, got "maybe"'
        ],
    ),
    "label_that_is_no_column": (
        '  label_fields: "buy"',
        '  label_fields: "bought" label_fields: "buy"',
        [
            'x.config:15:3: data_config.label_fields[0]: must be a column of data_config.input_fields, got "bought"'
        ],
    ),
    "label_twice": (
        '  label_fields: "buy"',
        '  label_fields: "buy" label_fields: "buy"',
        [
            'x.config:15:23: data_config.label_fields[1]: must be unique: another label has this name at line 15, got "buy"'
        ],
    ),
    "sample_weight_that_is_no_column": (
        '  label_fields: "buy"',
        '  sample_weight: "w" label_fields: "buy"',
        [
            'x.config:15:3: data_config.sample_weight: must be a column of data_config.input_fields, got "w"'
        ],
    ),
    "sample_weight_that_is_a_label": (
        '  label_fields: "buy"',
        '  sample_weight: "buy" label_fields: "buy"',
        ['x.config:15:3: data_config.sample_weight: must not be a label, got "buy"'],
    ),
    "metric_without_name": (
        "  esmm {",
        "  esmm {\n    ctr_tower { metrics_set { } }",
        [
            "x.config:28:17: model_config.esmm.ctr_tower.metrics_set[0]: must name a metric: auc { } or gauc { ... }"
        ],
    ),
    "gauc_without_user": (
        "  esmm {",
        "  esmm {\n    ctr_tower { metrics_set { gauc { } } }",
        ["x.config:28:31: model_config.esmm.ctr_tower.metrics_set[0].gauc.uid_field: must be set"],
    ),
    "gauc_of_an_unknown_column": (
        "  esmm {",
        '  esmm {\n    ctr_tower { metrics_set { gauc { uid_field: "usr" reduction: "sum" } } }',
        [
            'x.config:28:38: model_config.esmm.ctr_tower.metrics_set[0].gauc.uid_field: must be a column of data_config.input_fields, got "usr"; did you mean user?',
            'x.config:28:55: model_config.esmm.ctr_tower.metrics_set[0].gauc.reduction: must be mean, mean_by_sample_num or mean_by_positive_num, got "sum"',
        ],
    ),
    "no_model_class": (
        '  model_class: "ESMM"\n',
        "",
        ['x.config:24:1: model_config.model_class: must be set; write model_class: "ESMM"'],
    ),
    "unknown_model_class": (
        '"ESMM"',
        '"ESSM"',
        [
            f'x.config:25:3: model_config.model_class: must be one of {", ".join(MODELS)}, got "ESSM"; did you mean ESMM?'
        ],
    ),
    "model_class_of_bst": (
        '"ESMM"',
        '"MultiTowerBST"',
        [
            'x.config:25:3: model_config.model_class: known to EasyRec, refused here: a transformer over histories; use MultiTowerDIN, which attends to them, got "MultiTowerBST"'
        ],
    ),
    "model_class_refused": (
        '"ESMM"',
        '"DSSM"',
        [
            'x.config:25:3: model_config.model_class: known to EasyRec, refused here: it retrieves by nearest vectors, which rates rows of two towers apart; use MultiTower, got "DSSM"'
        ],
    ),
    "model_class_of_other_parameters": (
        '  esmm {\n    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }\n    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }\n  }\n',
        "  model_params { l2_regularization: 1 }\n",
        [
            "x.config:27:3: model_config.model_params: must be esmm { ... } for model_class ESMM, got model_params",
            "x.config:27:3: model_config.model_params.task_towers: must have at least one tower; write task_towers { ... } for each task",
        ],
    ),
    "model_without_parameters": (
        '  esmm {\n    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }\n    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }\n  }\n',
        "",
        ["x.config:24:1: model_config: must hold esmm { ... } for model_class ESMM"],
    ),
    "esmm_without_cvr_tower": (
        '    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }\n',
        "",
        ["x.config:27:3: model_config.esmm.cvr_tower: must be set"],
    ),
    "towers_of_one_name": (
        'tower_name: "cvr"',
        'tower_name: "ctr"',
        [
            'x.config:29:17: model_config.esmm.cvr_tower.tower_name: must not be the name of ctr_tower, got "ctr"'
        ],
    ),
    "towers_of_one_label": (
        'tower_name: "ctr" label_name: "click"',
        'tower_name: "ctr" label_name: "buy"',
        [
            'x.config:29:35: model_config.esmm.cvr_tower.label_name: must not be the label of ctr_tower, got "buy"; without label_name the first of data_config.label_fields is the conversion'
        ],
    ),
    "tower_named_as_the_product": (
        'tower_name: "cvr"',
        'tower_name: "ctcvr"',
        [
            'x.config:29:17: model_config.esmm.cvr_tower.tower_name: must not be the name of the product\'s outputs, got "ctcvr"'
        ],
    ),
    "tower_named_as_the_masked_metrics": (
        'tower_name: "ctr"',
        'tower_name: "cvr_masked"',
        [
            'x.config:28:17: model_config.esmm.ctr_tower.tower_name: must not be the name of cvr_tower\'s metrics over clicked rows, got "cvr_masked"'
        ],
    ),
    "tower_name_that_is_no_variable_name": (
        'tower_name: "cvr"',
        'tower_name: "c/v"',
        [
            "x.config:29:17: model_config.esmm.cvr_tower.tower_name: must be a name of letters, digits, '_', '.' and '-' that begins with a letter, digit or '.' and is more than dots, got \"c/v\""
        ],
    ),
    "regression_of_clicks": (
        'tower_name: "ctr"',
        'tower_name: "ctr" loss_type: L2_LOSS',
        [
            "x.config:28:35: model_config.esmm.ctr_tower.loss_type: must not be L2_LOSS: a click is 0 or 1, got L2_LOSS"
        ],
    ),
    "metrics_inside_sessions": (
        'tower_name: "cvr"',
        'tower_name: "cvr" metrics_set { session_auc { reduction: "median" } } metrics_set { recall_at_topk { topk: 0 session_id_field: "usr" } } metrics_set { precision_at_topk { } }',
        [
            "x.config:29:49: model_config.esmm.cvr_tower.metrics_set[0].session_auc.session_id_field: must be set",
            'x.config:29:63: model_config.esmm.cvr_tower.metrics_set[0].session_auc.reduction: must be mean, mean_by_sample_num or mean_by_positive_num, got "median"; did you mean mean?',
            "x.config:29:118: model_config.esmm.cvr_tower.metrics_set[1].recall_at_topk.topk: must be at least 1, got 0",
            'x.config:29:126: model_config.esmm.cvr_tower.metrics_set[1].recall_at_topk.session_id_field: must be a column of data_config.input_fields, got "usr"; did you mean user?',
        ],
    ),
    "accuracy_of_a_value": (
        'tower_name: "cvr"',
        'tower_name: "cvr" loss_type: L2_LOSS metrics_set { accuracy { } }',
        [
            "x.config:29:68: model_config.esmm.cvr_tower.metrics_set[0].accuracy: must not be a metric of cvr_tower, which predicts a value, got accuracy; use mean_absolute_error"
        ],
    ),
    "loss_not_yet": (
        'tower_name: "cvr"',
        'tower_name: "cvr" loss_type: ZILN_LOSS',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.loss_type: known to EasyRec, not supported here yet: the value of a label that is mostly 0, which is not built: use a tower of CLASSIFICATION for whether there is an amount, and one of L2_LOSS for how much, got ZILN_LOSS"
        ],
    ),
    "loss_of_an_order_that_always_holds": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: ORDER_CALIBRATE_LOSS }',
        [
            "x.config:29:44: model_config.esmm.cvr_tower.losses[0].loss_type: must be another: 0 in ESMM, whose pCTCVR is never above pCTR, got ORDER_CALIBRATE_LOSS"
        ],
    ),
    "joint_ranking_without_session_or_classes": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: JRC_LOSS }',
        [
            "x.config:29:5: model_config.esmm.cvr_tower.num_class: must be 2 for JRC_LOSS, which ranks by the logit of either class, got 1",
            "x.config:29:44: model_config.esmm.cvr_tower.losses[0].loss_type: must come with a session, whose rows it ranks, got JRC_LOSS; write losses { loss_type: JRC_LOSS jrc_loss { session_name: ... } }",
        ],
    ),
    "joint_ranking_as_the_only_loss": (
        'tower_name: "cvr"',
        'tower_name: "cvr" num_class: 2 loss_type: JRC_LOSS',
        [
            "x.config:29:48: model_config.esmm.cvr_tower.loss_type: must come with a session, whose rows it ranks, got JRC_LOSS; write losses { loss_type: JRC_LOSS jrc_loss { session_name: ... } }"
        ],
    ),
    "two_classes_without_joint_ranking": (
        'tower_name: "cvr"',
        'tower_name: "cvr" num_class: 2',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.num_class: must be 1 without JRC_LOSS: one logit is the log odds, got 2"
        ],
    ),
    "session_that_is_no_column": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: PAIR_WISE_LOSS pairwise_loss { session_name: "usr" } }',
        [
            'x.config:29:86: model_config.esmm.cvr_tower.losses[0].pairwise_loss.session_name: must be a column of data_config.input_fields, got "usr"; did you mean user?'
        ],
    ),
    "parameters_of_another_loss": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: PAIR_WISE_LOSS binary_focal_loss { } } losses { loss_type: CLASSIFICATION pairwise_loss { } }',
        [
            "x.config:29:70: model_config.esmm.cvr_tower.losses[0].binary_focal_loss: must be pairwise_loss for PAIR_WISE_LOSS, got binary_focal_loss",
            "x.config:29:129: model_config.esmm.cvr_tower.losses[1].pairwise_loss: must not be set for CLASSIFICATION, got pairwise_loss",
        ],
    ),
    "parameters_of_losses_of_distillation_and_to_come": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: LISTWISE_DISTILL_LOSS listwise_distill_loss { label_clip_max_value: 512 } } losses { ziln_loss { mu_reg: 1 } }',
        [
            "x.config:29:44: model_config.esmm.cvr_tower.losses[0].loss_type: known to EasyRec, refused here: a loss of distillation, for which there is no teacher here; use LISTWISE_RANK_LOSS, got LISTWISE_DISTILL_LOSS",
            "x.config:29:77: model_config.esmm.cvr_tower.losses[0].listwise_distill_loss: known to EasyRec, refused here: a loss of distillation, for which there is no teacher here: use LISTWISE_RANK_LOSS and listwise_rank_loss",
            "x.config:29:140: model_config.esmm.cvr_tower.losses[1].ziln_loss: known to EasyRec, not supported here yet: the value of a label that is mostly 0, which is not built: use a tower of CLASSIFICATION for whether there is an amount, and one of L2_LOSS for how much",
        ],
    ),
    "parameters_of_other_losses_of_pairs": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { pairwise_focal_loss { gamma: 3 } } losses { loss_type: PAIRWISE_HINGE_LOSS pairwise_hinge_loss { margin: -1 temperature: 0 ohem_ratio: 0 use_exponent: true } } losses { loss_type: PAIRWISE_LOGISTIC_LOSS pairwise_logistic_loss { hinge_margin: 1 } }',
        [
            "x.config:29:44: model_config.esmm.cvr_tower.losses[0].pairwise_focal_loss: must not be set for CLASSIFICATION, got pairwise_focal_loss",
            "x.config:29:141: model_config.esmm.cvr_tower.losses[1].pairwise_hinge_loss.margin: must be at least 0, got -1",
            "x.config:29:152: model_config.esmm.cvr_tower.losses[1].pairwise_hinge_loss.temperature: must be greater than 0, got 0",
            "x.config:29:167: model_config.esmm.cvr_tower.losses[1].pairwise_hinge_loss.ohem_ratio: must be in (0, 1], got 0",
            "x.config:29:181: model_config.esmm.cvr_tower.losses[1].pairwise_hinge_loss.use_exponent: known to EasyRec, refused here: an exponential in place of the hinge, which overflows: use PAIRWISE_LOGISTIC_LOSS, which is smooth, got true",
            "x.config:29:272: model_config.esmm.cvr_tower.losses[2].pairwise_logistic_loss.hinge_margin: known to EasyRec, refused here: use PAIR_WISE_LOSS, which has a margin, or PAIRWISE_HINGE_LOSS, got 1",
        ],
    ),
    "share_in_esmm": (
        'tower_name: "cvr"',
        'tower_name: "cvr" loss_type: SIGMOID_L2_LOSS',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.loss_type: must not be a loss of this model, whose value is that of a click, got SIGMOID_L2_LOSS; L2_LOSS predicts it"
        ],
    ),
    "value_beside_log_odds": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: L2_LOSS } losses { loss_type: BINARY_FOCAL_LOSS }',
        [
            "x.config:29:74: model_config.esmm.cvr_tower.losses[1].loss_type: must not stand beside L2_LOSS: an output is a value or log odds, not both, got BINARY_FOCAL_LOSS"
        ],
    ),
    "value_among_the_losses_of_clicks": (
        'tower_name: "ctr"',
        'tower_name: "ctr" losses { loss_type: L2_LOSS }',
        [
            "x.config:28:44: model_config.esmm.ctr_tower.losses[0].loss_type: must not be L2_LOSS: a click is 0 or 1, got L2_LOSS"
        ],
    ),
    "two_losses_of_one_name": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_type: PAIR_WISE_LOSS } losses { loss_type: PAIR_WISE_LOSS } losses { loss_name: "weighted_cross_entropy_loss_ctr" }',
        [
            'x.config:29:72: model_config.esmm.cvr_tower.losses[1]: must be unique: another loss has this name at line 29, got "pair_wise_loss_cvr"',
            'x.config:29:118: model_config.esmm.cvr_tower.losses[2].loss_name: must be unique: another loss has this name at line 28, got "weighted_cross_entropy_loss_ctr"',
        ],
    ),
    "losses_named_like_those_of_the_model": (
        'tower_name: "cvr"',
        'tower_name: "cvr" losses { loss_name: "total_loss" } losses { loss_name: "click_masked_l2_loss_cvr" }',
        [
            'x.config:29:44: model_config.esmm.cvr_tower.losses[0].loss_name: must be another name: evaluations report a loss of the model itself by it, got "total_loss"',
            'x.config:29:79: model_config.esmm.cvr_tower.losses[1].loss_name: must be another name: evaluations report a loss of the model itself by it, got "click_masked_l2_loss_cvr"',
        ],
    ),
    "parameters_of_losses": (
        'tower_name: "cvr"',
        'tower_name: "cvr" num_class: 2 losses { loss_type: BINARY_FOCAL_LOSS loss_name: "a/b" weight: -1 binary_focal_loss { gamma: -1 alpha: 1 ohem_ratio: 0 label_smoothing: 1 } }'
        " losses { loss_type: PAIR_WISE_LOSS pairwise_loss { margin: -1 temperature: 0 } }"
        " losses { loss_type: F1_REWEIGHTED_LOSS f1_reweighted_loss { f1_beta_square: 0 label_smoothing: -1 } }"
        ' losses { loss_type: JRC_LOSS jrc_loss { session_name: "user" alpha: 2 loss_weight_strategy: "uncertainty" } }',
        [
            "x.config:29:86: model_config.esmm.cvr_tower.losses[0].loss_name: must be a name of letters, digits, '_', '.' and '-' that begins with a letter, digit or '.' and is more than dots, got \"a/b\"",
            "x.config:29:103: model_config.esmm.cvr_tower.losses[0].weight: must be at least 0, got -1",
            "x.config:29:134: model_config.esmm.cvr_tower.losses[0].binary_focal_loss.gamma: must be at least 0, got -1",
            "x.config:29:144: model_config.esmm.cvr_tower.losses[0].binary_focal_loss.alpha: must be in (0, 1), got 1",
            "x.config:29:153: model_config.esmm.cvr_tower.losses[0].binary_focal_loss.ohem_ratio: must be in (0, 1], got 0",
            "x.config:29:167: model_config.esmm.cvr_tower.losses[0].binary_focal_loss.label_smoothing: must be in [0, 1), got 1",
            "x.config:29:241: model_config.esmm.cvr_tower.losses[1].pairwise_loss.margin: must be at least 0, got -1",
            "x.config:29:252: model_config.esmm.cvr_tower.losses[1].pairwise_loss.temperature: must be greater than 0, got 0",
            "x.config:29:331: model_config.esmm.cvr_tower.losses[2].f1_reweighted_loss.f1_beta_square: must be greater than 0, got 0",
            "x.config:29:349: model_config.esmm.cvr_tower.losses[2].f1_reweighted_loss.label_smoothing: must be in [0, 1), got -1",
            "x.config:29:434: model_config.esmm.cvr_tower.losses[3].jrc_loss.alpha: must be in [0, 1], got 2",
            'x.config:29:443: model_config.esmm.cvr_tower.losses[3].jrc_loss.loss_weight_strategy: known to EasyRec, not supported here yet: use fixed, or learn_loss_weight, got "uncertainty"',
        ],
    ),
    "weights_and_priors": (
        'tower_name: "cvr"',
        'tower_name: "cvr" weight: -1 num_class: 3 label_prior: 0 in_task_space_weight: -1 out_task_space_weight: -1',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.weight: must be at least 0, got -1",
            "x.config:29:46: model_config.esmm.cvr_tower.num_class: must be 1 or 2, got 3",
            "x.config:29:59: model_config.esmm.cvr_tower.label_prior: must be in (0, 1), got 0",
            "x.config:29:74: model_config.esmm.cvr_tower.in_task_space_weight: must be at least 0, got -1",
            "x.config:29:99: model_config.esmm.cvr_tower.out_task_space_weight: must be at least 0, got -1",
        ],
    ),
    "penalties": (
        "  esmm {",
        "  embedding_regularization: -1 esmm { l2_regularization: -1 click_masked_cvr_weight: -1",
        [
            "x.config:27:3: model_config.embedding_regularization: must be at least 0, got -1",
            "x.config:27:39: model_config.esmm.l2_regularization: must be at least 0, got -1",
            "x.config:27:61: model_config.esmm.click_masked_cvr_weight: must be at least 0, got -1",
        ],
    ),
    "indicator_that_is_no_column": (
        'tower_name: "cvr"',
        'tower_name: "cvr" task_space_indicator_label: "clik"',
        [
            'x.config:29:35: model_config.esmm.cvr_tower.task_space_indicator_label: must be a column of data_config.input_fields, got "clik"; did you mean click?'
        ],
    ),
    "two_groups_without_networks": (
        'feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }',
        'feature_groups { group_name: "a" feature_names: ["user", "item"] } feature_groups { group_name: "b" feature_names: ["tags", "price"] }',
        [
            "x.config:27:3: model_config.esmm: must have one feature group, or groups, got 2 feature groups; add groups { input: ... dnn { ... } } for each, or join them in one feature group"
        ],
    ),
    "network_of_an_unknown_group": (
        "  esmm {",
        '  esmm { groups { input: "al" dnn { hidden_units: 8 } }',
        [
            'x.config:27:19: model_config.esmm.groups[0].input: must be a feature group, got "al"; did you mean all?'
        ],
    ),
    "network_without_layers_of_its_own": (
        "  esmm {",
        '  esmm { groups { input: "all" }',
        [
            "x.config:27:10: model_config.esmm.groups[0].dnn: must be set; hidden_units: [0] is the identity"
        ],
    ),
    "two_networks_of_one_group": (
        "  esmm {",
        '  esmm { groups { input: "all" dnn { hidden_units: 8 } } groups { input: "all" dnn { hidden_units: 8 } }',
        [
            'x.config:27:67: model_config.esmm.groups[1].input: must be unique: another network\'s group has this name at line 27, got "all"'
        ],
    ),
    "tower_of_an_unknown_group": (
        'tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }\n    cvr_tower {',
        'input: "al" tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }\n    cvr_tower { input: "all"',
        [
            'x.config:28:17: model_config.esmm.ctr_tower.input: must be a feature group, got "al"; did you mean all?'
        ],
    ),
    "link_to_a_value": (
        '    cvr_tower { tower_name: "cvr"',
        '    ctr_logit_link: true cvr_tower { loss_type: L2_LOSS tower_name: "cvr"',
        [
            "x.config:29:5: model_config.esmm.ctr_logit_link: must be false where cvr_tower predicts a value, got true"
        ],
    ),
    "link_of_two_classes": (
        '    cvr_tower { tower_name: "cvr"',
        '    ctr_logit_link: true cvr_tower { losses { loss_type: JRC_LOSS jrc_loss { session_name: "user" } } num_class: 2 tower_name: "cvr"',
        [
            "x.config:29:5: model_config.esmm.ctr_logit_link: must be false for towers of two classes, got true"
        ],
    ),
    "one_tower_with_an_input": (
        "    cvr_tower {",
        '    cvr_tower { input: "all"',
        [
            'x.config:29:17: model_config.esmm.cvr_tower.input: must be set in both towers or in none: ctr_tower has no input, got "all"'
        ],
    ),
    "input_beside_groups": (
        '  esmm {\n    ctr_tower { tower_name: "ctr"',
        '  esmm { groups { input: "all" dnn { hidden_units: 8 } }\n    ctr_tower { input: "all" tower_name: "ctr"',
        [
            'x.config:28:17: model_config.esmm.ctr_tower.input: must be set in both towers or in none: cvr_tower has no input, got "all"',
            'x.config:28:17: model_config.esmm.ctr_tower.input: must not stand beside groups: a tower reads them, or a feature group of its own, got "all"',
        ],
    ),
    "no_groups": (
        '  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }\n',
        "",
        ["x.config:24:1: model_config.feature_groups: must list the feature groups"],
    ),
    "group_without_name": (
        'group_name: "all" ',
        "",
        ["x.config:26:3: model_config.feature_groups[0].group_name: must be set"],
    ),
    "group_without_features": (
        'feature_names: ["user", "item", "tags", "price"]',
        "",
        [
            "x.config:26:3: model_config.feature_groups[0].feature_names: must name at least one feature"
        ],
    ),
    "group_of_an_unknown_feature": (
        '["user", "item", "tags", "price"]',
        '["user", "itm", "tags", "price"]',
        [
            'x.config:26:62: model_config.feature_groups[0].feature_names[1]: must be a feature, got "itm"; did you mean item?'
        ],
    ),
    "group_with_a_feature_twice": (
        '["user", "item", "tags", "price"]',
        '["user", "item", "tags", "price", "user"]',
        [
            'x.config:26:87: model_config.feature_groups[0].feature_names[4]: must be unique: a feature of the group has this name at line 26, got "user"'
        ],
    ),
    "groups_of_one_name": (
        "  esmm {",
        '  feature_groups { group_name: "all" feature_names: "item" }\n  esmm { groups { input: "all" dnn { hidden_units: 8 } }',
        [
            'x.config:27:20: model_config.feature_groups[1].group_name: must be unique: another group has this name at line 26, got "all"'
        ],
    ),
    "range_that_falls": (
        '["user", "item", "tags", "price"]',
        '["user", "f[3-1]"]',
        [
            'x.config:26:62: model_config.feature_groups[0].feature_names[1]: must be a range that ascends, got "f[3-1]"'
        ],
    ),
    "range_without_measure": (
        '["user", "item", "tags", "price"]',
        '["user", "f[1-1000000]"]',
        [
            'x.config:26:62: model_config.feature_groups[0].feature_names[1]: must not be a range of more than 100000 names, got "f[1-1000000]"'
        ],
    ),
    "shared_names_beside_two_columns": (
        'input_names: "tags"',
        'input_names: ["tags", "price"] shared_names: "item2"',
        [
            "x.config:21:45: feature_config.features[2].shared_names: must not stand beside two input_names",
            'x.config:21:45: feature_config.features[2].shared_names[0]: must be a column of data_config.input_fields, got "item2"; did you mean item?',
        ],
    ),
    "pairs_in_a_column_of_numbers": (
        'input_names: "tags" feature_type: TagFeature',
        'input_names: "click" feature_name: "tags" feature_type: TagFeature kv_separator: ":"',
        [
            'x.config:21:14: feature_config.features[2].input_names[0]: must be a STRING column, which holds id:weight pairs, got "click" of type INT32',
            'x.config:21:14: feature_config.features[2].input_names[0]: must not be a label: the model would read the answer, got "click"',
        ],
    ),
    "several_numbers_in_a_cell_of_one": (
        "feature_type: RawFeature",
        "feature_type: RawFeature raw_input_dim: 3",
        [
            'x.config:22:14: feature_config.features[3].input_names[0]: must be a STRING column, which holds several numbers in a row, got "price" of type FLOAT; declare it as STRING, or set raw_input_dim: 1'
        ],
    ),
    "shared_table_of_other_rows": (
        'feature_type: RawFeature }\n}\nmodel_config {\n  model_class: "ESMM"\n  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"',
        'feature_type: RawFeature boundaries: [1, 2] embedding_dim: 8 embedding_name: "p" }\n  features { feature_name: "fine" input_names: "price" boundaries: [1, 2, 3] embedding_dim: 8 embedding_name: "p" feature_type: RawFeature }\n}\nmodel_config {\n  model_class: "ESMM"\n  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price", "fine"',
        [
            'x.config:23:3: feature_config.features[4]: must have a table of 3 rows, as has feature "price" (line 22), which shares embedding_name "p", got 4'
        ],
    ),
    "exporter_unknown": (
        'model_dir: "model"',
        'model_dir: "model" export_config { exporter_type: "lastest" exports_to_keep: 0 }',
        [
            'x.config:3:36: export_config.exporter_type: must be final, latest, best or none, got "lastest"; did you mean latest?',
            "x.config:3:61: export_config.exports_to_keep: must be at least 1, got 0",
        ],
    ),
    "export_of_no_rows": (
        'model_dir: "model"',
        'model_dir: "model" export_config { batch_size: 0 }',
        ["x.config:3:36: export_config.batch_size: must be -1 or at least 1, got 0"],
    ),
    "assets_missing_or_hidden_by_the_config": (
        'model_dir: "model"',
        'model_dir: "model" export_config { asset_files: ["no.txt", "/nowhere/no.txt"] }',
        [
            'x.config:3:50: export_config.asset_files[0]: must be an existing file, got "no.txt"',
            'x.config:3:60: export_config.asset_files[1]: must be an existing file, got "/nowhere/no.txt"',
        ],
    ),
    "weights_drawn_at_random": (
        "  esmm {",
        "  loss_weight_strategy: Random esmm {",
        [
            "x.config:27:3: model_config.loss_weight_strategy: known to EasyRec, refused here: weights of losses that are drawn anew at each step: use Fixed or Uncertainty, got Random"
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_reported_at_its_place(case: str, problems_of: Problems) -> None:
    old, new, expected = CASES[case]
    assert problems_of(old, new) == expected


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "must hold one id a line, and is empty"),
        (b"a\nb\r\na\n", 'must hold each id once, and holds "a" more often'),
        (
            b"a\n\n\n",
            "must hold no empty line, which TensorFlow refuses, and holds one, line 2",
        ),
        (b"a\r\nb\r\n", ""),
        ("上衣\n裙子".encode(), ""),
        (
            "上衣\n裙子".encode("utf-8-sig"),
            "must not begin with a byte order mark, which would be a part of its first id",
        ),
        (
            b"a\nb\rc\nd",
            "must end its lines with '\\n' or '\\r\\n', and holds another '\\r' in line 2",
        ),
        (
            b"a\n" + "上衣\n裙子".encode("gbk"),
            "must be UTF-8, as features see the text of CSV files, and is not in line 2",
        ),
    ],
)
def test_vocabulary_file_is_read(
    problems_of: Problems,
    load: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    rule: str,
) -> None:
    (tmp_path / "ids.txt").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    change = (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user" vocab_file: "ids.txt"',
    )
    if not rule:
        load(*change)
        return
    assert problems_of(*change) == [
        f'x.config:19:34: feature_config.features[0].vocab_file: {rule}, got "ids.txt"'
    ]


def test_vocabulary_file_that_is_a_folder_is_refused(problems_of: Problems, tmp_path: Path) -> None:
    change = f'input_names: "user" vocab_file: "{tmp_path}"'
    (line,) = problems_of('input_names: "user" hash_bucket_size: 100', change)
    assert (
        "feature_config.features[0].vocab_file: must be a file that can be read (Is a dir" in line
    )
