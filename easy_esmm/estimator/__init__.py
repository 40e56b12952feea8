"""Training, evaluation, export and scoring with tf.estimator; nothing else knows its modes."""
