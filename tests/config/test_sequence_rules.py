"""What is said of sequences and attentions that do not fit: place and wording."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

Problems = Any

FEATURES = """features { input_names: "tags" feature_type: TagFeature hash_bucket_size: 9 embedding_dim: 8 }"""
PAST = 'features { feature_name: "past" input_names: "tags" feature_type: SequenceFeature hash_bucket_size: 9 embedding_dim: 8'
GROUP = 'group_name: "all" feature_names: ["user", "item", "tags", "price"]'
ATTENTION = "model_config.feature_groups[0].sequence_features[0]"


def changed(attention: str, past: str = "}") -> str:
    """The base config from its third feature on, with another feature and an attention."""
    return f"""{FEATURES} {PAST} {past}
  features {{ input_names: "price" feature_type: RawFeature }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: ["user", "item", "tags", "price"]
    {attention} }}"""


OLD = f"""{FEATURES}
  features {{ input_names: "price" feature_type: RawFeature }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ {GROUP} }}"""

# What is wrong: (sequence_features, what the sequence has besides, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "a_name_that_variables_cannot_bear": (
        "sequence_features { group_name: 'a & b' seq_att_map { key: 'item' hist_seq: 'past' } }",
        "}",
        [
            f"x.config:27:25: {ATTENTION}.group_name: must be a name of letters, digits, '_', '.', '-' and '/', got \"a & b\""
        ],
    ),
    "unknown_names": (
        "sequence_features { seq_att_map { key: 'itm' hist_seq: 'pst' aux_hist_seq: 'x' } }",
        "}",
        [
            f'x.config:27:39: {ATTENTION}.seq_att_map[0].key[0]: must be a feature, got "itm"; did you mean item?',
            f'x.config:27:50: {ATTENTION}.seq_att_map[0].hist_seq[0]: must be a feature, got "pst"; did you mean past?',
            f'x.config:27:66: {ATTENTION}.seq_att_map[0].aux_hist_seq[0]: must be a feature, got "x"',
        ],
    ),
    "histories_and_keys_of_the_wrong_kind": (
        "sequence_features { seq_att_map { key: 'past' hist_seq: 'item' aux_hist_seq: 'user' } }",
        "}",
        [
            f'x.config:27:39: {ATTENTION}.seq_att_map[0].key[0]: must not be a SequenceFeature: a key is what a row has one of, got "past"',
            f'x.config:27:51: {ATTENTION}.seq_att_map[0].hist_seq[0]: must be a SequenceFeature, got "item"; set feature_type: SequenceFeature',
            f'x.config:27:68: {ATTENTION}.seq_att_map[0].aux_hist_seq[0]: must be a SequenceFeature, got "user"; set feature_type: SequenceFeature',
        ],
    ),
    "more_keys_than_histories": (
        "sequence_features { seq_att_map { key: ['item', 'user'] hist_seq: 'past' } }",
        "}",
        [
            f"x.config:27:25: {ATTENTION}.seq_att_map[0]: must have a key as wide as the history (embedding_dim, side by side: item, user against past), got 16 against 8; or set allow_key_transform: true",
            f"x.config:27:45: {ATTENTION}.seq_att_map[0].key: must name as many features as hist_seq: each key is compared with one history, got 2 for 1; or set allow_key_transform: true",
        ],
    ),
    "unlike_widths": (
        "sequence_features { seq_att_map { key: 'price' hist_seq: 'past' } }",
        "}",
        [
            f"x.config:27:25: {ATTENTION}.seq_att_map[0]: must have a key as wide as the history (embedding_dim, side by side: price against past), got 1 against 8; or set allow_key_transform: true",
        ],
    ),
    "nothing_to_attend": (
        "sequence_features { }",
        "}",
        [
            f"x.config:27:5: {ATTENTION}.seq_att_map: must name at least one hist_seq",
            f"x.config:27:5: {ATTENTION}.seq_att_map: must name at least one key",
        ],
    ),
    "a_history_twice": (
        "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' aux_hist_seq: 'past' } }",
        "}",
        [
            f'x.config:27:68: {ATTENTION}.seq_att_map[0].aux_hist_seq[0]: must be unique: a history of the attention has this name at line 27, got "past"'
        ],
    ),
    "scores_of_two_units": (
        "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' } seq_dnn { hidden_units: [8, 2] } }",
        "}",
        [
            f"x.config:27:98: {ATTENTION}.seq_dnn.hidden_units[1]: must be 1 in the last layer, which gives an element its score, got 2; write [8, 2, 1]"
        ],
    ),
    "two_attentions_of_one_name": (
        "sequence_features { group_name: 'a' seq_att_map { key: 'item' hist_seq: 'past' } } sequence_features { group_name: 'a' seq_att_map { key: 'item' hist_seq: 'past' } }",
        "}",
        [
            'x.config:27:108: model_config.feature_groups[0].sequence_features[1].group_name: must be unique: another attention of the group has this name at line 27, got "a"'
        ],
    ),
    "elements_of_a_strange_kind": (
        "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' } }",
        "sub_feature_type: TagFeature }",
        [
            "x.config:21:217: feature_config.features[3].sub_feature_type: must be IdFeature or RawFeature, got TagFeature"
        ],
    ),
    "equal_separators": (
        "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' } }",
        "separator: ';' seq_multi_sep: ';' }",
        [
            'x.config:21:232: feature_config.features[3].seq_multi_sep: must not be as separator, which stands between the elements, got ";"'
        ],
    ),
    "buckets_without_vectors": (
        "sequence_features { allow_key_transform: true seq_att_map { key: 'item' hist_seq: 'past' } }",
        "embedding_dim: 0 sub_feature_type: RawFeature boundaries: [2, 1] }",
        [
            "x.config:21:217: feature_config.features[3].embedding_dim: must be at least 1 for a sequence of numbers with buckets, got 0",
            "x.config:21:279: feature_config.features[3].boundaries[1]: must be greater than the boundary before it, 2, got 1",
        ],
    ),
    "no_ids": (
        "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' } }",
        "hash_bucket_size: 0 }",
        [
            "x.config:21:98: feature_config.features[3]: must have one of hash_bucket_size, vocab_list, vocab_file, num_buckets for feature_type SequenceFeature"
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_mistake_is_reported_at_its_place(problems_of: Problems, name: str) -> None:
    attention, past, lines = CASES[name]
    assert problems_of(OLD, changed(attention, past)) == lines


def test_attention_without_a_fault_is_accepted_and_completed(load: Any) -> None:
    attention = "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' } }"
    (group,) = load(OLD, changed(attention)).config.model_config.feature_groups
    (found,) = group.sequence_features
    assert (found.group_name, list(found.seq_dnn.hidden_units)) == ("seq_0", [128, 64, 32, 1])


def test_a_key_may_be_compared_with_several_histories(load: Any) -> None:
    attention = """sequence_features { seq_att_map { key: 'item' hist_seq: 'past' }
      seq_att_map { key: 'item' hist_seq: 'bought' } }"""
    past = "} " + PAST.replace('"past"', '"bought"') + " }"
    (group,) = load(OLD, changed(attention, past)).config.model_config.feature_groups
    assert [list(one.key) for one in group.sequence_features[0].seq_att_map] == [["item"]] * 2


def test_sequence_in_the_matrix_is_refused_with_what_to_write(problems_of: Problems) -> None:
    text = changed("").replace('"price"]', '"price", "past"]')
    assert problems_of(OLD, text) == [
        'x.config:26:87: model_config.feature_groups[0].feature_names[4]: must not be a SequenceFeature, which has no place in the group\'s matrix, got "past"; name it as hist_seq in sequence_features of the group, or make it a TagFeature'
    ]


def test_inner_lists_are_text(problems_of: Problems, base: str) -> None:
    old = 'features { input_names: "price" feature_type: RawFeature }'
    new = f'{old} features {{ feature_name: "prices" input_names: "price" feature_type: SequenceFeature sub_feature_type: RawFeature seq_multi_sep: ":" }}'
    assert problems_of(old, new) == [
        'x.config:22:96: feature_config.features[4].input_names[0]: must be a STRING column, whose elements are split at seq_multi_sep, got "price" of type FLOAT'
    ]


def test_settings_without_effect_are_noted(load: Any) -> None:
    attention = "sequence_features { seq_att_map { key: 'item' hist_seq: 'past' } }"
    notes = load(OLD, changed(attention, "combiner: 'mean' min_val: 1 }")).notes
    told = [note.partition(": feature_config.features[3].")[2] for note in notes]
    assert [text for text in told if text] == [
        "combiner: has no effect here: without seq_multi_sep an element is one id",
        "min_val: has no effect here: only a sequence of numbers reads it (sub_feature_type: RawFeature)",
    ]
