"""A small server with TensorFlow Serving's REST routes, for trying a model out on one machine."""
