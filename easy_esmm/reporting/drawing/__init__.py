"""Pages and charts without a network: HTML and inline SVG. No TensorFlow, no matplotlib."""
