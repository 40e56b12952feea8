"""Settings that are legal and do nothing are noted, with their place."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

# (old, new, edits=(), command="check") -> Pipeline; see conftest.py.
Load = Any

# What is wrong: (text of the base config, what replaces it, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "no_effect_field": (
        "  num_steps: 100",
        "  num_steps: 100 num_gpus_per_worker: 2",
        [
            "x.config:6:18: train_config.num_gpus_per_worker: has no effect here: MirroredStrategy takes all GPUs that CUDA_VISIBLE_DEVICES shows"
        ],
    ),
    "strategies_of_one_process": (
        "  num_steps: 100",
        "  num_steps: 100 train_distribute: PSStrategy train_distribute: 5",
        [
            "x.config:6:47: train_config.train_distribute: has no effect here: everything runs in one process, as under NoStrategy: workers that wait for each other are not supported; several machines train over parameter servers, see docs/distributed.md"
        ],
    ),
    "layers_of_an_identity": (
        'label_name: "buy" dnn { hidden_units: [8, 4]',
        'label_name: "buy" dnn { hidden_units: 0 dropout_ratio: 0.5 activation: "dice"',
        [
            "x.config:29:75: model_config.esmm.cvr_tower.dnn.dropout_ratio: has no effect here: hidden_units: [0] is the identity",
            "x.config:29:94: model_config.esmm.cvr_tower.dnn.activation: has no effect here: hidden_units: [0] is the identity",
        ],
    ),
    "a_limit_of_rows_that_are_not_skipped": (
        "  num_steps: 100",
        "  num_steps: 100 } data_config { max_errors: 9",
        ["x.config:6:34: data_config.max_errors: has no effect here: ignore_error is false"],
    ),
    "no_effect_field_at_its_default": (
        "  num_steps: 100",
        "  num_steps: 100 num_gpus_per_worker: 1 sync_replicas: true",
        [],
    ),
    "comparison_that_decides_nothing": (
        'model_dir: "model"',
        'model_dir: "model" export_config { best_exporter_metric: "loss" metric_bigger: false max_check_steps: 5 }',
        [
            "x.config:3:36: export_config.best_exporter_metric: has no effect here: exporter_type is not best, and enable_early_stop is false",
            "x.config:3:65: export_config.metric_bigger: has no effect here: exporter_type is not best, and enable_early_stop is false",
            "x.config:3:86: export_config.max_check_steps: has no effect here: enable_early_stop is false",
        ],
    ),
    "stop_that_says_all_by_itself": (
        'model_dir: "model"',
        'model_dir: "model" export_config { enable_early_stop: true early_stop_func: "stop_if_lower" metric_bigger: false max_check_steps: 5 early_stop_params: \'{"threshold": 0.1}\' }',
        [
            "x.config:3:93: export_config.metric_bigger: has no effect here: early_stop_func decides, and exporter_type is not best",
            "x.config:3:114: export_config.max_check_steps: has no effect here: early_stop_func or early_stop_params set the limit",
        ],
    ),
    "stop_whose_parameters_give_the_steps": (
        'model_dir: "model"',
        'model_dir: "model" export_config { enable_early_stop: true max_check_steps: 5 early_stop_params: \'{"max_steps_without_increase": 9}\' }',
        [
            "x.config:3:60: export_config.max_check_steps: has no effect here: early_stop_func or early_stop_params set the limit",
        ],
    ),
    "stop_that_reads_the_steps": (
        'model_dir: "model"',
        'model_dir: "model" export_config { enable_early_stop: true max_check_steps: 5 early_stop_params: \'{"metric_name": "auc_ctr"}\' }',
        [],
    ),
    "burn_in_of_no_steps": (
        "constant_learning_rate { }",
        "exponential_decay_learning_rate { burnin_learning_rate: 0.001 }",
        [
            "x.config:5:94: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.exponential_decay_learning_rate.burnin_learning_rate: has no effect here: burnin_steps is 0"
        ],
    ),
    "loss_that_should_grow": (
        'model_dir: "model"',
        'model_dir: "model" export_config { exporter_type: "best" best_exporter_metric: "loss" }',
        [
            "x.config:3:58: export_config.best_exporter_metric: a larger loss is taken for a better one: is metric_bigger: false meant?"
        ],
    ),
    "checkpoints_by_time": (
        "  num_steps: 100",
        "  num_steps: 100 save_checkpoints_secs: 60 save_checkpoints_steps: 7",
        [
            "x.config:6:44: train_config.save_checkpoints_steps: has no effect here: save_checkpoints_secs comes first"
        ],
    ),
    "warm_up_of_no_steps": (
        "constant_learning_rate { }",
        "cosine_decay_learning_rate { warmup_steps: 0 warmup_learning_rate: 0.001 }",
        [
            "x.config:5:105: train_config.optimizer_config[0].lazy_adam_optimizer.learning_rate.cosine_decay_learning_rate.warmup_learning_rate: has no effect here: warmup_steps is 0"
        ],
    ),
    "decay_of_no_average": (
        "  optimizer_config {",
        "  optimizer_config { moving_average_decay: 0.9",
        [
            "x.config:5:22: train_config.optimizer_config[0].moving_average_decay: has no effect here: use_moving_average is false"
        ],
    ),
    "average_of_first_values": (
        "  optimizer_config {",
        "  optimizer_config { use_moving_average: true",
        [
            "x.config:5:3: train_config.optimizer_config[0].moving_average_decay: of the first values 99% are left in the averages after 100 steps; 1% after 46,042"
        ],
    ),
    "average_of_late_values": (
        "  optimizer_config {",
        "  optimizer_config { use_moving_average: true moving_average_decay: 0.9",
        [],
    ),
    "header_of_parquet": (
        '  label_fields: "buy"',
        '  input_type: ParquetInput with_header: true separator: ";" label_fields: "buy"',
        [
            "x.config:15:28: data_config.with_header: has no effect here: only CSV files have a header",
            "x.config:15:46: data_config.separator: has no effect here: only CSV files have a separator",
        ],
    ),
    "separator_of_parquet_in_one_placeholder": (
        '  label_fields: "buy"',
        '  input_type: ParquetInput separator: ";" label_fields: "buy" }\nexport_config { multi_placeholder: false }\ndata_config {',
        [],
    ),
    "compression_of_csv": (
        '  label_fields: "buy"',
        '  data_compression_type: "GZIP" eval_batch_size: 64 shard: true label_fields: "buy"',
        [
            "x.config:15:3: data_config.data_compression_type: has no effect here: only TFRecordInput reads it",
            "x.config:15:33: data_config.eval_batch_size: has no effect here: evaluation and prediction use batch_size; metrics do not depend on it",
            "x.config:15:53: data_config.shard: has no effect here: there is one worker, which reads all rows",
        ],
    ),
    "buffer_of_no_shuffle": (
        '  label_fields: "buy"',
        '  shuffle: false shuffle_buffer_size: 64 label_fields: "buy"',
        ["x.config:15:18: data_config.shuffle_buffer_size: has no effect here: shuffle is false"],
    ),
    "tag_settings_of_an_id_feature": (
        'input_names: "user"',
        'input_names: "user" separator: "," kv_separator: ":" combiner: "mean"',
        [
            "x.config:19:34: feature_config.features[0].separator: has no effect here: an IdFeature is one value",
            "x.config:19:49: feature_config.features[0].kv_separator: has no effect here: only a TagFeature and a LookupFeature read it",
            "x.config:19:67: feature_config.features[0].combiner: has no effect here: an IdFeature has one value",
        ],
    ),
    "other_ids_of_a_combination": (
        'input_names: "user"',
        'input_names: ["user", "item"] feature_type: ComboFeature separator: "," combiner: "mean" vocab_list: "a" num_buckets: 3 precision: 1',
        [
            "x.config:19:71: feature_config.features[0].separator: has no effect here: combo_input_seps split the columns of a ComboFeature",
            "x.config:19:86: feature_config.features[0].combiner: has no effect here: without combo_input_seps there is one combination",
            "x.config:19:103: feature_config.features[0].vocab_list: has no effect here: a ComboFeature is hashed",
            "x.config:19:119: feature_config.features[0].num_buckets: has no effect here: a ComboFeature is hashed",
            "x.config:19:134: feature_config.features[0].precision: has no effect here: the feature reads no FLOAT or DOUBLE column",
        ],
    ),
    "combo_settings_of_an_id_feature": (
        'input_names: "user"',
        'input_names: "user" combo_join_sep: "_" combo_input_seps: "|"',
        [
            "x.config:19:34: feature_config.features[0].combo_join_sep: has no effect here: only a ComboFeature reads it",
            "x.config:19:54: feature_config.features[0].combo_input_seps: has no effect here: only a ComboFeature reads it",
        ],
    ),
    "settings_of_other_types_in_an_id_feature": (
        'input_names: "user"',
        'input_names: "user" max_seq_len: 3 lookup_max_sel_elem_num: 3 expression: "1" normalizer_fn: "log1p"',
        [
            "x.config:19:34: feature_config.features[0].max_seq_len: has no effect here: only a TagFeature and a SequenceFeature read it",
            "x.config:19:49: feature_config.features[0].lookup_max_sel_elem_num: has no effect here: only a LookupFeature reads it",
            "x.config:19:76: feature_config.features[0].expression: has no effect here: only an ExprFeature reads it",
            "x.config:19:92: feature_config.features[0].normalizer_fn: has no effect here: only a RawFeature and a SequenceFeature read it",
        ],
    ),
    "table_of_an_expression": (
        'input_names: "price" feature_type: RawFeature',
        'input_names: ["price", "item"] feature_type: ExprFeature expression: "price" embedding_dim: 2 combiner: "mean" hash_bucket_size: 3 separator: ","',
        [
            'x.config:22:37: feature_config.features[3].input_names[1]: has no effect here: the expression does not read "item"',
            "x.config:22:91: feature_config.features[3].embedding_dim: has no effect here: an ExprFeature is one number",
            "x.config:22:108: feature_config.features[3].combiner: has no effect here: an ExprFeature is one number",
            "x.config:22:125: feature_config.features[3].hash_bucket_size: has no effect here: an ExprFeature is one number",
            "x.config:22:145: feature_config.features[3].separator: has no effect here: an expression reads single numbers",
        ],
    ),
    "text_of_a_raw_feature": (
        "feature_type: RawFeature",
        'feature_type: RawFeature precision: 2 combiner: "mean"',
        [
            "x.config:22:60: feature_config.features[3].precision: has no effect here: a RawFeature is not read as text",
            "x.config:22:73: feature_config.features[3].combiner: has no effect here: a RawFeature has no ids",
        ],
    ),
    "combiner_of_several_numbers_in_buckets": (
        "feature_type: TagFeature hash_bucket_size: 9",
        'feature_type: RawFeature raw_input_dim: 2 boundaries: [1, 2] combiner: "mean" separator: ","',
        [],
    ),
    "raw_settings_of_an_id_feature": (
        'input_names: "user"',
        'input_names: "user" boundaries: [1, 2] min_val: 1 max_val: 2 raw_input_dim: 2',
        [
            "x.config:19:47: feature_config.features[0].boundaries[0]: has no effect here: only a RawFeature and a SequenceFeature read it",
            "x.config:19:53: feature_config.features[0].min_val: has no effect here: only a RawFeature and a SequenceFeature read it",
            "x.config:19:64: feature_config.features[0].max_val: has no effect here: only a RawFeature and a SequenceFeature read it",
            "x.config:19:75: feature_config.features[0].raw_input_dim: has no effect here: only a RawFeature and a SequenceFeature read it",
        ],
    ),
    "id_settings_of_a_raw_feature": (
        "feature_type: RawFeature",
        'feature_type: RawFeature hash_bucket_size: 3 vocab_list: ["a", "b"] embedding_name: "x" initializer { } separator: ","',
        [
            "x.config:22:60: feature_config.features[3].hash_bucket_size: has no effect here: a RawFeature has no ids",
            "x.config:22:93: feature_config.features[3].vocab_list[0]: has no effect here: a RawFeature has no ids",
            "x.config:22:103: feature_config.features[3].embedding_name: has no effect here: without embedding_dim there is no table",
            "x.config:22:123: feature_config.features[3].initializer: has no effect here: without embedding_dim there is no table",
            "x.config:22:139: feature_config.features[3].separator: has no effect here: a RawFeature of raw_input_dim 1 is one value",
        ],
    ),
    "second_source_of_ids": (
        'input_names: "user"',
        'input_names: "user" num_buckets: 3 vocab_list: ["a", "b"]',
        [
            "x.config:19:34: feature_config.features[0].num_buckets: has no effect here: hash_bucket_size, vocab_list and vocab_file come first",
            "x.config:19:62: feature_config.features[0].vocab_list[0]: has no effect here: hash_bucket_size comes first",
        ],
    ),
    "flat_form_beside_the_other": (
        'model_dir: "model"',
        'model_dir: "model" feature_configs { input_names: "user" hash_bucket_size: 9 embedding_dim: 2 precision: 2 shared_names: ["item", "tags", "price"] }',
        ["x.config:18:1: feature_config: has no effect here: feature_configs is set, and wins"],
    ),
    "common_metrics_that_no_tower_needs": (
        "  esmm {",
        '  esmm {\n    ctr_tower { metrics_set { auc { } } } cvr_tower { metrics_set { auc { } } } } }\neval_config { metrics_set { auc { } } metrics_set { gauc { uid_field: "user" } } }\nmodel_config { esmm {',
        [
            "x.config:29:15: eval_config.metrics_set[0]: has no effect here: every tower has a metrics_set",
            "x.config:29:39: eval_config.metrics_set[1]: has no effect here: every tower has a metrics_set",
        ],
    ),
    "few_thresholds": (
        "  esmm {",
        "  esmm {\n    ctr_tower { metrics_set { auc { num_thresholds: 200 } } } cvr_tower { metrics_set { auc { num_thresholds: 200 exact: false } } }",
        [
            "x.config:28:37: model_config.esmm.ctr_tower.metrics_set[0].auc.num_thresholds: has no effect here: the estimate has 65536 cells anyway"
        ],
    ),
    "task_space_without_indicator": (
        'tower_name: "cvr"',
        'tower_name: "cvr" in_task_space_weight: 2 out_task_space_weight: 0.5',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.in_task_space_weight: has no effect here: the tower has no task_space_indicator_label",
            "x.config:29:59: model_config.esmm.cvr_tower.out_task_space_weight: has no effect here: the tower has no task_space_indicator_label",
        ],
    ),
    "refusal_of_a_weight_that_is_not_there": (
        'tower_name: "cvr"',
        'tower_name: "cvr" use_sample_weight: false',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.use_sample_weight: has no effect here: data_config.sample_weight is not set"
        ],
    ),
    "loss_type_beside_losses": (
        'tower_name: "cvr"',
        'tower_name: "cvr" loss_type: PAIR_WISE_LOSS losses { loss_type: CLASSIFICATION learn_loss_weight: true }',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.loss_type: has no effect here: the tower has losses, and they win"
        ],
    ),
    "prior_of_a_regression_by_its_losses": (
        'tower_name: "cvr"',
        'tower_name: "cvr" label_prior: 0.1 losses { loss_type: L2_LOSS }',
        [
            "x.config:29:35: model_config.esmm.cvr_tower.label_prior: has no effect here: a regression has no log odds"
        ],
    ),
    "weight_that_is_learned_anyway": (
        'model_class: "ESMM"',
        'model_class: "ESMM" loss_weight_strategy: Uncertainty esmm { ctr_tower { losses { learn_loss_weight: true } } }',
        [
            "x.config:25:85: model_config.esmm.ctr_tower.losses[0].learn_loss_weight: has no effect here: loss_weight_strategy is Uncertainty"
        ],
    ),
    "prior_of_a_regression": (
        'tower_name: "cvr"',
        'tower_name: "cvr" loss_type: L2_LOSS label_prior: 0.1',
        [
            "x.config:29:54: model_config.esmm.cvr_tower.label_prior: has no effect here: a regression has no log odds"
        ],
    ),
    "exports_kept_of_one": (
        'model_dir: "model"',
        'model_dir: "model" export_config { exports_to_keep: 3 }',
        [
            "x.config:3:36: export_config.exports_to_keep: has no effect here: only exporter_type latest and best write several"
        ],
    ),
    "matrices_of_one_joined_input": (
        'model_dir: "model"',
        'model_dir: "model" export_config { multi_placeholder: false auto_multi_value: true multi_value_fields { input_name: "tags" } }',
        [
            "x.config:3:61: export_config.auto_multi_value: has no effect here: the only serving input is one text",
            "x.config:3:105: export_config.multi_value_fields.input_name: has no effect here: auto_multi_value is set, or the only serving input is one text",
        ],
    ),
    "user_columns_of_one_joined_input": (
        'model_dir: "model"',
        'model_dir: "model" export_config { multi_placeholder: false user_columns: "user" }',
        [
            "x.config:3:61: export_config.user_columns: has no effect here: the only serving input is one text, so there is no signature rank"
        ],
    ),
    "user_columns_of_a_fixed_batch": (
        'model_dir: "model"',
        'model_dir: "model" export_config { batch_size: 8 user_columns: "user" }',
        [
            "x.config:3:50: export_config.user_columns: has no effect here: batch_size fixes the rows of a request, so there is no signature rank"
        ],
    ),
    "feature_in_no_group": (
        '["user", "item", "tags", "price"]',
        '["user", "item", "tags"]',
        [
            'x.config:22:3: feature_config.features[3]: feature "price" is in no feature group: it trains nothing and stays a serving input'
        ],
    ),
    "group_in_no_network": (
        "  esmm {",
        '  feature_groups { group_name: "b" feature_names: "user" } esmm { groups { input: "all" dnn { hidden_units: 8 } }',
        [
            'x.config:27:3: model_config.feature_groups[1]: feature group "b" feeds no network and no tower: it has no effect'
        ],
    ),
    "paths_that_training_needs": (
        'train_input_path: "train.csv"\neval_input_path: "test.csv"\nmodel_dir: "model"\n',
        "",
        [
            "x.config:1:1: eval_input_path: is not set: training goes without evaluation",
            "x.config:1:1: model_dir: is not set: training needs --model_dir",
            "x.config:1:1: train_input_path: is not set: training needs --train_input_path",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_unused_field_is_noted(case: str, load: Load, tmp_path: Path) -> None:
    old, new, expected = CASES[case]
    notes = [note.replace(f"{tmp_path}/", "") for note in load(old, new).notes]
    assert notes == expected
