"""Models that would do more than answer are not loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional

import pytest
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel as Message

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.features.functions import FUNCTIONS
from easy_esmm.layers.activations import ACTIVATIONS
from easy_esmm.serving import allowed_ops, saved_graph
from easy_esmm.serving.saved_model import SavedModel


class Model:
    """A SavedModel that doubles what it is given, and what is added to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "7"
        self.builder = v1.saved_model.Builder(str(self.path))
        self.has_graph = False

    def add(
        self,
        add_to_answer: Callable[[Any], Any] = lambda answer: answer,
        start: Callable[[], Any] = tf.no_op,
        tags: Any = ("serve",),
        **more: Any,
    ) -> Model:
        with tf.Graph().as_default(), v1.Session() as session:
            factor = v1.get_variable("factor", initializer=2.0, use_resource=True)
            given = v1.placeholder(tf.float32, [None])
            answer = add_to_answer(given * factor)
            signature = v1.saved_model.predict_signature_def({"x": given}, {"y": answer})
            session.run(v1.global_variables_initializer())
            session.run(v1.tables_initializer())
            more["assets_collection"] = v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)
            signatures = {"signature_def_map": {"serving_default": signature}, "main_op": start()}
            if self.has_graph:
                self.builder.add_meta_graph(list(tags), **signatures, **more)
            else:
                self.builder.add_meta_graph_and_variables(session, list(tags), **signatures, **more)
        self.has_graph = True
        return self

    def save(self, edit: Optional[Callable[[Any], Any]] = None) -> str:
        self.builder.save()
        if edit is not None:
            file = self.path / "saved_model.pb"
            message = Message.FromString(file.read_bytes())
            edit(message.meta_graphs[0])
            file.write_bytes(message.SerializeToString())
        return str(self.path)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model(tmp_path)


def write_to(path: Path) -> Any:
    return tf.raw_ops.WriteFile(filename=str(path), contents="written")


def refuses(folder: str, text: str) -> None:
    with pytest.raises(UserError, match=text):
        SavedModel(folder)


def test_a_model_that_only_answers_is_loaded(model: Model) -> None:
    folder = model.add().save()
    assert allowed_ops.problems(folder) == []
    with SavedModel(folder) as loaded:
        assert loaded.score({"x": [1.0, 4.0]})["y"].tolist() == [2.0, 8.0]


def test_a_main_op_that_writes_a_file_is_named_and_never_run(model: Model, tmp_path: Path) -> None:
    written = tmp_path / "written"
    folder = model.add(start=lambda: write_to(written)).save()
    refuses(folder, r"7: in the graph with tags serve: node WriteFile is a WriteFile, which no ans")
    assert not written.exists()
    with tf.Graph().as_default(), v1.Session() as session:  # as TensorFlow alone would load it
        v1.saved_model.load(session, ["serve"], folder)
    assert written.exists()


def test_an_answer_that_reads_a_file_is_refused(model: Model) -> None:
    def reading(answer: Any) -> Any:
        with tf.control_dependencies([tf.io.read_file("/etc/passwd")]):
            return tf.identity(answer)

    refuses(model.add(reading).save(), "node ReadFile is a ReadFile, which no answer needs")


def test_an_operation_inside_a_function_is_found(model: Model, tmp_path: Path) -> None:
    def branching(answer: Any) -> Any:
        @tf.function
        def branch() -> Any:
            write_to(tmp_path / "written")
            return tf.constant(1.0)

        one = branch.get_concrete_function()
        wanted = tf.raw_ops.If(
            cond=True, input=[], Tout=[tf.float32], then_branch=one, else_branch=one
        )
        return answer * wanted[0]

    refuses(model.add(branching).save(), "node WriteFile of function .*branch.* is a WriteFile")


def test_a_function_with_the_name_of_an_operation_hides_nothing(
    model: Model, tmp_path: Path
) -> None:
    def shadow(meta_graph: Any) -> None:
        function = meta_graph.graph_def.library.function.add()
        function.signature.name = "WriteFile"

    folder = model.add(start=lambda: write_to(tmp_path / "written")).save(shadow)
    refuses(folder, "node WriteFile is a WriteFile")


