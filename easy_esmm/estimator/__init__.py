"""From a checked config to a trained and exported model: the only place that knows modes."""
