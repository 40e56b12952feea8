"""Trains a model, evaluates it at each checkpoint and exports it.

python -m easy_esmm.train --pipeline_config X [--model_dir D] [--continue_train]
    [--train_input_path F] [--eval_input_path F] [--train_config.num_steps=100] ...
"""

from __future__ import annotations

from easy_esmm import console, flags

FLAGS = flags.define(
    *flags.CONFIG,
    "model_dir",
    "continue_train",
    "train_input_path",
    "eval_input_path",
    "fine_tune_checkpoint",
    "batch_size",
)


def main(arguments: flags.Arguments) -> None:
    """Trains and prints where the results are."""
    pipeline = arguments.load("train")
    console.start(pipeline.notes)
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    trained = training.train(pipeline, continue_train=FLAGS.continue_train)
    print(f"checkpoint: {pipeline.config.model_dir}/model.ckpt-{trained.step}")
    if trained.saved_model:
        print(f"SavedModel: {trained.saved_model}")
    print(f"TensorBoard: tensorboard --logdir {pipeline.config.model_dir}")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