def test_every_graph_of_a_file_is_looked_into(model: Model, tmp_path: Path) -> None:
    model.add().add(start=lambda: write_to(tmp_path / "written"), tags=("serve", "gpu"))
    refuses(model.save(), "in the graph with tags serve, gpu: node WriteFile is a WriteFile")


def saving(answer: Any) -> Any:
    """Makes the saver's own writing a part of the answer."""
    graph = answer.graph
    name = graph.unique_name("written")
    with tf.control_dependencies([tf.raw_ops.SaveV2(
        prefix=name, tensor_names=["x"], shape_and_slices=[""], tensors=[answer])]):  # fmt: skip
        return tf.identity(answer)


def test_what_writes_variables_may_stand_beside_but_never_run(model: Model) -> None:
    refuses(model.add(saving).save(), "node SaveV2 is a SaveV2, which must not run where it stands")


def test_variables_are_not_written_in_place_of_being_read(model: Model) -> None:
    def swap(meta_graph: Any) -> None:
        writing = next(n.name for n in meta_graph.graph_def.node if n.op == "SaveV2")
        meta_graph.saver_def.restore_op_name = writing

    refuses(
        model.add().save(swap),
        "is a Select, which must not run where it stands .and 2 more",
    )


def test_variables_are_read_from_the_models_own_file_only(model: Model) -> None:
    def elsewhere(meta_graph: Any) -> None:
        for node in meta_graph.graph_def.node:
            if node.op == "RestoreV2":
                node.input[0] = "save/RestoreV2/tensor_names"

    folder = model.add().save(elsewhere)
    refuses(folder, "node save/RestoreV2 is a RestoreV2 of another file than the model's variables")


def table(path: Path) -> Callable[[Any], Any]:
    """Adds the line number of a word in a file to the answer; the file becomes an asset."""

    def add(answer: Any) -> Any:
        rows = tf.lookup.TextFileInitializer(
            str(path), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
        )  # fmt: skip
        vocabulary = tf.lookup.StaticHashTable(rows, default_value=-1)
        return answer + tf.cast(vocabulary.lookup(tf.constant(["b"])), tf.float32)

    return add


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("a\nb\n")
    return path


def test_a_vocabulary_among_the_assets_is_read(model: Model, words: Path) -> None:
    folder = model.add(table(words), start=v1.tables_initializer).save()
    words.unlink()
    with SavedModel(folder) as loaded:
        assert loaded.score({"x": [1.0]})["y"].tolist() == [3.0]


def test_a_vocabulary_that_the_graph_names_itself_is_refused(model: Model, words: Path) -> None:
    def forget(meta_graph: Any) -> None:
        meta_graph.collection_def.pop("saved_model_assets")

    folder = model.add(table(words), start=v1.tables_initializer).save(forget)
    refuses(folder, "reads a vocabulary that is none of the model's assets")


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "..", ""])
def test_an_asset_outside_of_the_folder_is_refused(model: Model, words: Path, name: str) -> None:
    def rename(meta_graph: Any) -> None:
        (packed,) = meta_graph.collection_def["saved_model_assets"].any_list.value
        asset = AssetFileDef.FromString(packed.value)
        asset.filename = name
        packed.value = asset.SerializeToString()

    folder = model.add(table(words), start=v1.tables_initializer).save(rename)
    refuses(folder, "is no name of a file in the folder assets")


def test_assets_that_no_loader_looks_at_hide_nothing(model: Model, words: Path) -> None:
    def other_asset(meta_graph: Any) -> None:
        asset = meta_graph.asset_file_def.add(filename="words.txt")
        asset.tensor_info.name = "elsewhere:0"

    folder = model.add(table(words), start=v1.tables_initializer).save(other_asset)
    refuses(folder, "reads a vocabulary that is none of the model's assets")


def test_an_asset_that_cannot_be_read_is_told(model: Model, words: Path) -> None:
    def damage(meta_graph: Any) -> None:
        (packed,) = meta_graph.collection_def["saved_model_assets"].any_list.value
        packed.value = b"\xff"

    folder = model.add(table(words), start=v1.tables_initializer).save(damage)
    refuses(folder, "is no SavedModel that can be read")


def test_a_graph_with_a_damaged_name_is_told(model: Model) -> None:
    def damage(meta_graph: Any) -> None:
        meta_graph.graph_def.node[-1].input.append("nowhere")

    refuses(model.add().save(damage), "7 cannot be loaded: ")


def test_a_second_file_for_an_asset_hides_nothing(model: Model, words: Path) -> None:
    def two_files(meta_graph: Any) -> None:
        (packed,) = meta_graph.collection_def["saved_model_assets"].any_list.value
        inside = AssetFileDef.FromString(packed.value)
        for name in ("../../../../etc/passwd", "words.txt"):
            meta_graph.asset_file_def.add(filename=name, tensor_info=inside.tensor_info)

    folder = model.add(table(words), start=v1.tables_initializer).save(two_files)
    refuses(folder, "is no name of a file in the folder assets")


@pytest.mark.parametrize("name", ["assets/words.txt", "variables", "saved_model.pb"])
def test_a_link_out_of_the_folder_is_refused(model: Model, words: Path, name: str) -> None:
    folder = Path(model.add(table(words), start=v1.tables_initializer).save())
    inside, outside = folder / name, folder.parent / "outside"
    inside.rename(outside)
    inside.symlink_to(outside)
    refuses(str(folder), f"{name} is a link to {outside}, outside of the model")


def test_a_link_to_the_folder_itself_is_followed(model: Model) -> None:
    folder = Path(model.add().save())
    link = folder.parent / "current"
    link.symlink_to(folder)
    SavedModel(str(link)).__exit__()


@pytest.mark.parametrize("name", ["saved_model.pbtxt", "saved_model.cpb"])
def test_a_second_form_of_the_model_is_refused(model: Model, name: str) -> None:
    folder = Path(model.add().save())
    (folder / name).write_text("")
    refuses(str(folder), f"holds {name}, which TensorFlow would load")
    (folder / "saved_model.pb").unlink()
    refuses(str(folder), f"holds {name}, which TensorFlow would load")


def test_a_file_that_is_no_model_is_refused(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model.add().save()
    monkeypatch.setattr(saved_graph, "_MOST_BYTES", 99)
    refuses(folder, r"saved_model.pb: must take at most 99 bytes, got [\d,]+;")
    monkeypatch.undo()
    Path(folder, "saved_model.pb").write_bytes(b"\xff" * 80)
    refuses(folder, "saved_model.pb: is no SavedModel that can be read")
    Path(folder, "saved_model.pb").unlink()
    refuses(folder, "7 holds no saved_model.pb")


def first_value(answer: Any) -> Any:
    v1.truncated_normal([3], name="first_value")
    return answer


def test_what_only_a_training_needs_may_stand_idle_but_is_not_exported(model: Model) -> None:
    folder = model.add(first_value).save()
    assert allowed_ops.problems(folder) == []
    found = allowed_ops.problems(folder, as_exported=True)
    assert any("node first_value/TruncatedNormal is a TruncatedNormal" in text for text in found)


def test_an_answer_by_chance_is_refused(model: Model) -> None:
    folder = model.add(lambda answer: answer + v1.truncated_normal([], name="noise")).save()
    refuses(folder, "node noise/TruncatedNormal is a TruncatedNormal, which must not run")


@pytest.mark.parametrize("name", [*FUNCTIONS, *ACTIVATIONS])
def test_what_a_config_may_name_is_exported(name: str) -> None:
    with tf.Graph().as_default() as graph:
        {**FUNCTIONS, **ACTIVATIONS}[name](v1.placeholder(tf.float32, [None]))
    used = {node.op for node in graph.as_graph_def().node}
    assert len(used) > 1
    assert used <= allowed_ops.ANSWERING
